import type { FieldView, MatchRecordView } from "../api/rest";

type Recognised = Pick<MatchRecordView, "row" | "data" | "reference">;

/** What people recognise a record by: its reference, and the first texts from its other columns. One or two of them. */
export function namesOf(record: Recognised): string[] {
  const plain = Object.values(record.data).filter(
    (value): value is string => value !== null && /\p{L}{2}/u.test(value) && value !== record.reference,
  );
  // The amount already names the currency.
  const telling = plain.filter((value) => !/^[A-Z]{3}$/.test(value));
  const found = [record.reference, ...telling.slice(0, record.reference ? 1 : 2)].filter((name) => name !== null && name !== "");
  return found.length > 0 ? (found as string[]) : [`row ${record.row + 1}`];
}

/** The same in one line. */
export function words(record: Recognised): string {
  return namesOf(record).join(" · ");
}

/** Whether a column only says once more what the amount, its currency or the date of the record says. */
export function repeats({ amount, date }: Pick<MatchRecordView, "amount" | "date">, value: string | null): boolean {
  const text = value?.trim() ?? "";
  if (amount !== null) {
    if (text === amount.currency) return true;
    // 838.50 as 838,50 or 838.5, and 1000.00 as 1,000: what counts is the digits, in a text that has little else.
    const plain = amount.amount.includes(".") ? amount.amount.replace(/\.?0+$/, "") : amount.amount;
    const isNumber = /^[-+\u2212(]?\s*\d[\d.,'\u2019\s]*\)?[-+]?$/.test(text);
    if (isNumber && [amount.amount, plain].some((one) => digits(one) === digits(text))) return true;
  }
  if (date === null || !/^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}$/.test(text)) return false;
  const parts = (day: string) => (day.match(/\d+/g) ?? []).map((part) => Number(part) % 100).sort((one, other) => one - other);
  return parts(text).join() === parts(date).join();
}

function digits(text: string): string {
  return text.replace(/\D/g, "");
}

/** What a match is called in a sentence: its first record on either side. */
export function pairOf(records: MatchRecordView[]): string {
  const names = (["left", "right"] as const).flatMap((side) => {
    const [first, ...more] = sideOf(records, side);
    return first ? [`${namesOf(first)[0] ?? ""}${more.length > 0 ? ` +${more.length}` : ""}`] : [];
  });
  return names.join(" ↔ ");
}

export function sideOf(records: MatchRecordView[], side: "left" | "right"): MatchRecordView[] {
  return records.filter((record) => record.side === side);
}

/** Bits of evidence, or the score of a rule, to one decimal. */
export function bits(value: number | null): string {
  return value === null ? "–" : (tenths(value) / 10).toFixed(1).replace("-", "−");
}

/**
 * The part of a score that no field explains, in bits. It is computed from the rounded score and the rounded weights, so
 * that the numbers on the screen add up to the digit. Null if there is no score to explain.
 */
export function shownPrior(score: number | null, prior: number | null, weights: number[]): number | null {
  if (score === null || prior === null) return null;
  return weights.reduce((rest, weight) => rest - tenths(weight), tenths(score)) / 10;
}

function tenths(value: number): number {
  return Math.round(Number(value.toFixed(1)) * 10) || 0; // never minus zero
}

/** The same with a plus or minus sign, as part of a sum. */
export function signed(value: number): string {
  return tenths(value) > 0 ? `+${bits(value)}` : bits(value);
}

/** A value that the engine compared, without the zeros that its fixed point adds: 207.550000000 becomes 207.55. */
export function plain(text: string | null): string {
  if (text === null) return "–";
  return /^-?\d+\.\d{3,}$/.test(text) ? text.replace(/(\.\d\d\d*?)0+$/, "$1").replace("-", "−") : text;
}

// What a plan may ask for needs no other words: equal, within, days, similarity. These are what a pass learns to look at.
const LEARNED: Record<string, string> = {
  prefix: "begins alike",
  codes: "codes in the texts",
  ratio: "size",
};

/** How a field was compared, and how alike its values are unless they are equal. */
export function compared(field: Pick<FieldView, "compare" | "similarity">): string {
  const how = LEARNED[field.compare] ?? field.compare;
  return field.similarity !== null && field.similarity < 1 ? `${how} ${Math.round(field.similarity * 100)}%` : how;
}

/** A field of the match beside the same field of the runner-up. One that only the runner-up compares comes last. */
export type Compared = readonly [own: FieldView | undefined, other: FieldView | undefined];

export function besides(own: FieldView[], other: FieldView[]): Compared[] {
  const rest = [...other];
  const rows = own.map((field): Compared => {
    const at = rest.findIndex((one) => one.field === field.field && one.compare === field.compare);
    return [field, at === -1 ? undefined : rest.splice(at, 1)[0]];
  });
  return [...rows, ...rest.map((field): Compared => [undefined, field])];
}
