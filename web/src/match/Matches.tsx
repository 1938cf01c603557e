import { Button, NativeSelect } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { JobView, MatchRecordView, MatchView, Page_MatchView_, Summary } from "../api/rest";
import { STATUSES, type JobSearch } from "../job/search";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { count, money } from "../shell/format";
import { PLACE, useKeys } from "../shell/keys";
import { Pager } from "../shell/Pager";
import { Empty, Reading, Status } from "../shell/parts";
import { Delta } from "./Delta";
import { total } from "./difference";
import { bits, sideOf, words } from "./evidence";
import { Match } from "./Match";

const ROUTE = "/projects/$project/jobs/$job";
const HINTS: Partial<Record<MatchView["ambiguity"], string>> = { ambiguous: "close call", interchangeable: "any one fits" };
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
  const { status, pass, sort, cursor, m } = search;
  const query = new URLSearchParams({ limit: "50" });
  for (const [name, value] of Object.entries({ status, pass, sort, cursor })) if (value) query.set(name, value);
  const key = [...keys.matches(job.id), query.toString()];
  const matches = useRead<Page_MatchView_>(key, `/jobs/${job.id}/matches?${query.toString()}`, `job:${job.id}`);
  const passes = client.getQueryData<{ body: Summary }>(keys.summary(job.id))?.body.by_pass ?? [];
  const arrived = useHeld(keys.arrived(job.id)) ?? 0;
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
          data={[{ value: "", label: "all" }, ...STATUSES]}
          value={status ?? ""}
          onChange={(event) => change({ status: (event.currentTarget.value || undefined) as JobSearch["status"] })}
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
            <None job={job} isFiltered={[status, pass].some(Boolean)} clear={() => change({ status: undefined, pass: undefined })} />
          ) : (
            <div className={m ? "split" : undefined}>
              <div>
                <List page={body} opened={m} open={open} load={load} />
                <Pager
                  page={body}
                  noun={["match", "matches"]}
                  go={(next) => void navigate({ search: (old) => ({ ...old, cursor: next, m: undefined }) })}
                />
              </div>
              {m ? <Match key={m} id={m} job={job} close={() => open(undefined)} /> : null}
            </div>
          )
        }
      </Reading>
    </section>
  );
}

function None({ job, isFiltered, clear }: { job: JobView; isFiltered: boolean; clear: () => void }) {
  if (isFiltered) {
    return (
      <Empty
        title="No matches with this filter"
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

interface ListProps {
  page: Page_MatchView_;
  opened: string | undefined;
  open: (id: string | undefined) => void;
  load: () => void;
}

function List({ page, opened, open, load }: ListProps) {
  const table = useRef<HTMLTableElement>(null);
  const step = (by: number) => {
    const at = page.items.findIndex((match) => match.id === opened);
    const next = page.items[at === -1 ? 0 : Math.min(page.items.length - 1, Math.max(0, at + by))];
    if (!next) return;
    open(next.id);
    table.current?.querySelector<HTMLElement>(`[data-id="${next.id}"]`)?.focus();
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Escape: () => open(undefined),
    l: load,
  });
  return (
    <div className="scroll" {...PLACE}>
      <table className="grid matches" ref={table}>
        <thead>
          <tr>
            <th>Status</th>
            <th className="left-ink">Left</th>
            <th className="extra left-ink">Date</th>
            <th className="number left-ink">Amount</th>
            <th className="number">
              <abbr title="Left minus right, and days from left to right">Δ</abbr>
            </th>
            <th className="number right-ink">Amount</th>
            <th className="extra right-ink">Date</th>
            <th className="right-ink">Right</th>
            <th className="number extra">Score</th>
          </tr>
        </thead>
        <tbody>
          {page.items.map((match, index) => (
            <Row
              key={match.id}
              match={match}
              isOpened={match.id === opened}
              // The tab key stops at only one row: the opened one, or else the first.
              isStop={opened ? match.id === opened : index === 0}
              open={() => open(match.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ match, isOpened, isStop, open }: { match: MatchView; isOpened: boolean; isStop: boolean; open: () => void }) {
  const left = sideOf(match.records, "left");
  const right = sideOf(match.records, "right");
  return (
    <tr
      className="clickable"
      data-id={match.id}
      tabIndex={isStop ? 0 : -1}
      aria-selected={isOpened}
      onClick={() => {
        // Selecting text does not count as a click.
        if (window.getSelection()?.toString() === "") open();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") open();
      }}
    >
      <td>
        <Status of={match.status} />
        {HINTS[match.ambiguity] ? <span className="muted small extra"> · {HINTS[match.ambiguity]}</span> : null}
      </td>
      <Words records={left} />
      <td className="mono extra">{left[0]?.date ?? "–"}</td>
      <td className="number">{amount(left)}</td>
      <td className="number">
        <Delta left={left} right={right} />
      </td>
      <td className="number">{amount(right)}</td>
      <td className="mono extra">{right[0]?.date ?? "–"}</td>
      <Words records={right} />
      <td className="number muted extra">{bits(match.score)}</td>
    </tr>
  );
}

/** The amount of a side: the sum of its records, or the first amount if they cannot be added. */
function amount(records: MatchRecordView[]): string {
  return money(total(records) ?? records[0]?.amount ?? null);
}

function Words({ records }: { records: MatchRecordView[] }) {
  const first = records[0];
  return (
    <td className="cut" dir="auto">
      {first ? words(first) : "–"}
      {records.length > 1 ? <span className="muted"> +{records.length - 1}</span> : null}
    </td>
  );
}
