import { expect, test } from "vitest";
import type { MatchRecordView, MatchView } from "../../src/api/rest";
import { outcomesOf, sentencesOf } from "../../src/match/outcome";

const REASONS = [{ code: "fee", label: "Fee" }];

type Amount = string | null;

function records(left: Amount[], right: Amount[]): MatchRecordView[] {
  const of = (side: "left" | "right") => (text: Amount, row: number) => {
    const [amount = "", currency = "EUR"] = text?.split(" ") ?? [];
    const value = text === null ? null : { amount, currency };
    return { id: `${side}${row}`, side, row, data: {}, amount: value, date: null, reference: null, from_base: false, claim: null };
  };
  return [...left.map(of("left")), ...right.map(of("right"))];
}

function match(left: Amount[], right: Amount[], part: Partial<MatchView> = {}) {
  const plain = { kind: "one_to_one", status: "suggested", difference_reason: null } as const;
  return { ...plain, records: records(left, right), ...part };
}

test("of each currency the sum nearer to zero is matched, and the rest stands on the other side as it was loaded", () => {
  expect(outcomesOf(match(["860.00"], ["838.50"]), 1)).toEqual([
    {
      matched: { amount: "838.50", currency: "EUR" },
      rests: [{ side: "left", amount: { amount: "21.50", currency: "EUR" } }],
      isApart: false,
    },
  ]);
  expect(outcomesOf(match(["-80.00"], ["100.00"]), -1)[0]).toEqual({
    matched: { amount: "-80.00", currency: "EUR" },
    rests: [{ side: "right", amount: { amount: "20.00", currency: "EUR" } }],
    isApart: false,
  });
});

test.each([
  ["opposite signs", ["10.00"], ["-9.00"]],
  ["no common currency", ["10.00 EUR"], ["-9.00 USD"]],
])("sides with %s match nothing", (_, left, right) => {
  const found = outcomesOf(match(left, right), 1);

  expect(found.every(({ isApart, matched }) => isApart && matched.amount === "0.00")).toBe(true);
  expect(found.flatMap(({ rests }) => rests.map(({ amount }) => amount.amount))).toEqual(["10.00", "-9.00"]);
});

test("a side without any amount compares with zero", () => {
  expect(outcomesOf(match(["10.00"], [null]), 1)[0]?.isApart).toBe(false);
});

test.each([
  [match(["5.00"], ["5.00"]), []],
  [
    match(["860.00"], ["838.50"], { difference_reason: "fee" }),
    ["Confirming matches 838.50 EUR. 21.50 EUR of the left side is booked as “Fee”."],
  ],
  [match(["9.00"], ["10.00"]), ["Confirming matches 9.00 EUR. 1.00 EUR of the right side stays open for the next payment."]],
  [
    match(["9.00"], ["10.00"], { status: "confirmed" }),
    ["9.00 EUR is matched. 1.00 EUR of the right side stays open for the next payment."],
  ],
  [
    match(["9.00"], ["10.00"], { difference_reason: "own" }),
    ["Confirming matches 9.00 EUR. 1.00 EUR of the right side is booked as “own”."],
  ],
  [match(["9.00"], [null]), ["After confirming, 9.00 EUR of the left side stays open for the next payment."]],
  [match(["9.00"], ["10.00"], { status: "rejected" }), []],
  [match(["9.00"], [], { kind: "one_sided" }), []],
  [
    match(["9.00"], ["-10.00"], { difference_reason: "fee" }),
    [
      "No amount is on both sides, or they have opposite signs, so nothing is matched. " +
        "Confirming books 9.00 EUR of the left side and −10.00 EUR of the right side as “Fee”.",
    ],
  ],
])("what confirming books is said in a sentence with the sum (%#)", (found, sentences) => {
  expect(sentencesOf(found, 1, REASONS)).toEqual(sentences);
});
