import { expect, test } from "vitest";
import type { OpenItem } from "../../src/api/rest";
import { balancesOf, isTied, type Side } from "../../src/match/balance";
import { bodyOf, signOf } from "../../src/pair/hand";

let number = 0;
const item = (side: Side, amount: string | null, currency = "EUR", match_id: string | null = null): OpenItem => ({
  id: match_id ?? `${side}${(number += 1)}`,
  side,
  record: null,
  match_id,
  remainder: null,
  remainder_of: null,
  remainder_records: null,
  amount: amount === null ? null : { amount, currency },
  age_days: null,
});

test("a payment in parts ties, and its totals are exact", () => {
  const chosen = [item("left", "98765432109876.55"), item("right", "98765432109876.50"), item("right", "0.05")];

  expect(balancesOf(chosen, 1)).toEqual([
    {
      currency: "EUR",
      left: { amount: "98765432109876.55", currency: "EUR" },
      right: { amount: "98765432109876.55", currency: "EUR" },
      difference: { amount: "0.00", currency: "EUR" },
    },
  ]);
  expect(isTied(balancesOf(chosen, 1))).toBe(true);
});

test("what differs in one of two currencies does not tie", () => {
  const chosen = [item("left", "10.00"), item("right", "10"), item("left", "5", "JPY")];

  expect(balancesOf(chosen, 1).map(({ currency, difference }) => [currency, difference.amount])).toEqual([
    ["EUR", "0.00"],
    ["JPY", "5"],
  ]);
  expect(isTied(balancesOf(chosen, 1))).toBe(false);
});

test("an item without an amount counts as nothing", () => {
  expect(balancesOf([item("left", null)], 1)).toEqual([]);
  expect(isTied(balancesOf([item("left", null), item("right", "0.00")], 1))).toBe(true);
});

test.each([
  [1, ["10.00", "10.00"], 1],
  [-1, ["10.00", "10.00"], -1],
  [null, ["10.00", "10.00"], 1],
  [null, ["10.00", "-10.00"], -1],
  [null, ["10.00", "-9.00"], 1],
] as const)("with the sign %s of a pair, %j are compared with the sign %s", (known, [left, right], sign) => {
  expect(signOf(known, [item("left", left), item("right", right)])).toBe(sign);
});

test("remainders are extended, and records are named by side", () => {
  const [left, right, remainder] = [item("left", "1"), item("right", "2"), item("left", "1", "EUR", "m")];

  expect(bodyOf([left, right, remainder])).toEqual({ left: [left.id], right: [right.id], replaces: ["m"] });
});
