import { expect, test } from "vitest";
import { steady } from "../../src/shell/steady";

const page = (...ids: string[]) => ({ items: ids.map((id) => ({ id, age: 1 })), total: ids.length });

test("rows keep their places, and what has come or gone meanwhile is only told", () => {
  const found = steady(page("a", "b", "c"), page("z", "a", "c"));

  expect(found.page.items.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect([...found.gone]).toEqual(["b"]);
  expect(found.isChanged).toBe(true);
});

test("rows are shown in their newest state", () => {
  const now = { items: [{ id: "a", age: 2 }], total: 1 };

  expect(steady(page("a"), now)).toEqual({ page: now, gone: new Set(), isChanged: false });
});
