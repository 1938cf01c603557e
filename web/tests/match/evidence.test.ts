import { expect, test } from "vitest";
import type { FieldView, MatchRecordView } from "../../src/api/rest";
import { besides, bits, compared, plain, repeats, shownPrior, sideOf, signed, words } from "../../src/match/evidence";

function read(text: string): number {
  return Math.round(Number(text.replace("−", "-").replace("+", "")) * 10);
}

test("the prior and the weights shown add up to the score shown", () => {
  const weights = [5.1, 4.3, 6.0];

  expect(signed(shownPrior(0.5, -14.9, weights) ?? NaN)).toBe("−14.9");
});

test("rounding never makes the sum wrong by a digit", () => {
  // A fixed series of awkward numbers, in which each part rounds differently.
  let seed = 7;
  const next = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 2000; round++) {
    const weights = Array.from({ length: 1 + Math.floor(next() * 6) }, () => Math.round((next() * 40 - 20) * 1000) / 1000);
    const prior = Math.round((next() * 20 - 20) * 1000) / 1000;
    const score = prior + weights.reduce((sum, weight) => sum + weight, 0);

    const shown = [shownPrior(score, prior, weights) ?? NaN, ...weights].map((part) => read(signed(part)));

    expect(shown.reduce((sum, part) => sum + part, 0)).toBe(read(bits(score)));
  }
});

test("a value that rounds to zero has no sign", () => {
  expect([bits(-0.04), signed(0.04), bits(null)]).toEqual(["0.0", "0.0", "–"]);
});

const record = (data: Record<string, string | null>, reference: string | null = null) =>
  ({ side: "left", row: 41, reference, data }) as unknown as MatchRecordView;

test.each([
  [record({ no: "R-17", name: "ACME GmbH", text: "Invoice March" }, "R-17"), "R-17 · ACME GmbH"],
  [record({ name: "ACME GmbH", text: "Invoice March", more: "third" }), "ACME GmbH · Invoice March"],
  [record({ currency: "EUR", amount: "12.00", name: "Foo" }), "Foo"],
  [record({ amount: "12.00", nothing: null }), "row 42"],
])("a record is known by its reference and its first words: %#", (found, expected) => {
  expect(words(found)).toBe(expected);
});

test("records are separated by side, in order", () => {
  const records = [record({}), { ...record({}), side: "right" as const, row: 1 }, { ...record({}), row: 2 }];

  expect(sideOf(records, "left").map(({ row }) => row)).toEqual([41, 2]);
  expect(sideOf(records, "right").map(({ row }) => row)).toEqual([1]);
});

test.each([
  ["207.550000000", "207.55"],
  ["-1200.000000000", "−1200.00"],
  ["0.125000000", "0.125"],
  ["12.5", "12.5"],
  ["R-2026.1000", "R-2026.1000"],
  [null, "–"],
])("%s, as the engine compared it, is shown as %s", (text, expected) => {
  expect(plain(text)).toBe(expected);
});

test("fields of the runner-up stand beside the same fields of the match", () => {
  const field = (name: string, compare: string, weight: number): FieldView => ({
    field: name,
    compare,
    left: null,
    right: null,
    similarity: null,
    weight,
    rarity: null,
  });
  const own = [field("amount", "exact", 6), field("name", "words", 2)];
  const other = [field("date", "days", 1), field("amount", "exact", 5)];

  expect(besides(own, other).map(([one, two]) => [one?.weight, two?.weight])).toEqual([
    [6, 5],
    [2, undefined],
    [undefined, 1],
  ]);
  expect(besides(own, [])).toEqual(own.map((one) => [one, undefined]));
});

test.each([
  ["838,50", true],
  ["838.5", true],
  ["− 838,50", true],
  ["838.51", false],
  ["EUR", true],
  ["USD", false],
  ["05.03.2026", true],
  ["3/5/26", true],
  ["2026-03-06", false],
  ["INV-83850", false],
  ["", false],
  [null, false],
])("a column that says %j repeats the record's amount, currency or date: %s", (value, expected) => {
  expect(repeats({ amount: { amount: "838.50", currency: "EUR" }, date: "2026-03-05" }, value)).toBe(expected);
});

test("a whole amount is repeated with or without its decimals", () => {
  const record = { amount: { amount: "-1000.00", currency: "EUR" }, date: null };

  expect(["1,000", "1.000,00", "(1000.00)", "1000.00-", "10"].map((value) => repeats(record, value))).toEqual([
    true,
    true,
    true,
    true,
    false,
  ]);
});

test.each([
  [{ compare: "similarity", similarity: 0.853 }, "similarity 85%"],
  [{ compare: "equal", similarity: 1 }, "equal"],
  [{ compare: "days", similarity: null }, "days"],
  [{ compare: "codes", similarity: 0.5 }, "codes in the texts 50%"],
  [{ compare: "ratio", similarity: null }, "size"],
])("%o is shown as %s", (field, expected) => {
  expect(compared(field)).toBe(expected);
});
