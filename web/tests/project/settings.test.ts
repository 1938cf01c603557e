import { expect, test } from "vitest";
import type { ProjectView } from "../../src/api/rest";
import { changesOf, draftOf, isChanged } from "../../src/project/settings";

const PROJECT = {
  name: "March",
  description: "",
  timezone: "Europe/Berlin",
  write_off_limit: { amount: "50.00", currency: "EUR" },
  four_eyes_over: null,
  auto_confirm_up_to: null,
  reason_codes: [
    { code: "fee", label: "Fee", account: "6855" },
    { code: "other", label: "Other", account: null },
  ],
} as unknown as ProjectView;

test("nothing is sent of what was not changed", () => {
  const start = draftOf(PROJECT);

  expect(changesOf(start, draftOf(PROJECT))).toEqual({});
  expect(changesOf(start, { ...start, name: "April" })).toEqual({ name: "April" });
});

test("an empty amount takes a limit away, and a currency is written in capitals", () => {
  const start = draftOf(PROJECT);
  const limits = {
    write_off_limit: { amount: " ", currency: "EUR" },
    four_eyes_over: { amount: " 10000", currency: "eur" },
    auto_confirm_up_to: { amount: "", currency: "usd" }, // a currency alone is no limit
  };

  expect(changesOf(start, { ...start, limits })).toEqual({
    write_off_limit: null,
    four_eyes_over: { amount: "10000", currency: "EUR" },
  });
});

test("reason codes are sent as a whole, those without an account too", () => {
  const start = draftOf(PROJECT);
  const reasons = [...start.reasons.slice(1), { code: "fx ", label: " Rate", account: "" }];

  expect(changesOf(start, { ...start, reasons })).toEqual({
    reason_codes: [
      { code: "other", label: "Other", account: null },
      { code: "fx", label: "Rate", account: null },
    ],
  });
  expect(isChanged(start, { ...start, reasons: start.reasons.map((one) => ({ ...one })) })).toBe(false);
});
