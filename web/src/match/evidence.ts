import type { MatchRecordView } from "../api/rest";

/** What a person knows a record by: its reference, and the first words of its other columns. */
export function words(record: MatchRecordView): string {
  const plain = Object.values(record.data).filter(
    (value): value is string => value !== null && /\p{L}{2}/u.test(value) && value !== record.reference,
  );
  // A currency code says nothing that the amount does not say.
  const telling = plain.filter((value) => !/^[A-Z]{3}$/.test(value));
  return [record.reference, ...telling.slice(0, record.reference ? 1 : 2)].filter(Boolean).join(" · ") || `row ${record.row + 1}`;
}

export function sideOf(records: MatchRecordView[], side: "left" | "right"): MatchRecordView[] {
  return records.filter((record) => record.side === side);
}

/** Bits of evidence, or the score of a rule, to one decimal. */
export function bits(value: number | null): string {
  return value === null ? "–" : (tenths(value) / 10).toFixed(1).replace("-", "−");
}

/**
 * What the score starts from before any field is looked at, as it is shown: beside the weights as they are shown it
 * makes the score as it is shown, to the digit. Null where there is no score to be explained.
 */
export function shownPrior(score: number | null, prior: number | null, weights: number[]): number | null {
  if (score === null || prior === null) return null;
  return weights.reduce((rest, weight) => rest - tenths(weight), tenths(score)) / 10;
}

function tenths(value: number): number {
  return Math.round(Number(value.toFixed(1)) * 10) || 0; // never minus zero
}

/** The same with its sign, as part of a sum. */
export function signed(value: number): string {
  return tenths(value) > 0 ? `+${bits(value)}` : bits(value);
}

/** What the engine compared, without the zeros that only its fixed point has: 207.550000000 is 207.55. */
export function plain(text: string | null): string {
  if (text === null) return "–";
  return /^-?\d+\.\d{3,}$/.test(text) ? text.replace(/(\.\d\d\d*?)0+$/, "$1").replace("-", "−") : text;
}
