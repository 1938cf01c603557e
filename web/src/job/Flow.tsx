import { useElementSize } from "@mantine/hooks";
import type { Flow as FlowData } from "../api/rest";
import { count } from "../shell/format";
import { layoutOf, outlineOf } from "./layout";

const HEIGHT = 190;
const TOP = 26;
const BOTTOM = HEIGHT - 6;
const BAR = 22;
const LINE = 14; // px; a thinner band has no room for its name

/** One bar per side, and a band between them for what each pass matched. Lines are kept for as many `passes` as there are. */
export function Flow({ flow, passes = 0 }: { flow: FlowData; passes?: number }) {
  // Drawn in the pixels of the space it gets, so that its text is the same size as all other text.
  const { ref, width: found } = useElementSize();
  const width = Math.max(found, 240);
  const { left, right, bands } = layoutOf(flow, TOP, BOTTOM);
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
        <rect x={0} y={TOP} width={BAR} height={left.height} rx={3} fill="var(--left-tint)" stroke="var(--left)" />
        <rect x={width - BAR} y={TOP} width={BAR} height={right.height} rx={3} fill="var(--right-tint)" stroke="var(--right)" />
        {bands.map((band) => (
          <g key={band.name}>
            <path d={outlineOf(band, BAR, width - BAR)} fill="var(--done)" fillOpacity={0.22} stroke="var(--done)" strokeOpacity={0.6} />
            <rect x={0} y={band.left.y} width={BAR} height={band.left.height} fill="var(--left)" rx={2} />
            <rect x={width - BAR} y={band.right.y} width={BAR} height={band.right.height} fill="var(--right)" rx={2} />
          </g>
        ))}
        {bands.map((band) =>
          band.left.height >= LINE ? (
            <text key={band.name} x={width / 2} y={(band.left.y + band.right.y + band.left.height) / 2 + 4} textAnchor="middle">
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
            {/* So that nothing below moves when the next pass begins to find matches. */}
            {Array.from({ length: Math.max(0, passes - flow.passes.length) }, (_, index) => (
              <tr key={index} className="muted">
                <td>…</td>
                <td className="number">–</td>
                <td className="number">–</td>
                <td className="number">–</td>
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
