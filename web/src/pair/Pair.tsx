import { Button } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { Link, Navigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { Counts, Page_JobView_, Page_SourceView_, PairSummary, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { useFocusKept } from "../shell/focus";
import { count } from "../shell/format";
import { Empty, Reading, useTitle } from "../shell/parts";
import { Books } from "./Books";
import { booksOf, listed, tsvOf } from "./books";
import { ByHand } from "./ByHand";
import { Export } from "./Export";
import { PairMatches } from "./PairMatches";
import { PairLinks, pairsOf } from "./PairLinks";
import { FIRST, type PairSearch } from "./search";
import { UndoBar } from "./UndoBar";

const ROUTE = "/projects/$project/review";
// Otherwise the router takes a tab that leaves something out of the address for the current one as well.
const EXACTLY = { exact: true, explicitUndefined: true };

/** The two books of a pair: what waits for a decision, whatever reconciliation found it. */
export function Pair() {
  const { project } = useParams({ from: ROUTE });
  const { left, right } = useSearch({ from: ROUTE });
  return left && right ? <Room key={`${left}/${right}`} project={project} left={left} right={right} /> : <Choice project={project} />;
}

/** Without a pair in the address: the only one that the project has, or all of them. */
function Choice({ project }: { project: string }) {
  const jobs = useRead<Page_JobView_>(keys.jobs(project), `/projects/${project}/jobs?limit=100`, `project:${project}`);
  const sources = useRead<Page_SourceView_>(keys.sources(project), `/projects/${project}/sources?limit=100`, `project:${project}`);
  useTitle("Review");
  return (
    <main className="page">
      <h1>Review</h1>
      <Reading query={jobs}>
        {({ body }) => {
          const [first, ...more] = pairsOf(body.items);
          if (first === undefined) {
            return (
              <Empty
                title="Nothing to review yet"
                action={
                  <Link to="/projects/$project/jobs" params={{ project }}>
                    Start a reconciliation
                  </Link>
                }
              >
                Two sources are reviewed together once they have been reconciled.
              </Empty>
            );
          }
          if (more.length === 0)
            return <Navigate to={ROUTE} params={{ project }} search={{ left: first.left, right: first.right }} replace />;
          return <PairLinks project={project} pairs={[first, ...more]} sources={sources.data?.body.items ?? []} />;
        }}
      </Reading>
    </main>
  );
}

function Room({ project, left, right }: { project: string; left: string; right: string }) {
  const search = useSearch({ from: ROUTE });
  const { m, view } = search;
  const [said, say] = useState("");
  const main = useRef<HTMLElement>(null);
  const find = (selector: string) => main.current?.querySelector<HTMLElement>(selector);
  useFocusKept(
    main,
    () =>
      find("[role=dialog]") ??
      find(`tr[data-id="${CSS.escape(m ?? "")}"]`) ??
      find("tr[data-id][tabindex], tr[data-id] input") ??
      find("h1"),
  );
  const lefts = useRead<SourceView>(keys.source(left), `/sources/${left}`, `project:${project}`);
  const rights = useRead<SourceView>(keys.source(right), `/sources/${right}`, `project:${project}`);
  const names = [lefts.data?.body.name, rights.data?.body.name];
  useTitle(names[0] && names[1] ? `Review ${names[0]} ↔ ${names[1]}` : "Review");
  const sides = new URLSearchParams({ left_source: left, right_source: right }).toString();
  // Every decision causes it to be read again, at most once a second.
  const summary = useRead<PairSummary>(
    [...keys.books(project), sides],
    `/projects/${project}/summary?${sides}`,
    `project:${project}`,
    true,
    false,
  );
  return (
    <main className="page room" ref={main}>
      <div className="title">
        <h1 dir="auto" tabIndex={-1}>
          <span className="left-ink">{names[0] ?? "…"}</span> ↔ <span className="right-ink">{names[1] ?? "…"}</span>
        </h1>
        <span className="spacer" />
        {summary.data ? (
          <>
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconCopy size={14} />}
              title="Copies the rows below as a table for a spreadsheet"
              onClick={() => void copy(summary.data.body).then(say)}
            >
              Copy
            </Button>
            <Export project={project} search={search} counts={listed(summary.data.body)} say={say} />
          </>
        ) : null}
      </div>
      <Reading query={summary} height={120}>
        {({ body }) => (
          <>
            <Books summary={body} />
            <Tabs counts={listed(body)} remainders={body.remainders_left + body.remainders_right} />
            {view === "open" ? (
              <ByHand project={project} left={left} right={right} sign={body.sign} say={say} />
            ) : (
              <PairMatches project={project} sign={body.sign} say={say} />
            )}
          </>
        )}
      </Reading>
      <UndoBar project={project} said={said} say={say} />
    </main>
  );
}

/** Returns what to say about it. */
async function copy(summary: PairSummary): Promise<string> {
  try {
    await navigator.clipboard.writeText(tsvOf(booksOf(summary)));
    return "The books were copied as a table for a spreadsheet.";
  } catch {
    return "The browser does not let this page copy. Select the table and copy it yourself.";
  }
}

/** The matches by status. What was looked for and the order stay when the tab changes. */
function Tabs({ counts, remainders }: { counts: Counts; remainders: number }) {
  const { status = "suggested", view } = useSearch({ from: ROUTE });
  const tabs: [PairSearch["status"], string][] = [
    [undefined, `To review ${count(counts.suggested ?? 0)}`],
    ["confirmed", `Confirmed ${count(counts.confirmed ?? 0)}`],
    ["rejected", `Rejected ${count(counts.rejected ?? 0)}`],
    ["written_off", `Written off ${count(counts.written_off ?? 0)}`],
    ["all", "All"],
  ];
  return (
    <nav className="tabs" aria-label="Matches and open items">
      {tabs.map(([value, words]) => (
        <Link
          key={words.split(" ")[0]}
          from={ROUTE}
          to="."
          search={(old) => ({ ...old, ...FIRST, status: value, view: undefined })}
          activeOptions={EXACTLY}
          aria-current={view !== "open" && (value ?? "suggested") === status ? "page" : undefined}
        >
          {words}
        </Link>
      ))}
      <Link
        from={ROUTE}
        to="."
        search={(old) => ({ ...old, ...FIRST, view: "open" })}
        activeOptions={EXACTLY}
        aria-current={view === "open" ? "page" : undefined}
      >
        Open {count(counts.open_left ?? 0)} + {count(counts.open_right ?? 0)}
        {remainders > 0 ? `, ${count(remainders)} ${remainders === 1 ? "remainder" : "remainders"}` : ""}
      </Link>
    </nav>
  );
}
