import type { MatchView } from "../api/rest";

type Signed = Pick<MatchView, "status" | "signatures">;

/** Which signatures a decision waits for, by what can be decided on a match now. */
const WAITING: Partial<Record<MatchView["status"], string[]>> = {
  suggested: ["confirm", "match", "write_off"],
  confirmed: ["undo", "split"],
};

/** The signatures of decisions that wait for a second person. Those of a decision that has taken effect wait for nobody. */
export function waitingOf({ status, signatures }: Signed): MatchView["signatures"] {
  return signatures.filter(({ action }) => WAITING[status]?.includes(action));
}

/** The signatures that count for a decision: who matched the records by hand, or wrote one off, has signed that too. */
function counting(verb: "confirm" | "undo" | "split"): string[] {
  return verb === "confirm" ? ["confirm", "match", "write_off"] : [verb];
}

/** Whether a person has signed a decision that waits. */
export function hasSigned(match: Signed, person: string | undefined, verb: "confirm" | "undo" | "split"): boolean {
  const given = counting(verb);
  return waitingOf(match).some(({ by, action }) => by === person && given.includes(action));
}

/** Whether somebody else has signed a decision, so that the next person's signature makes it take effect. */
export function isSecond(match: Signed, person: string | undefined, verb: "confirm" | "undo" | "split"): boolean {
  const given = counting(verb);
  return !hasSigned(match, person, verb) && waitingOf(match).some(({ action }) => given.includes(action));
}

/**
 * What taking a person's signatures back means, if they have any that wait: only that, or for somebody who matched the
 * records by hand, or wrote one off, that the match is withdrawn.
 */
export function takenBack(match: Signed, person: string | undefined): "signature" | "match" | undefined {
  const own = waitingOf(match).filter(({ by }) => by === person);
  if (own.length === 0) return undefined;
  return own.some(({ action }) => action === "match" || action === "write_off") ? "match" : "signature";
}
