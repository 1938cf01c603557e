import { expect, test } from "vitest";
import type { MatchRecordView } from "../../src/api/rest";
import { daysBetween, difference, total } from "../../src/match/difference";

const euro = (amount: string) => ({ amount, currency: "EUR" });
const record = (amount: string | null, currency = "EUR") => ({ amount: amount === null ? null : { amount, currency } }) as MatchRecordView;

test.each([
  ["10.00", "10.00", "0.00"],
  ["98765432109876.55", "98765432109876.56", "-0.01"],
  ["-5", "5", "-10"],
  ["0.000000001", "1", "-0.999999999"],
  ["1200.5", "-0.25", "1200.75"],
])("%s minus %s is %s", (left, right, expected) => {
  expect(difference(euro(left), euro(right))).toEqual(euro(expected));
});

test("sides with different currencies, or without an amount, have no difference", () => {
  expect(difference(euro("1"), { amount: "1", currency: "USD" })).toBeNull();
  expect(difference(null, euro("1"))).toBeNull();
  expect(total([record("1"), record(null)])).toBeNull();
  expect(total([record("1"), record("1", "USD")])).toBeNull();
  expect(total([])).toBeNull();
});

test("a side with several records is their sum", () => {
  expect(total([record("0.1"), record("0.20"), record("-5")])).toEqual(euro("-4.70"));
});

test("days are calendar days", () => {
  expect(daysBetween("2026-03-28", "2026-03-30")).toBe(2);
  expect(daysBetween("2026-03-02", "2026-02-27")).toBe(-3);
  expect(daysBetween(null, "2026-02-27")).toBeNull();
});
