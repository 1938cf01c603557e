import { expect, test } from "vitest";
import { can } from "../../src/project/rights";

test.each(["match.decide", "job.run", "source.load"] as const)("%s is for analysts and those above them", (action) => {
  expect(["viewer", "analyst", "controller", "owner"].filter((role) => can(role as "viewer", action))).toEqual([
    "analyst",
    "controller",
    "owner",
  ]);
});

test("an administrator outside the project, or a role that is not known yet, may do nothing", () => {
  expect([can("admin", "match.decide"), can(undefined, "match.decide")]).toEqual([false, false]);
});
