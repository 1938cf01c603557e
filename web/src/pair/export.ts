import type { Counts } from "../api/rest";
import { count } from "../shell/format";
import { chosenBy, type PairSearch } from "./search";

/** The formats of an export, as the server names them. */
export const FORMATS = [
  { value: "csv", label: "CSV" },
  { value: "xlsx", label: "XLSX, for a spreadsheet" },
  { value: "jsonl", label: "JSON Lines" },
  { value: "parquet", label: "Parquet" },
] as const;

/** What an export holds: the open items, or the matches of one status or of all. */
export type What = NonNullable<PairSearch["status"]> | "open";

/** What the screen shows now, which an export begins with. */
export function whatOf({ status = "suggested", view }: PairSearch): What {
  return view === "open" ? "open" : status;
}

export function choicesOf(counts: Counts): { value: What; label: string }[] {
  const of = (number: number | undefined) => ` · ${count(number ?? 0)}`;
  return [
    { value: "suggested", label: `Matches to review${of(counts.suggested)}` },
    { value: "confirmed", label: `Confirmed matches${of(counts.confirmed)}` },
    { value: "written_off", label: `Written off${of(counts.written_off)}` },
    { value: "rejected", label: `Rejected matches${of(counts.rejected)}` },
    { value: "superseded", label: "Superseded matches" },
    { value: "withdrawn", label: "Withdrawn matches" },
    { value: "all", label: "All matches, whatever became of them" },
    { value: "open", label: `Open items${of(counts.open_left)} + ${count(counts.open_right ?? 0)}` },
  ];
}

/** What the texts on the screen find of it, in words; undefined if nothing is looked for. */
export function foundOf({ q, ql, qr }: PairSearch, what: What): string | undefined {
  if (what !== "open") return q ? `“${q}” finds` : undefined;
  const sides = [ql ? `“${ql}” finds on the left` : "", qr ? `“${qr}” finds on the right` : ""].filter(Boolean);
  return sides.length > 0 ? sides.join(", and ") : undefined;
}

/**
 * The path of an export, which the server makes a link of. It has the order of the screen, and with `isFound` only what the
 * texts on the screen find.
 */
export function pathOf(project: string, search: PairSearch, what: What, format: string, isFound: boolean): string {
  const { left = "", right = "", q, ql, qr, sort } = search;
  const query = new URLSearchParams({ left_source: left, right_source: right, format, what: what === "open" ? "open-items" : "matches" });
  if (what !== "open") for (const [name, value] of Object.entries(chosenBy(what))) query.set(name, value);
  if (what !== "open" && sort) query.set("sort", sort);
  const words = what === "open" ? { left_q: ql, right_q: qr } : { q };
  for (const [name, value] of Object.entries(words)) if (isFound && value) query.set(name, value);
  return `/api/v1/projects/${project}/export?${query.toString()}`;
}
