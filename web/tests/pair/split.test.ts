import { expect, test } from "vitest";
import type { MatchRecordView } from "../../src/api/rest";
import { signFor } from "../../src/match/balance";
import {
  balancesOfParts,
  beginning,
  canSplit,
  carried,
  isSame,
  isUnchanged,
  mostParts,
  OUT,
  partsOf,
  sharesOf,
  without,
} from "../../src/pair/split";

const record = (id: string, amount: string | null): MatchRecordView => ({
  id,
  side: id.startsWith("l") ? "left" : "right",
  row: 0,
  data: {},
  amount: amount === null ? null : { amount, currency: "EUR" },
  date: null,
  reference: null,
  claim: null,
});
const TWO = [record("l1", "10.00"), record("l2", "5.25"), record("r1", "5.25"), record("r2", "10.50")];

test("a split begins with two records that come to the same, apart from all others", () => {
  expect([...beginning(TWO, 1)]).toEqual([
    ["l1", 1],
    ["l2", 0],
    ["r1", 0],
    ["r2", 1],
  ]);
});

test("it begins with the first record of each side if none come to the same", () => {
  const records = [record("l1", null), record("l2", "5"), record("r1", null), record("r2", "7")];

  expect(partsOf(records, beginning(records, 1), 2)).toEqual([
    { left: ["l1"], right: ["r1"] },
    { left: ["l2"], right: ["r2"] },
  ]);
});

test("each record is in exactly one part, and each part has its own total", () => {
  const shares = new Map([...beginning(TWO, 1), ["l1", 2] as const]);

  expect(partsOf(TWO, shares, 3)).toEqual([
    { left: ["l2"], right: ["r1"] },
    { left: [], right: ["r2"] },
    { left: ["l1"], right: [] },
  ]);
  expect(balancesOfParts(TWO, shares, 3, 1).map((part) => part.map((row) => row.difference.amount))).toEqual([
    ["0.00"],
    ["-10.50"],
    ["10.00"],
  ]);
});

test("a part that is taken away leaves its records to the one before it", () => {
  const shares = new Map([
    ["l1", 0],
    ["l2", 1],
    ["r1", 2],
  ]);

  expect([...without(shares, 1).values()]).toEqual([0, 0, 1]);
  expect([...without(shares, 2).values()]).toEqual([0, 1, 1]);
});

test("there are at most as many parts as the smaller side has records", () => {
  expect(mostParts(TWO)).toBe(2);
  expect(mostParts(TWO.slice(0, 3))).toBe(1);
});

test("before a pair has a sign, the difference of the match tells it", () => {
  const turned = [record("l1", "10.00"), record("r1", "-9.00")];

  expect(signFor(null, { records: turned, difference: { amount: "1.00", currency: "EUR" } })).toBe(-1);
  expect(signFor(null, { records: turned, difference: { amount: "19.00", currency: "EUR" } })).toBe(1);
  expect(signFor(null, { records: turned, difference: null })).toBe(1);
  expect(signFor(-1, { records: turned, difference: { amount: "19.00", currency: "EUR" } })).toBe(-1);
});

test("parts that were signed are known again, in whatever order their records come", () => {
  const shares = beginning(TWO, 1);
  const parts = partsOf(TWO, shares, 2);

  expect(isSame(sharesOf(parts), shares)).toBe(true);
  expect(isSame(sharesOf([...parts].reverse()), shares)).toBe(false);
});

const MANY = [record("l1", "10.00"), record("r1", "4.00"), record("r2", "6.00"), record("r3", "1.00")];

test("where a side has a single record, a split takes others out, which are parts of one side", () => {
  const shares = new Map([...beginning(MANY, 1), ["r3", OUT] as const]);

  expect(partsOf(MANY, beginning(MANY, 1), 1)).toHaveLength(1);
  expect(partsOf(MANY, shares, 1)).toEqual([
    { left: ["l1"], right: ["r1", "r2"] },
    { left: [], right: ["r3"] },
  ]);
  expect(isSame(sharesOf(partsOf(MANY, shares, 1)), shares)).toBe(true);
});

test.each([
  [{ status: "confirmed", records: MANY, extends: null }, true],
  [{ status: "confirmed", records: MANY.slice(0, 2), extends: null }, false],
  [{ status: "rejected", records: MANY, extends: null }, false],
  [{ status: "suggested", records: MANY, extends: { match_id: "m" } }, false],
] as const)("a match with more than one record on a side can be split while it is active (%#)", (match, can) => {
  expect(canSplit({ ...match, records: [...match.records] })).toBe(can);
});

test("what was shared out is kept for the records that a changed match still has", () => {
  const shares = new Map([
    ["l1", 1],
    ["r1", OUT],
    ["r9", 0],
  ]);

  expect([...carried(shares, MANY, 1)]).toEqual([
    ["l1", 0],
    ["r1", OUT],
    ["r2", 0],
    ["r3", 0],
  ]);
});

test("a comment changes nothing about a split, another status or signature does", () => {
  const match = { status: "confirmed", records: MANY, signatures: [], signed_split: null, difference_reason: null } as const;
  const before = { ...match, records: [...match.records], signatures: [] };

  expect(isUnchanged(before, { ...before })).toBe(true);
  expect(isUnchanged(before, { ...before, status: "suggested" })).toBe(false);
  expect(isUnchanged(before, { ...before, signatures: [{ by: "a", at: "2026-03-01T00:00:00Z", action: "undo" }] })).toBe(false);
});
