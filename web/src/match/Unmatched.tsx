import { Button, NativeSelect } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { JobView, Page_RecordView_, RecordView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { Pager } from "../shell/Pager";
import { Empty, Reading } from "../shell/parts";
import { RecordTable } from "../shell/RecordTable";
import { steady, useSteady } from "../shell/steady";

const ROUTE = "/projects/$project/jobs/$job";
const SORTS = [
  { value: "", label: "as in the file" },
  { value: "-amount", label: "largest amount first" },
  { value: "amount", label: "smallest amount first" },
  { value: "date", label: "oldest first" },
  { value: "-date", label: "newest first" },
  { value: "reference", label: "by reference" },
];

/** The records of a side that are not in any match. */
export function Unmatched({ job, side }: { job: JobView; side: "left" | "right" }) {
  const navigate = useNavigate({ from: ROUTE });
  const { sort, cursor } = useSearch({ from: ROUTE });
  const query = new URLSearchParams({ side, limit: "50" });
  for (const [name, value] of Object.entries({ sort, cursor })) if (value) query.set(name, value);
  const records = useRead<Page_RecordView_>(
    [...keys.unmatched(job.id), query.toString()],
    `/jobs/${job.id}/unmatched?${query.toString()}`,
    `job:${job.id}`,
  );
  // Others may decide meanwhile. What is being read stays where it is.
  const [shown, load] = useSteady<RecordView, Page_RecordView_>(query.toString(), records.data?.body, !records.isFetching);
  return (
    <section className="stack" aria-label={`Open records, ${side}`}>
      <div className="filters">
        <NativeSelect
          label="Order"
          data={SORTS}
          value={sort ?? ""}
          onChange={(event) =>
            void navigate({ search: (old) => ({ ...old, sort: event.currentTarget.value || undefined, cursor: undefined }), replace: true })
          }
        />
        <span className="arrived" aria-live="polite">
          {shown?.isChanged ? (
            <Button size="compact-sm" variant="light" onClick={load}>
              Changed by others · Load
            </Button>
          ) : null}
        </span>
      </div>
      <Reading query={records}>
        {({ body: now }) => {
          const { page: body } = shown ?? steady(now, now);
          return body.items.length === 0 ? (
            <Empty title="Nothing is open on this side">All its records are in matches.</Empty>
          ) : (
            <>
              <RecordTable records={body.items} />
              <Pager
                page={body}
                noun={["open record", "open records"]}
                go={(next) => void navigate({ search: (old) => ({ ...old, cursor: next }) })}
              />
            </>
          );
        }}
      </Reading>
    </section>
  );
}
