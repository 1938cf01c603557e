import type { AnswerRow, Mapping, QuestionView } from "../api/rest";
import { money } from "../shell/format";

/** What was answered so far: the piece of a mapping for each question. */
export type Given = Record<string, Mapping>;

/** One name for a question, which stays the same when the source is read again. */
export function keyOf(question: QuestionView): string {
  return `${question.kind}/${question.column ?? ""}`;
}

/** The questions that must be answered before anything can be saved. */
export function waiting(questions: QuestionView[], given: Given): QuestionView[] {
  return questions.filter((question) => question.blocking && !(keyOf(question) in given));
}

/** All answers as one mapping. Two questions about the same field, such as the amount, answer different parts of it. */
export function merged(questions: QuestionView[], given: Given): Mapping {
  const found: Record<string, unknown> = {};
  for (const question of questions) {
    for (const [field, piece] of Object.entries(given[keyOf(question)] ?? {})) {
      const before = found[field];
      found[field] = isSpec(before) && isSpec(piece) ? { ...before, ...piece } : piece;
    }
  }
  return found;
}

function isSpec(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Leaves out the rows with these values of a column. Without any value, all rows count. */
export function skipping(question: QuestionView, values: string[]): Mapping {
  return { skip: values.length > 0 && question.column !== null ? [{ column: question.column, values }] : [] };
}

/** The values whose rows are left out as long as nobody says otherwise. */
export function skipped(question: QuestionView, mapping: Mapping): string[] {
  const found = mapping.skip?.find((spec) => spec.column === question.column)?.values ?? [];
  return question.choices.filter((choice) => found.includes(choice));
}

/** A currency that was typed, or null if it is none. */
export function currencyOf(text: string): Mapping | null {
  const code = text.trim().toUpperCase();
  return /^[A-Z]{3}$/.test(code) ? { currency: { value: code } } : null;
}

export function isSame(one: Mapping | undefined, other: unknown): boolean {
  return one !== undefined && JSON.stringify(one) === JSON.stringify(other);
}

const DATES = new Set<QuestionView["kind"]>(["date_order", "date_column"]);
const PLACES = new Set<QuestionView["kind"]>(["sheet", "header"]);

/** How an answer reads a row, such as "4 Oct 2026" or "−1,200.00 EUR". */
export function reading(kind: QuestionView["kind"], row: AnswerRow): string {
  if (row.rejected) return "not readable";
  if (PLACES.has(kind)) return `${day(row.date)}, ${amount(row)}`;
  return DATES.has(kind) ? day(row.date) : amount(row);
}

function amount(row: AnswerRow): string {
  return money(row.amount === null ? null : { amount: row.amount, currency: row.currency ?? "XXX" });
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** A date with the month as a word, so that nobody takes it for the day. */
export function day(text: string | null): string {
  const [year, month, date] = (text ?? "").split("-").map(Number);
  const name = MONTHS[(month ?? 0) - 1];
  return name === undefined ? "–" : `${date} ${name} ${year}`;
}

export const WORDS: Record<QuestionView["kind"], string> = {
  amount_column: "which column is the amount?",
  sign: "which of these is money out?",
  decimal_mark: "is the decimal mark a point or a comma?",
  minor_units: "do the numbers count cents?",
  date_column: "which column is the date?",
  date_order: "in which order are day, month and year?",
  currency: "which currency are they in?",
  sheet: "which sheet has the bookings?",
  header: "which line is the header?",
  skip: "which rows should be left out?",
};

/** What a question is about, as the beginning of a sentence. */
export function subject(question: QuestionView): string {
  if (question.kind === "sheet") return "The workbook";
  if (question.kind === "header") return "The table";
  if (question.columns?.length && question.kind !== "sign") return question.columns.join(" and ");
  return question.column ?? "The amounts";
}

const list = new Intl.ListFormat("en-GB");

/** What is missing before the answers can be saved, as a sentence; empty if nothing is. */
export function missing(open: QuestionView[]): string {
  if (open.length === 0) return "";
  return `First answer the ${open.length === 1 ? "question" : "questions"} about ${list.format(open.map(subject))}.`;
}
