import { Link } from "@tanstack/react-router";
import type { JobView, SourceView } from "../api/rest";
import { count } from "../shell/format";

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

/** Each pair with what waits in it; the link leads to the first of it. */
export function PairLinks({ project, pairs, sources }: Props) {
  const names = new Map(sources.map((source) => [source.id, source.name]));
  return (
    <ul className="pairs" aria-label="Pairs">
      {pairs.map(({ left, right, waiting }) => (
        <li key={`${left}/${right}`} className="row">
          <Link to="/projects/$project/review" params={{ project }} search={{ left, right }} className="button">
            {waiting > 0 ? `Review ${count(waiting)}` : "Open the books"}
          </Link>
          <span dir="auto">
            <span className="left-ink">{names.get(left) ?? "…"}</span> ↔ <span className="right-ink">{names.get(right) ?? "…"}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
