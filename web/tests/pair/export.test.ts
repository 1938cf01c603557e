import { expect, test } from "vitest";
import { choicesOf, pathOf, whatOf } from "../../src/pair/export";

test("an export begins with what is on the screen", () => {
  expect(whatOf({})).toBe("suggested");
  expect(whatOf({ status: "confirmed" })).toBe("confirmed");
  expect(whatOf({ status: "confirmed", view: "open" })).toBe("open");
});

test("the path names the sources, the format and the status", () => {
  const search = { left: "l", right: "r", q: "not part of an export" };

  expect(pathOf("p", search, "confirmed", "xlsx")).toBe(
    "/api/v1/projects/p/export?left_source=l&right_source=r&format=xlsx&what=matches&status=confirmed",
  );
  expect(pathOf("p", search, "all", "csv")).toBe("/api/v1/projects/p/export?left_source=l&right_source=r&format=csv&what=matches");
  expect(pathOf("p", search, "open", "csv")).toBe("/api/v1/projects/p/export?left_source=l&right_source=r&format=csv&what=open-items");
});

test("what can be chosen says how many there are", () => {
  const labels = choicesOf({ suggested: 1234, open_left: 3, open_right: 4 }).map(({ label }) => label);

  expect(labels).toContain("Matches to review · 1,234");
  expect(labels).toContain("Open items · 3 + 4");
});
