import { expect, test } from "vitest";
import type { Mapping } from "../../src/api/rest";
import { MOST_TAKEN_IN, reasonsOf, takingIn } from "../../src/source/leftOut";

test("reasons are listed by their number of rows", () => {
  expect(reasonsOf({ left_out: { caption: 1, total: 4, header: 4 } }).map(({ reason }) => reason)).toEqual(["header", "total", "caption"]);
});

test("a row is counted besides those before it, and the place of the table is kept", () => {
  const mapping = { table: { sheet: "May", take_in: [9] } } as Mapping;

  expect(takingIn(mapping, 4)).toEqual({ table: { sheet: "May", take_in: [4, 9] } });
  expect(takingIn({}, 4)).toEqual({ table: { take_in: [4] } });
  expect(takingIn(mapping, 9)).toEqual({ table: { sheet: "May", take_in: [9] } });
});

test("no more rows are counted one by one than the server takes", () => {
  const lines = Array.from({ length: MOST_TAKEN_IN }, (_, index) => index + 1);

  expect(takingIn({ table: { take_in: lines } }, 5000)).toBeNull();
  expect(takingIn({ table: { take_in: lines } }, 7)).not.toBeNull();
});
