import { expect, test } from "vitest";
import { pairsOf } from "../../src/pair/PairLinks";
import { pairSearch, queryOf } from "../../src/pair/search";

const SIDES = { left: "l", right: "r" };

test("without a status in the address the suggestions are asked for", () => {
  expect(queryOf(SIDES, 50)).toBe("left_source=l&right_source=r&limit=50&status=suggested");
  expect(queryOf({ ...SIDES, status: "all", q: "a&b" }, 50)).toBe("left_source=l&right_source=r&limit=50&q=a%26b");
});

test("what was written off has a list of its own, of confirmed matches of one side", () => {
  expect(pairSearch({ status: "written_off" }).status).toBe("written_off");
  expect(queryOf({ ...SIDES, status: "written_off" }, 50)).toMatch(/&status=confirmed&kind=one_sided$/);
});

test.each([-1, 0, 1.5, NaN, "50", null])("%s is no number of matches before a page", (skip) => {
  expect(pairSearch({ skip }).skip).toBeUndefined();
});

test("words that no list knows are left out of the address", () => {
  expect(pairSearch({ ...SIDES, status: "painted", sort: "colour", view: "x", q: 12 })).toEqual({ ...SIDES, q: "12" });
});

test("a reconciliation with the sides swapped belongs to the same pair", () => {
  const job = (left: string, right: string, suggested: number) => ({ left_source: left, right_source: right, counts: { suggested } });

  expect(pairsOf([job("a", "b", 2), job("b", "a", 3), job("a", "c", 0)])).toEqual([
    { left: "a", right: "b", waiting: 5 },
    { left: "a", right: "c", waiting: 0 },
  ]);
});
