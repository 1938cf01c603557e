import { expect, test } from "vitest";
import type { OpenItem, RecordView } from "../../src/api/rest";
import { namesOfItem } from "../../src/pair/openItem";

const record = (part: Partial<RecordView>): RecordView => ({
  id: "r",
  source_id: "s",
  row: 3,
  data: { customer: "Aalto Oy" },
  amount: { amount: "2400.00", currency: "EUR" },
  date: "2026-03-02",
  reference: "INV-100003",
  duplicate_of: null,
  state: "matched",
  match_id: "m",
  claim: null,
  signatures: [],
  created_at: "",
  updated_at: "",
  version: 1,
  ...part,
});
const remainder = (part: Partial<OpenItem>): OpenItem => ({
  id: "m",
  side: "left",
  record: null,
  match_id: "m",
  remainder: { amount: { amount: "900.00", currency: "EUR" }, side: "left", since: "2026-03-20T10:00:00Z", record_id: null },
  remainder_of: record({}),
  remainder_records: 1,
  amount: { amount: "900.00", currency: "EUR" },
  age_days: 4,
  ...part,
});

test("a remainder is called by the record that it remains of, which the list brings along", () => {
  expect(namesOfItem(remainder({}))).toEqual(["INV-100003", "remainder of 2,400.00 EUR of 2026-03-02 · Aalto Oy", "2026-03-20"]);
});

test("a remainder of several records says how many more, unless somebody said which it is of", () => {
  expect(namesOfItem(remainder({ remainder_records: 3 }))[1]).toContain(" and 2 more");
  const said = { amount: { amount: "900.00", currency: "EUR" }, side: "left", since: "2026-03-20T10:00:00Z", record_id: "r" } as const;
  expect(namesOfItem(remainder({ remainder_records: 3, remainder: said }))[1]).not.toContain("more");
});

test("an open record is called by itself", () => {
  const open = remainder({ match_id: null, remainder: null, remainder_of: null, record: record({ state: "open" }) });

  expect(namesOfItem(open)).toEqual(["INV-100003", "Aalto Oy", "2026-03-02"]);
});

test("a record that something else holds says what, and is open all the same", () => {
  const open = (part: Partial<RecordView>) => namesOfItem(remainder({ match_id: null, remainder: null, record: record(part) }))[1];

  expect(open({ state: "open" })).toBe("Aalto Oy");
  expect(open({ state: "suggested" })).toBe("suggested with another source · Aalto Oy");
  expect(open({ state: "suggested", signatures: [{ by: "u" }] })).toBe("write-off signed once · Aalto Oy");
});
