import { expect, test } from "vitest";
import type { BookSum, PairSummary } from "../../src/api/rest";
import { booksOf, termsOf, tsvOf } from "../../src/pair/books";

const eur = (amount: string) => ({ amount, currency: "EUR" });
const sum = (side: "left" | "right", part: Partial<BookSum>): BookSum => ({
  side,
  currency: "EUR",
  matched: eur("10.00"),
  booked: eur("0"),
  explained: eur("0"),
  written_off: eur("0"),
  elsewhere: eur("0"),
  open: eur("0"),
  total: eur("10.00"),
  suggested: eur("0"),
  remainder: eur("0"),
  remainders: 0,
  records: 1,
  without_amount: 0,
  ties: true,
  ...part,
});
const none = { left: { count: 0, sums: [] }, right: { count: 0, sums: [] } };
const SUMMARY: PairSummary = {
  counts: {},
  by_pass: [],
  balance: [],
  flow: { ...none, passes: [], open: none, written_off: none, elsewhere: none },
  ageing: [],
  to_sign: 0,
  remainders_left: 0,
  remainders_right: 0,
  sign: 1,
  sums: [sum("left", { open: eur("98765432109876.55"), booked: eur("-0.05") }), sum("right", { currency: "JPY", without_amount: 3 })],
  proof: [
    {
      currency: "EUR",
      left: eur("10.00"),
      right: eur("10.00"),
      difference: eur("0.00"),
      to_review_records: 2,
      agrees: false,
      missing: "EUR: 2 records wait in suggestions. Confirm or reject them.",
    },
  ],
  agrees: false,
  missing: [],
  notes: [],
};

test("a side without a record in a currency has no sums in it", () => {
  const [row] = booksOf(SUMMARY);

  expect(row?.left?.open).toEqual(eur("98765432109876.55"));
  expect(row?.right).toBeUndefined();
});

test("what is copied has a column for each side of each term, and exact amounts", () => {
  const [head, row, ...more] = tsvOf(booksOf(SUMMARY))
    .split("\n")
    .map((line) => line.split("\t"));
  const found = Object.fromEntries(head?.map((name, index) => [name, row?.[index]]) ?? []);

  expect(more).toEqual([]);
  expect(row).toHaveLength(head?.length ?? 0);
  expect(found).toMatchObject({
    Currency: "EUR",
    "Matched left": "10.00",
    Difference: "0.00",
    "Open left": "98765432109876.55",
    "Open right": "0",
    "Booked left": "-0.05",
    Agrees: "no",
  });
});

test("what is matched with a third source has a column, if there is any", () => {
  const terms = (part: Partial<BookSum>) => termsOf(booksOf({ ...SUMMARY, sums: [sum("left", part)] })).map(([term]) => term);

  expect(terms({})).not.toContain("elsewhere");
  expect(terms({ elsewhere: eur("12.00") })).toContain("elsewhere");
  const [head, row] = tsvOf(booksOf({ ...SUMMARY, sums: [sum("left", { elsewhere: eur("12.00") })] })).split("\n");
  expect(row?.split("\t")[head?.split("\t").indexOf("Elsewhere left") ?? -1]).toBe("12.00");
});
