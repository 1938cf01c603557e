import type { MatchView, ReasonView } from "../api/rest";

/** Whether a match says that its only record was written off, or is to be. It belongs to no pair of sources. */
export function isWriteOff({ kind, origin }: Pick<MatchView, "kind" | "origin">): boolean {
  return kind === "one_sided" && origin === "manual";
}

/** The status of a match in one word. */
export function statusOf(match: Pick<MatchView, "kind" | "origin" | "status">): string {
  return isWriteOff(match) && match.status === "confirmed" ? "written_off" : match.status;
}

/** A match as somebody sees it who has this source on the left: what was written off stands on the side of its source. */
export function seenFrom<T extends Pick<MatchView, "kind" | "origin" | "left_source" | "records">>(match: T, left: string | undefined): T {
  if (left === undefined || !isWriteOff(match) || match.left_source === left) return match;
  return { ...match, records: match.records.map((record) => ({ ...record, side: "right" as const })) };
}

/** What a reason code is called in a project. */
export function labelOf(code: string | null, reasons: Pick<ReasonView, "code" | "label">[]): string {
  return reasons.find((reason) => reason.code === code)?.label ?? code ?? "no reason";
}

/** What becomes of a record that is written off, in a sentence. */
export function sentenceOf(
  { status, difference_reason }: Pick<MatchView, "status" | "difference_reason">,
  reasons: Pick<ReasonView, "code" | "label">[],
): string {
  const label = `“${labelOf(difference_reason, reasons)}”`;
  if (status === "confirmed") return `This record is written off as ${label}: it has no partner and needs none.`;
  if (status === "suggested") return `This record is to be written off as ${label}: it has no partner and would need none.`;
  return `The reason that was given is ${label}.`;
}
