import type { Flow } from "../api/rest";

const LEAST = 2; // px: thinner than this, a small count would be invisible

/** A stretch of a side's bar, in px from the top. */
interface Stretch {
  y: number;
  height: number;
}

/** What one pass matched on both sides. */
export interface Band {
  name: string;
  count: number;
  left: Stretch;
  right: Stretch;
}

export interface FlowLayout {
  left: Stretch;
  right: Stretch;
  bands: Band[];
}

/**
 * Places the two sides and the bands of the passes between two heights, in px. A height represents a count of records, and
 * the larger side fills the space. The bands of a side are stacked in the order of the passes.
 */
export function layoutOf(flow: Flow, top: number, bottom: number): FlowLayout {
  const scale = (bottom - top) / Math.max(flow.left.count, flow.right.count, 1);
  const thick = (count: number) => (count === 0 ? 0 : Math.max(LEAST, count * scale));
  const bands: Band[] = [];
  let [left, right] = [top, top];
  for (const pass of flow.passes) {
    const band = {
      name: pass.name,
      count: pass.left.count,
      left: { y: left, height: thick(pass.left.count) },
      right: { y: right, height: thick(pass.right.count) },
    };
    left += band.left.height;
    right += band.right.height;
    bands.push(band);
  }
  return { left: { y: top, height: thick(flow.left.count) }, right: { y: top, height: thick(flow.right.count) }, bands };
}

/** The outline of a band from one bar to the other, as an SVG path. */
export function outlineOf({ left, right }: Band, from: number, to: number): string {
  const middle = (from + to) / 2;
  const [leftEnd, rightEnd] = [left.y + left.height, right.y + right.height];
  return (
    `M${from} ${left.y} C${middle} ${left.y} ${middle} ${right.y} ${to} ${right.y} ` +
    `V${rightEnd} C${middle} ${rightEnd} ${middle} ${leftEnd} ${from} ${leftEnd} Z`
  );
}
