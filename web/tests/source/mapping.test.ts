import { describe, expect, test } from "vitest";
import type { ColumnView, Mapping, QuestionView } from "../../src/api/rest";
import { changes, draftOf, NO_CURRENCY, open } from "../../src/source/mapping";

const columns = ["invoice", "booked", "amount", "debit", "credit", "ccy"].map((name) => ({ name }) as ColumnView);
const asks = (kind: QuestionView["kind"], column: string, more: string[] = []): QuestionView => ({
  column,
  columns: more,
  kind,
  choices: [],
  examples: [],
  blocking: true,
});
const source = (mapping: Mapping, questions: QuestionView[] = [], detection: object = {}) => ({
  mapping,
  questions,
  detection: detection as Record<string, unknown>,
});
const AMOUNT = { column: "amount", decimal: "." } as const;

describe("the form opens", () => {
  test("with the current mapping, else with the suggested one", () => {
    const suggested: Mapping = { amount: AMOUNT, date: { column: "booked", order: "ymd" }, reference: { column: "invoice" } };

    const draft = draftOf(source({ amount: { ...AMOUNT, decimal: "," } }), columns, suggested);

    expect(draft).toMatchObject({ amount: "amount", decimal: ",", date: "booked", order: "ymd", reference: "invoice" });
  });

  test("with the column that a question is about, and no preset answer", () => {
    const draft = draftOf(
      source({ amount: AMOUNT, currency: { value: "XXX" } }, [asks("date_order", "booked"), asks("currency", "amount")]),
      columns,
      {
        amount: AMOUNT,
      },
    );

    expect(draft).toMatchObject({ date: "booked", order: null, currency: null, amount: "amount" });
    expect(open(draft, [asks("date_order", "booked"), asks("currency", "amount")])).toEqual(["date_order", "currency"]);
  });

  test("with both columns if the question is about the mark of debit and credit", () => {
    const draft = draftOf(source({}, [asks("decimal_mark", "credit", ["debit", "credit"])]), columns, {});

    expect(draft).toMatchObject({ amount: "", debit: "debit", credit: "credit", decimal: null });
  });

  test("without what was removed by hand", () => {
    const draft = draftOf(source({}, [], { cleared: ["date"] }), columns, { date: { column: "booked", order: "dmy" } });

    expect(draft.date).toBe("");
  });
});

describe("saving sends", () => {
  test("nothing if nothing was changed", () => {
    const found = source({ amount: AMOUNT, date: { column: "booked", order: "ymd", short_years: true } });
    const draft = draftOf(found, columns, {});

    expect(changes(draft, draft, found, {})).toEqual({});
  });

  test("the answer, with its column, and nothing else", () => {
    const found = source({ amount: AMOUNT }, [asks("date_order", "booked")]);
    const start = draftOf(found, columns, {});

    expect(changes({ ...start, order: "mdy" }, start, found, {})).toEqual({ date: { column: "booked", order: "mdy" } });
  });

  test("that there is no date, if that is the answer", () => {
    const found = source({}, [asks("date_order", "booked")]);
    const start = draftOf(found, columns, {});

    expect(open({ ...start, date: "" }, found.questions)).toEqual([]);
    expect(changes({ ...start, date: "" }, start, found, {})).toEqual({ date: null });
  });

  test("the sign of an amount along with its columns, but not with others", () => {
    const found = source({ amount: { debit: "debit", credit: "credit", decimal: ".", signed: true } });
    const start = draftOf(found, columns, {});

    expect(changes({ ...start, decimal: "," }, start, found, {})).toEqual({
      amount: { debit: "debit", credit: "credit", decimal: ",", signed: true },
    });
    expect(changes({ ...start, debit: "", credit: "", amount: "amount" }, start, found, {})).toEqual({ amount: AMOUNT });
  });

  test("that there is no currency, if that is the answer", () => {
    const found = source({ amount: AMOUNT, currency: { value: "XXX" } }, [asks("currency", "amount")]);
    const start = draftOf(found, columns, {});

    expect(changes({ ...start, currency: NO_CURRENCY }, start, found, {})).toEqual({ currency: { value: "XXX" } });
  });
});
