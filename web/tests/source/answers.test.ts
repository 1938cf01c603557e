import { describe, expect, test } from "vitest";
import type { AnswerRow, Mapping, QuestionView } from "../../src/api/rest";
import { currencyOf, day, merged, missing, reading, skipped, skipping, subject, waiting } from "../../src/source/answers";

const asks = (kind: QuestionView["kind"], column: string | null, rest: Partial<QuestionView> = {}): QuestionView => ({
  column,
  columns: [],
  kind,
  choices: [],
  examples: [],
  blocking: true,
  answers: [],
  ...rest,
});
const row = (part: Partial<AnswerRow>): AnswerRow => ({
  line: 2,
  row: 0,
  text: "x",
  amount: null,
  currency: null,
  date: null,
  reference: null,
  rejected: false,
  ...part,
});

describe("Save waits", () => {
  test("for the questions without which no row can be typed, and not for the others", () => {
    const questions = [asks("date_order", "day"), asks("currency", "amount", { blocking: false })];

    expect(waiting(questions, {}).map(({ kind }) => kind)).toEqual(["date_order"]);
    expect(waiting(questions, { "date_order/day": { date: null } })).toEqual([]);
  });
});

describe("answers are sent as one mapping", () => {
  test("in which two about the amount complete each other", () => {
    const questions = [asks("amount_column", "net"), asks("minor_units", "net"), asks("date_order", "day")];
    const given: Record<string, Mapping> = {
      "amount_column/net": { amount: { column: "net" } },
      "minor_units/net": { amount: { column: "net", minor_units: true } },
      "date_order/day": { date: null },
    };

    expect(merged(questions, given)).toEqual({ amount: { column: "net", minor_units: true }, date: null });
  });

  test("without those to questions that nobody asks any more", () => {
    expect(merged([asks("date_order", "day")], { "sign/side": { amount: { column: "net" } } })).toEqual({});
  });
});

describe("rows are left out", () => {
  const question = asks("skip", "state", { choices: ["pending", "odd"] });

  test("by the values that were ticked, of which there may be none", () => {
    expect(skipping(question, ["odd", "pending"])).toEqual({ skip: [{ column: "state", values: ["odd", "pending"] }] });
    expect(skipping(question, [])).toEqual({ skip: [] });
  });

  test("at first those that are left out anyway", () => {
    expect(skipped(question, { skip: [{ column: "state", values: ["pending", "gone"] }] })).toEqual(["pending"]);
    expect(skipped(question, {})).toEqual([]);
  });
});

test.each([
  ["date_order", row({ date: "2026-10-04" }), "4 Oct 2026"],
  ["date_order", row({}), "–"],
  ["sign", row({ amount: "-1234.50", currency: "EUR" }), "−1,234.50 EUR"],
  ["decimal_mark", row({ amount: "98765432109876.55" }), "98,765,432,109,876.55"],
  ["decimal_mark", row({ rejected: true }), "not readable"],
  ["sheet", row({ date: "2026-10-04", amount: "12.50", currency: "EUR" }), "4 Oct 2026, 12.50 EUR"],
  ["header", row({}), "–, –"],
] as const)("a row under an answer about %s", (kind, shown, expected) => {
  expect(reading(kind, shown)).toBe(expected);
});

test("a date has its month as a word", () => {
  expect(["2026-01-31", "1999-12-01", "", null].map(day)).toEqual(["31 Jan 2026", "1 Dec 1999", "–", "–"]);
});

test("a currency is three letters", () => {
  expect(["sek", " CHF ", "kr", "US$"].map(currencyOf)).toEqual([
    { currency: { value: "SEK" } },
    { currency: { value: "CHF" } },
    null,
    null,
  ]);
});

test("a question begins with what it is about", () => {
  expect([
    subject(asks("decimal_mark", "in", { columns: ["in", "out"] })),
    subject(asks("sign", "side", { columns: ["amount"] })),
    subject(asks("amount_column", null)),
    subject(asks("sheet", null)),
  ]).toEqual(["in and out", "side", "The amounts", "The workbook"]);
});

test("what is missing is a sentence", () => {
  expect(missing([asks("date_order", "day")])).toBe("First answer the question about day.");
  expect(missing([asks("date_order", "day"), asks("sign", "side")])).toBe("First answer the questions about day and side.");
  expect(missing([])).toBe("");
});
