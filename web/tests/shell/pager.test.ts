import { expect, test } from "vitest";
import { rangeOf } from "../../src/shell/Pager";

const page = (items: number, total: number | null, next: string | null = null, looked_at: number | null = null) => ({
  items: Array.from({ length: items }),
  next_cursor: next,
  prev_cursor: null,
  total,
  looked_at,
});

test.each([
  ["the first page", page(50, 120, "n"), 0, [1, 50]],
  ["a page of which nobody has counted how many there are", page(50, null, "n"), 50, [51, 100]],
  ["the last page", page(20, 120), 100, [101, 120]],
  ["the last page after a decision on the one before", page(20, 119), 100, [100, 119]],
  ["a page whose list has grown meanwhile", page(3, 5), 0, [1, 3]],
  ["all there are", page(3, 3), 0, null],
  ["rows that the list counts no longer", page(2, 1), 0, null],
  ["a page beyond the end, as the list has become shorter", page(50, 60, "n"), 50, null],
  ["a search that has stopped", page(3, null, "n", 1000), 0, null],
] as const)("%s", (_, shown, skip, range) => {
  const found = rangeOf({ ...shown, items: [...shown.items] }, skip);

  expect(found && [found.first, found.last]).toEqual(range);
});
