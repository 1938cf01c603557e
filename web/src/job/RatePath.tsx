import type { ProgressPoint } from "../api/rest";
import { compact } from "../shell/format";
import { mostOf, ratePath } from "./progress";

const WIDTH = 160;
const HEIGHT = 36;

/** Records per second during the run, drawn as a line. */
export function RatePath({ points }: { points: ProgressPoint[] }) {
  if (points.length < 2) return null;
  return (
    <div className="figure">
      <dt>Rate, at most {compact(mostOf(points))} records/s</dt>
      <dd>
        <svg width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden>
          <path d={ratePath(points, WIDTH, HEIGHT)} fill="none" stroke="var(--accent)" strokeWidth={1.5} />
        </svg>
      </dd>
    </div>
  );
}
