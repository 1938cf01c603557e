import { expect, test } from "vitest";
import type { MatchView } from "../../src/api/rest";
import { hasSigned, isSecond, takenBack, waitingOf } from "../../src/match/signatures";

const signed = (status: MatchView["status"], action: string) => ({
  status,
  signatures: [{ by: "mia", at: "2026-03-01T12:00:00Z", action }],
});

test("a confirmation waits while the match is suggested, and for nobody afterwards", () => {
  expect(waitingOf(signed("suggested", "confirm"))).toHaveLength(1);
  expect(waitingOf(signed("confirmed", "confirm"))).toEqual([]);
  expect(waitingOf(signed("confirmed", "undo"))).toHaveLength(1);
});

test("who matched by hand has signed the confirmation, and nobody signs twice", () => {
  const match = signed("suggested", "match");

  expect(hasSigned(match, "mia", "confirm")).toBe(true);
  expect(isSecond(match, "mia", "confirm")).toBe(false);
  expect(isSecond(match, "bo", "confirm")).toBe(true);
  expect(isSecond(match, "bo", "split")).toBe(false);
});

test("a write-off that waits is signed as a confirmation, and goes with the signature of who asked", () => {
  const match = signed("suggested", "write_off");

  expect(waitingOf(match)).toHaveLength(1);
  expect([hasSigned(match, "mia", "confirm"), isSecond(match, "bo", "confirm")]).toEqual([true, true]);
  expect(takenBack(match, "mia")).toBe("match");
});

test("a signature that waits is taken back by who gave it; of a match by hand the match goes with it", () => {
  expect(takenBack(signed("suggested", "confirm"), "mia")).toBe("signature");
  expect(takenBack(signed("confirmed", "undo"), "mia")).toBe("signature");
  expect(takenBack(signed("suggested", "match"), "mia")).toBe("match");
  expect(takenBack(signed("suggested", "confirm"), "bo")).toBeUndefined();
  expect(takenBack(signed("confirmed", "confirm"), "mia")).toBeUndefined();
});
