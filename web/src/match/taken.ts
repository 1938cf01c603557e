import type { MatchDetail } from "../api/rest";
import { isWriteOff } from "./writeOff";

type Taken = Pick<MatchDetail, "kind" | "origin" | "status" | "job_id" | "latest_decision">;

/**
 * Whether the latest decision about a match can be taken back from here. What had to make way for one of many matches that were
 * decided on at once comes back only with that one.
 */
export function isUndoable({ status, job_id, latest_decision }: Taken): boolean {
  if (status === "confirmed") return latest_decision !== null || job_id !== null;
  if (status === "superseded") return latest_decision !== null && !latest_decision.is_bulk;
  return status === "rejected" && latest_decision !== null;
}

const NOUNS: Partial<Record<string, string>> = {
  confirm: "confirmation of another match",
  match: "match by hand, which took a record of this one",
  split: "split",
  write_off: "write-off of a record of this match",
  reject: "decision on another match",
};

/** Asks whether to take a decision back. `whose` is null for one that a plan made. */
export function questionOf(match: Taken, whose: string | null): string {
  const { status, latest_decision } = match;
  const noun =
    status === "superseded"
      ? (NOUNS[latest_decision?.kind ?? ""] ?? "decision")
      : status === "rejected"
        ? "rejection"
        : isWriteOff(match)
          ? "write-off"
          : "confirmation";
  return whose === null ? `Take back this ${noun}, which the plan made?` : `Take back ${whose} ${noun}?`;
}

/** What follows when the latest decision is taken back. */
export function followsOf(match: Taken): string {
  const { status, latest_decision, origin } = match;
  if (status === "superseded") {
    if (latest_decision?.kind === "split") return "The match is whole again, and the parts that it was split into are withdrawn.";
    return "The other decision is undone as a whole, and this match is again what it was before.";
  }
  if (isWriteOff(match)) {
    return status === "rejected" ? "The write-off waits for a signature again." : "The record is open again.";
  }
  if (status === "rejected") return "The match becomes a suggestion again, if no other match has its records by now.";
  if (origin === "manual" && latest_decision?.kind !== "confirm") return "The match is withdrawn, and what it had replaced comes back.";
  return "The match becomes a suggestion again. Then it can be rejected, or its records can be matched otherwise.";
}

/** Why nothing can be decided here any more, and what can be done instead. */
export function goneWords(match: Taken): string | undefined {
  const { status, latest_decision } = match;
  if (status === "withdrawn") {
    return isWriteOff(match)
      ? "This write-off was taken back, which is final. If its record is open, it can be written off again: it is under Open."
      : "This match was made by a decision that was taken back, which is final. If its records are open, match them again by hand: they are under Open.";
  }
  if (status === "rejected" && latest_decision === null) {
    return "This rejection cannot be taken back here any more. Match the records by hand if they belong together: they are under Open.";
  }
  if (status !== "superseded") return undefined;
  if (latest_decision === null) {
    return "A later reconciliation or a changed record has taken the place of this suggestion, which nobody can take back. If its records are open, match them by hand: they are under Open.";
  }
  if (latest_decision.kind === "split") return "This match was split.";
  if (latest_decision.is_bulk)
    return "Another match, confirmed together with many, has taken a record of this one. Take that one back, and this one comes back with it.";
  return "Another decision has taken a record of this match. Take it back, and this match is again what it was before.";
}
