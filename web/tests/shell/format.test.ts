import { afterEach, describe, expect, test } from "vitest";
import { bytes, clock, compact, count, duration, initials, instant, money, percent } from "../../src/shell/format";

const zone = process.env["TZ"];
afterEach(() => {
  if (zone === undefined) delete process.env["TZ"];
  else process.env["TZ"] = zone;
});

describe("money", () => {
  test.each([
    ["1200.00", "EUR", "1,200.00 EUR"],
    ["-0.5", "EUR", "−0.5 EUR"],
    ["100", "JPY", "100 JPY"],
    ["0.000000001", "BTC", "0.000000001 BTC"],
    ["12.30", "XXX", "12.30"],
  ])("%s %s is %s", (amount, currency, expected) => {
    expect(money({ amount, currency })).toBe(expected);
  });

  test("keeps digits that no binary number can hold", () => {
    expect(money({ amount: "98765432109876543210.55", currency: "EUR" })).toBe("98,765,432,109,876,543,210.55 EUR");
  });

  test("that is missing is a dash", () => {
    expect(money(null)).toBe("–");
  });
});

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [12_400_000, "12.4 MB"],
  [5_000_000_000, "5.0 GB"],
  [7_200_000_000_000, "7200.0 GB"],
])("%i bytes are %s", (value, expected) => {
  expect(bytes(value)).toBe(expected);
});

test.each([
  [0, "0%"],
  [0.29, "29%"],
  [0.295, "29%"],
  [0.999, "99%"],
  [1, "100%"],
])("a share of %f is %s, and 100 % only at the end", (share, expected) => {
  expect(percent(share)).toBe(expected);
});

test.each([
  [-3, "0:00"],
  [59.4, "0:59"],
  [59.6, "1:00"],
  [3599, "59:59"],
  [3600, "1:00 h"],
  [3660, "1:01 h"],
])("%f seconds are shown as %s", (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});

test("numbers are grouped, or shortened if there is little room", () => {
  expect([count(45326), count(0), compact(38_400), compact(950)]).toEqual(["45,326", "0", "38.4K", "950"]);
});

test("an instant is shown in the reader's time zone", () => {
  process.env["TZ"] = "Asia/Kolkata";

  expect(instant("2026-03-01T20:00:00Z")).toBe("2 Mar 2026, 01:30");
  expect(clock(Date.parse("2026-03-01T20:00:00Z"))).toBe("01:30");
  expect(instant(null)).toBe("–");
});

test.each([
  ["Mia Manager", "MM"],
  ["  bo  ", "B"],
  ["Anna Maria de Souza", "AS"],
  ["éloïse", "É"],
  ["𝒳 𝒴", "𝒳𝒴"],
  ["", ""],
])("the letters of %j are %j", (name, letters) => {
  expect(initials(name)).toBe(letters);
});
