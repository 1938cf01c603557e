import { expect, test } from "vitest";
import type { Proof } from "../../src/api/rest";
import { isUnequal, missing, verdict } from "../../src/job/proof";

function side(part: Partial<Proof["left"]> = {}): Proof["left"] {
  const none = { amount: "0.00", currency: "EUR" };
  return { confirmed: none, to_review: none, to_review_records: 0, open: none, open_records: 0, remainders: 0, without_amount: 0, ...part };
}

function row(part: Partial<Proof>): Proof {
  return { currency: "EUR", left: side(), right: side(), difference: { amount: "0.00", currency: "EUR" }, agrees: false, ...part };
}

test("sides agree only if the server says so", () => {
  expect(verdict(row({ agrees: true }), false)).toBe("Both sides agree.");
  expect(verdict(row({ agrees: false }), false)).toBe("The reconciliation is not complete.");
  expect(verdict(row({ agrees: false }), true)).toBe("This is checked when the reconciliation is done.");
});

test("what is missing is listed, with a count for each side", () => {
  const found = row({
    left: side({ to_review_records: 12, open_records: 34, remainders: 1 }),
    right: side({ to_review_records: 12, open_records: 1040, without_amount: 3 }),
    difference: { amount: "-904.69", currency: "EUR" },
  });

  expect(verdict(found, false)).toBe(
    "Not yet: 12 to review on each side; 34 left and 1,040 right open; 1 left left open by matches; 3 right without an amount; confirmed amounts differ by −904.69 EUR.",
  );
});

test.each([
  ["0", false],
  ["0.000000000", false],
  ["-0.00", false],
  ["0.01", true],
  ["-98765432109876.55", true],
])("a difference of %s is recognised from its text", (amount, expected) => {
  const found = row({ difference: { amount, currency: "EUR" } });

  expect(isUnequal(found)).toBe(expected);
  expect(missing(found).length).toBe(expected ? 1 : 0);
});
