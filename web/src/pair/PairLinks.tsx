import { Link } from "@tanstack/react-router";
import type { JobView, PairSummary, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count } from "../shell/format";
import { listed } from "./books";

/** Two sources that were reconciled with each other, and how many suggestions wait. */
export interface PairOf {
  left: string;
  right: string;
  waiting: number;
}

/** The pairs of a project's reconciliations. One with the sides swapped belongs to the same pair. */
export function pairsOf(jobs: Pick<JobView, "left_source" | "right_source" | "counts">[]): PairOf[] {
  const found = new Map<string, PairOf>();
  for (const { left_source: left, right_source: right, counts } of jobs) {
    const key = [left, right].sort().join("/");
    const pair = found.get(key) ?? { left, right, waiting: 0 };
    pair.waiting += counts.suggested ?? 0;
    found.set(key, pair);
  }
  return [...found.values()];
}

interface Props {
  project: string;
  pairs: PairOf[];
  sources: Pick<SourceView, "id" | "name">[];
}

/** The jobs know only what they have suggested. What people have signed, and others have to sign too, is in the books. */
function PairLink({ project, left, right, waiting }: PairOf & { project: string }) {
  const sides = new URLSearchParams({ left_source: left, right_source: right }).toString();
  const path = `/projects/${project}/summary?${sides}`;
  const summary = useRead<PairSummary>([...keys.books(project), sides], path, `project:${project}`, true, false);
  const now = summary.data ? (listed(summary.data.body).suggested ?? 0) : waiting;
  return (
    <Link to="/projects/$project/review" params={{ project }} search={{ left, right }} className="button">
      {now > 0 ? `Review ${count(now)}` : "Open the books"}
    </Link>
  );
}

/** Each pair with what waits in it; the link leads to the first of it. */
export function PairLinks({ project, pairs, sources }: Props) {
  const names = new Map(sources.map((source) => [source.id, source.name]));
  return (
    <ul className="pairs" aria-label="Pairs">
      {pairs.map(({ left, right, waiting }) => (
        <li key={`${left}/${right}`} className="row">
          <PairLink project={project} left={left} right={right} waiting={waiting} />
          <span dir="auto">
            <span className="left-ink">{names.get(left) ?? "…"}</span> ↔ <span className="right-ink">{names.get(right) ?? "…"}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
