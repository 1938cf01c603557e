import { useElementSize } from "@mantine/hooks";
import type { Flow as FlowData } from "../api/rest";
import { count } from "../shell/format";

const HEIGHT = 190;
const TOP = 26;
const BAR = 22;
const LEAST = 2; // px: what exists is seen

/** Two bars, the sides, and the bands that each pass took of both. Thickness is a count; the scale is the larger side's. */
export function Flow({ flow }: { flow: FlowData }) {
  // Drawn in pixels of the place it has, so that its words are as large as all others.
  const { ref, width: found } = useElementSize();
  const width = Math.max(found, 240);
  const most = Math.max(flow.left.count, flow.right.count, 1);
  const scale = (HEIGHT - TOP - 6) / most;
  const thick = (value: number) => (value === 0 ? 0 : Math.max(LEAST, value * scale));
  let left = TOP;
  let right = TOP;
  const bands = flow.passes.map((pass) => {
    const band = { name: pass.name, count: pass.left.count, l: left, r: right, lh: thick(pass.left.count), rh: thick(pass.right.count) };
    left += band.lh;
    right += band.rh;
    return band;
  });
  const inner = { from: BAR, to: width - BAR };
  const middle = width / 2;
  return (
    <figure ref={ref}>
      <svg
        className="flow"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label="Flow of records through the passes; the table below holds the same numbers"
      >
        <text x={0} y={14} fontWeight={600}>
          Left {count(flow.left.count)}
        </text>
        <text x={width} y={14} textAnchor="end" fontWeight={600}>
          Right {count(flow.right.count)}
        </text>
        <rect x={0} y={TOP} width={BAR} height={thick(flow.left.count)} rx={3} fill="var(--left-tint)" stroke="var(--left)" />
        <rect x={width - BAR} y={TOP} width={BAR} height={thick(flow.right.count)} rx={3} fill="var(--right-tint)" stroke="var(--right)" />
        {bands.map((band) => (
          <g key={band.name}>
            <path
              d={`M${inner.from} ${band.l} C${middle} ${band.l} ${middle} ${band.r} ${inner.to} ${band.r} V${band.r + band.rh} C${middle} ${band.r + band.rh} ${middle} ${band.l + band.lh} ${inner.from} ${band.l + band.lh} Z`}
              fill="var(--done)"
              fillOpacity={0.22}
              stroke="var(--done)"
              strokeOpacity={0.6}
            />
            <rect x={0} y={band.l} width={BAR} height={band.lh} fill="var(--left)" rx={2} />
            <rect x={width - BAR} y={band.r} width={BAR} height={band.rh} fill="var(--right)" rx={2} />
          </g>
        ))}
        {bands.map((band) =>
          band.lh >= 14 ? (
            <text key={band.name} x={middle} y={(band.l + band.r) / 2 + band.lh / 2 + 4} textAnchor="middle">
              {band.name} · {count(band.count)}
            </text>
          ) : null,
        )}
      </svg>
      <div className="across">
        <table className="grid">
          <thead>
            <tr>
              <th>Pass</th>
              <th className="number">Matches</th>
              <th className="number">Confirmed</th>
              <th className="number">Suggested</th>
            </tr>
          </thead>
          <tbody>
            {flow.passes.map((pass) => (
              <tr key={pass.name}>
                <td>{pass.name}</td>
                <td className="number">{count(pass.left.count)}</td>
                <td className="number">{count(pass.by_status["confirmed"] ?? 0)}</td>
                <td className="number">{count(pass.by_status["suggested"] ?? 0)}</td>
              </tr>
            ))}
            <tr>
              <td>Open</td>
              <td className="number" colSpan={3}>
                <span className="left-ink">{count(flow.open.left.count)} left</span> ·{" "}
                <span className="right-ink">{count(flow.open.right.count)} right</span>
              </td>
            </tr>
          </tbody>
        </table>
      </div>
    </figure>
  );
}
