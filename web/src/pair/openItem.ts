import type { OpenItem, RecordView } from "../api/rest";
import { namesOf } from "../match/evidence";
import { count, money } from "../shell/format";

/** What an open item is called, more about it, and its date. A remainder is called by the record that it remains of. */
export function namesOfItem(item: OpenItem): [first: string, more: string, date: string | null] {
  const { record, remainder, remainder_of: whole, remainder_records: records } = item;
  // The list is ordered by the day since which a remainder is open, so that is its date.
  const since = remainder?.since.slice(0, 10) ?? null;
  const of = record ?? whole;
  if (of === null) return ["Remainder of a match", "\u00a0", since];
  const [first = "", second] = namesOf(of);
  if (remainder === null) return [first, [heldBy(of), second].filter(Boolean).join(" · ") || "\u00a0", of.date];
  const others = records !== null && records > 1 && remainder.record_id === null ? ` and ${count(records - 1)} more` : "";
  const day = of.date === null ? "" : ` of ${of.date}`;
  const rest = second === undefined ? "" : ` · ${second}`;
  return [first, `remainder of ${money(of.amount)}${day}${others}${rest}`, since];
}

/** What holds a record that is open here all the same, in words; undefined for most. */
function heldBy({ state, signatures }: Pick<RecordView, "state" | "signatures">): string | undefined {
  if (state !== "suggested") return undefined;
  return signatures.length > 0 ? "write-off signed once" : "suggested with another source";
}

/** What an open record is called. */
export function wordsOf(item: OpenItem): string {
  return item.record ? (namesOf(item.record)[0] ?? "") : "a remainder";
}
