import { expect, test } from "vitest";
import { choicesOf, foundOf, pathOf, whatOf } from "../../src/pair/export";

test("an export begins with what is on the screen", () => {
  expect(whatOf({})).toBe("suggested");
  expect(whatOf({ status: "confirmed" })).toBe("confirmed");
  expect(whatOf({ status: "confirmed", view: "open" })).toBe("open");
});

test("the path names the sources, the format and the status", () => {
  const search = { left: "l", right: "r", q: "not asked for" };

  expect(pathOf("p", search, "confirmed", "xlsx", false)).toBe(
    "/api/v1/projects/p/export?left_source=l&right_source=r&format=xlsx&what=matches&status=confirmed",
  );
  expect(pathOf("p", search, "all", "csv", false)).toBe("/api/v1/projects/p/export?left_source=l&right_source=r&format=csv&what=matches");
});

test("matches have the order and the text of the screen, and open items the texts of their sides", () => {
  const search = { left: "l", right: "r", q: "INV 1", sort: "-amount" } as const;

  expect(pathOf("p", search, "all", "csv", true)).toMatch(/&what=matches&sort=-amount&q=INV\+1$/);
  expect(pathOf("p", search, "open", "csv", true)).toMatch(/&what=open-items$/);
  expect(pathOf("p", { ...search, qr: "Nord" }, "open", "csv", true)).toMatch(/&what=open-items&right_q=Nord$/);
  expect(pathOf("p", { ...search, qr: "Nord" }, "open", "csv", false)).toMatch(/&what=open-items$/);
  expect(foundOf(search, "open")).toBeUndefined();
  expect(foundOf({ ...search, ql: "12", qr: "Nord" }, "open")).toBe("“12” finds on the left, and “Nord” finds on the right");
  expect(foundOf(search, "all")).toBe("“INV 1” finds");
});

test("what was written off is chosen as the confirmed matches of one side", () => {
  expect(pathOf("p", { left: "l", right: "r" }, "written_off", "csv", false)).toMatch(/&what=matches&status=confirmed&kind=one_sided$/);
});

test("what can be chosen says how many there are", () => {
  const labels = choicesOf({ suggested: 1234, open_left: 3, open_right: 4 }).map(({ label }) => label);

  expect(labels).toContain("Matches to review · 1,234");
  expect(labels).toContain("Open items · 3 + 4");
});
