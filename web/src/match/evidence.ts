import type { MatchRecordView } from "../api/rest";

/** What a person knows a record by: its reference, and the first words of its other columns. */
export function words(record: MatchRecordView): string {
  const plain = Object.values(record.data).filter((value): value is string => value !== null && /\p{L}{2}/u.test(value) && value !== record.reference);
  // A currency code says nothing that the amount does not say.
  const telling = plain.filter((value) => !/^[A-Z]{3}$/.test(value));
  return [record.reference, ...telling.slice(0, record.reference ? 1 : 2)].filter(Boolean).join(" · ") || `row ${record.row + 1}`;
}

export function sideOf(records: MatchRecordView[], side: "left" | "right"): MatchRecordView[] {
  return records.filter((record) => record.side === side);
}

/** Bits of evidence, or the score of a rule, to one decimal. */
export function bits(value: number | null): string {
  return value === null ? "–" : value.toFixed(1).replace("-", "−");
}

/** What the engine compared, without the zeros that only its fixed point has: 207.550000000 is 207.55. */
export function plain(text: string | null): string {
  if (text === null) return "–";
  return /^-?\d+\.\d{3,}$/.test(text) ? text.replace(/(\.\d\d\d*?)0+$/, "$1").replace("-", "−") : text;
}
