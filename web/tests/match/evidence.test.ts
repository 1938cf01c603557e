import { expect, test } from "vitest";
import { bits, shownPrior, signed } from "../../src/match/evidence";

function read(text: string): number {
  return Math.round(Number(text.replace("−", "-").replace("+", "")) * 10);
}

test("prior and weights, as they are shown, add up to the score that is shown", () => {
  const weights = [5.1, 4.3, 6.0];

  expect(signed(shownPrior(0.5, -14.9, weights) ?? NaN)).toBe("−14.9");
});

test("rounding never lets the sum be off by a digit", () => {
  // A fixed row of awkward numbers: each part rounds its own way.
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

test("what is nearly nothing has no sign", () => {
  expect([bits(-0.04), signed(0.04), bits(null)]).toEqual(["0.0", "0.0", "–"]);
});
