import type { ProgressPoint } from "../api/rest";
import { compact } from "../shell/format";

/** Records a second over the run, as a line. */
export function RatePath({ points }: { points: ProgressPoint[] }) {
  if (points.length < 2) return null;
  const end = points[points.length - 1]?.at_s ?? 1;
  const most = Math.max(...points.map((point) => point.rate), 1);
  const path = points
    .map((point, index) => `${index === 0 ? "M" : "L"}${(point.at_s / end) * 160} ${34 - (point.rate / most) * 32}`)
    .join("");
  return (
    <div className="figure">
      <dt>Rate, at most {compact(most)} records/s</dt>
      <dd>
        <svg width={160} height={36} viewBox="0 0 160 36" aria-hidden>
          <path d={path} fill="none" stroke="var(--accent)" strokeWidth={1.5} />
        </svg>
      </dd>
    </div>
  );
}
