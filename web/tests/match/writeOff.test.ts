import { expect, test } from "vitest";
import { isWriteOff, labelOf, seenFrom, sentenceOf, statusOf } from "../../src/match/writeOff";

const RECORD = {
  id: "r",
  side: "left" as const,
  row: 0,
  data: {},
  amount: null,
  date: null,
  reference: null,
  from_base: false,
  claim: null,
};
const OFF = { kind: "one_sided", origin: "manual", left_source: "bank", records: [RECORD] } as const;
const seen = (left: string | undefined) => seenFrom({ ...OFF, records: [RECORD] }, left).records[0]?.side;

test("a one-sided match that a person made is a write-off", () => {
  expect(isWriteOff(OFF)).toBe(true);
  expect(isWriteOff({ kind: "one_sided", origin: "engine" })).toBe(false);
  expect(isWriteOff({ kind: "one_to_one", origin: "manual" })).toBe(false);
});

test("what was written off stands on the side of its source", () => {
  expect(seen("bank")).toBe("left");
  expect(seen("books")).toBe("right");
  expect(seen(undefined)).toBe("left");
});

test("a write-off says its reason by name, and whether it only waits", () => {
  const reasons = [{ code: "dup", label: "Duplicate" }];

  expect(labelOf("gone", reasons)).toBe("gone");
  expect(sentenceOf({ status: "confirmed", difference_reason: "dup" }, reasons)).toContain("is written off as “Duplicate”");
  expect(sentenceOf({ status: "suggested", difference_reason: "dup" }, reasons)).toContain("is to be written off");
  expect(statusOf({ ...OFF, status: "confirmed" })).toBe("written_off");
  expect(statusOf({ ...OFF, status: "suggested" })).toBe("suggested");
});
