import { expect, test } from "vitest";
import type { Flow } from "../../src/api/rest";
import { layoutOf, outlineOf } from "../../src/job/layout";

const [TOP, BOTTOM] = [20, 120];
const amount = (count: number) => ({ count, sums: [] });

function flow(left: number, right: number, passes: [left: number, right: number][]): Flow {
  return {
    left: amount(left),
    right: amount(right),
    passes: passes.map(([l, r], index) => ({ name: `pass ${index + 1}`, left: amount(l), right: amount(r), by_status: {} })),
    open: { left: amount(0), right: amount(0) },
    written_off: { left: amount(0), right: amount(0) },
    elsewhere: { left: amount(0), right: amount(0) },
  };
}

test("the larger side fills the height, and everything is drawn to its scale", () => {
  const { left, right, bands } = layoutOf(flow(1000, 500, [[500, 250]]), TOP, BOTTOM);

  expect([left, right]).toEqual([
    { y: TOP, height: 100 },
    { y: TOP, height: 50 },
  ]);
  expect(bands).toEqual([{ name: "pass 1", count: 500, left: { y: TOP, height: 50 }, right: { y: TOP, height: 25 } }]);
});

test("the bands of a side are stacked without gaps, and end where the side ends", () => {
  const { left, right, bands } = layoutOf(
    flow(600, 900, [
      [100, 300],
      [200, 200],
      [300, 400],
    ]),
    TOP,
    BOTTOM,
  );

  expect([left.height, right.height]).toEqual([expect.closeTo(66.67, 2), 100]);
  for (const side of ["left", "right"] as const) {
    const ends = bands.map((band) => band[side].y + band[side].height);
    expect(bands.map((band) => band[side].y)).toEqual([TOP, ...ends.slice(0, -1)]);
    expect(ends.at(-1)).toBeCloseTo(TOP + { left, right }[side].height);
  }
});

test("what exists is visible, and what does not exist is not", () => {
  const { bands } = layoutOf(flow(1_000_000, 1_000_000, [[1, 0]]), TOP, BOTTOM);

  expect([bands[0]?.left.height, bands[0]?.right.height]).toEqual([2, 0]);
});

test("two empty sides have no height", () => {
  expect(layoutOf(flow(0, 0, []), TOP, BOTTOM)).toEqual({ left: { y: TOP, height: 0 }, right: { y: TOP, height: 0 }, bands: [] });
});

test("a band goes from its place on the left to its place on the right and back", () => {
  const band = { name: "", count: 1, left: { y: 20, height: 10 }, right: { y: 40, height: 30 } };

  expect(outlineOf(band, 22, 202)).toBe("M22 20 C112 20 112 40 202 40 V70 C112 70 112 30 22 30 Z");
});
