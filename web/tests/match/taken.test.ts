import { describe, expect, test } from "vitest";
import type { LatestDecision, MatchDetail } from "../../src/api/rest";
import { followsOf, goneWords, isUndoable, questionOf } from "../../src/match/taken";

const LATEST: LatestDecision = { kind: "confirm", by: "mia", by_name: "Mia", at: "2026-03-01T12:00:00Z", is_bulk: false, match_id: null };
const match = (status: MatchDetail["status"], latest: Partial<LatestDecision> | null = {}, more: Partial<MatchDetail> = {}) => ({
  kind: "one_to_one" as const,
  origin: "engine" as const,
  job_id: "j",
  status,
  latest_decision: latest === null ? null : { ...LATEST, ...latest },
  ...more,
});

describe("what can be taken back", () => {
  test.each([
    ["confirmed", {}, true],
    ["confirmed", null, true], // by the job
    ["rejected", { kind: "reject" }, true],
    ["rejected", null, false],
    ["superseded", {}, true],
    ["superseded", { is_bulk: true }, false],
    ["superseded", null, false],
    ["withdrawn", null, false],
    ["suggested", {}, false],
  ] as const)("%s with %j: %s", (status, latest, expected) => {
    expect(isUndoable(match(status, latest))).toBe(expected);
  });
});

test("the question names the decision and whose it was", () => {
  expect(questionOf(match("confirmed", null), null)).toBe("Take back this confirmation, which the plan made?");
  expect(questionOf(match("rejected"), "Mia’s")).toBe("Take back Mia’s rejection?");
  expect(questionOf(match("superseded", { kind: "split" }), "your")).toBe("Take back your split?");
  expect(questionOf(match("confirmed", {}, { kind: "one_sided", origin: "manual" }), "Mia’s")).toBe("Take back Mia’s write-off?");
});

test("what follows depends on what is taken back", () => {
  expect(followsOf(match("rejected"))).toContain("becomes a suggestion again");
  expect(followsOf(match("confirmed", { kind: "match" }, { origin: "manual" }))).toContain("is withdrawn");
  expect(followsOf(match("rejected", {}, { kind: "one_sided", origin: "manual" }))).toContain("waits for a signature again");
});

test("a match that is gone says what can be done instead", () => {
  expect(goneWords(match("suggested"))).toBeUndefined();
  expect(goneWords(match("rejected"))).toBeUndefined();
  for (const one of [match("withdrawn", null), match("superseded", null), match("rejected", null)])
    expect(goneWords(one)).toContain("Open");
  expect(goneWords(match("superseded", { is_bulk: true }))).toContain("Take that one back");
});
