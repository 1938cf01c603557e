import { Button, NativeSelect } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import type { JobView, Page_MatchView_, Summary } from "../api/rest";
import { STATUSES, type JobSearch } from "../job/search";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { useMemberNames } from "../project/useMembers";
import { count } from "../shell/format";
import { Pager } from "../shell/Pager";
import { Empty, Reading } from "../shell/parts";
import { Match } from "./Match";
import { MatchTable } from "./MatchTable";

const ROUTE = "/projects/$project/jobs/$job";
const SORTS = [
  { value: "", label: "as they were found" },
  { value: "-score", label: "best score first" },
  { value: "score", label: "lowest score first" },
];

/** The matches of a job, page by page, filtered and ordered by the server. One can be opened beside the list. */
export function Matches({ job }: { job: JobView }) {
  const client = useQueryClient();
  const navigate = useNavigate({ from: ROUTE });
  const search = useSearch({ from: ROUTE });
  const { status = "suggested", pass, sort, cursor, m } = search;
  const query = new URLSearchParams({ limit: "50" });
  const filters = { status: status === "all" ? undefined : status, pass, sort, cursor };
  for (const [name, value] of Object.entries(filters)) if (value) query.set(name, value);
  const key = [...keys.matches(job.id), query.toString()];
  const matches = useRead<Page_MatchView_>(key, `/jobs/${job.id}/matches?${query.toString()}`, `job:${job.id}`);
  const passes = client.getQueryData<{ body: Summary }>(keys.summary(job.id))?.body.by_pass ?? [];
  const arrived = useHeld(keys.arrived(job.id)) ?? 0;
  const names = useMemberNames(job.project_id);
  const isEmpty = matches.data?.body.items.length === 0;

  const change = (part: Partial<JobSearch>) => void navigate({ search: (old) => ({ ...old, cursor: undefined, ...part }), replace: true });
  const open = (id: string | undefined) => void navigate({ search: (old) => ({ ...old, m: id }), replace: true });
  const load = () => {
    client.setQueryData(keys.arrived(job.id), 0);
    void client.invalidateQueries({ queryKey: keys.matches(job.id) });
  };
  useEffect(() => {
    // An empty list is not being worked on, so the first rows are loaded without a click.
    if (isEmpty && arrived > 0) load();
  });

  return (
    <section className="stack" aria-label="Matches">
      <div className="filters">
        <NativeSelect
          label="Status"
          data={["all", ...STATUSES]}
          value={status}
          onChange={(event) => change({ status: event.currentTarget.value as JobSearch["status"] })}
        />
        <NativeSelect
          label="Pass"
          data={[
            { value: "", label: "all" },
            ...passes.map((one) => one.pass),
            ...(pass && !passes.some((one) => one.pass === pass) ? [pass] : []),
          ]}
          value={pass ?? ""}
          onChange={(event) => change({ pass: event.currentTarget.value || undefined })}
        />
        <NativeSelect
          label="Order"
          data={SORTS}
          value={sort ?? ""}
          onChange={(event) => change({ sort: event.currentTarget.value || undefined })}
        />
        <span className="spacer" />
        <span className="arrived" aria-live="polite">
          {arrived > 0 && !isEmpty ? (
            <Button size="compact-sm" variant="light" onClick={load}>
              {count(arrived)} new · Load
            </Button>
          ) : null}
        </span>
      </div>
      <Reading query={matches}>
        {({ body }) =>
          body.items.length === 0 ? (
            <None job={job} status={status} pass={pass} clear={() => change({ status: "all", pass: undefined })} />
          ) : (
            <div className={m ? "split" : undefined}>
              <div>
                <MatchTable matches={body.items} opened={m} open={open} names={names} load={load} />
                <Pager
                  page={body}
                  noun={["match", "matches"]}
                  go={(next) => void navigate({ search: (old) => ({ ...old, cursor: next, m: undefined }) })}
                />
              </div>
              {m ? (
                <Match key={m} id={m} project={job.project_id} stream={`job:${job.id}`} open={open} close={() => open(undefined)} />
              ) : null}
            </div>
          )
        }
      </Reading>
    </section>
  );
}

interface NoneProps extends Pick<JobSearch, "status" | "pass"> {
  job: JobView;
  clear: () => void;
}

function None({ job, status, pass, clear }: NoneProps) {
  const isWaiting = status === "suggested" && pass === undefined;
  if (job.counts.matches && (status !== "all" || pass !== undefined)) {
    return (
      <Empty
        title={isWaiting ? "Nothing waits for a decision" : "No matches with this filter"}
        action={
          <Button variant="default" onClick={clear}>
            Show all
          </Button>
        }
      >
        There are other matches.
      </Empty>
    );
  }
  return job.status === "completed" ? (
    <Empty title="No matches">No record on one side fits a record on the other. Both sides are listed as open.</Empty>
  ) : (
    <Empty title="No matches yet">They appear here as soon as the first chunk is stored.</Empty>
  );
}
