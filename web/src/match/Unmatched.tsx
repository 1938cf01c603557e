import { NativeSelect } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { JobView, Page_RecordView_ } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { Pager } from "../shell/Pager";
import { Empty, Reading } from "../shell/parts";
import { RecordTable } from "../shell/RecordTable";

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
      </div>
      <Reading query={records}>
        {({ body }) =>
          body.items.length === 0 ? (
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
          )
        }
      </Reading>
    </section>
  );
}
