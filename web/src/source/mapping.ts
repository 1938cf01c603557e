import type { ColumnView, Mapping, QuestionView, SourceView } from "../api/rest";

export type Order = "ymd" | "dmy" | "mdy";
export type Mark = "." | ",";

/** The contents of the form. An empty text means no column; null means that somebody has to choose. */
export interface Draft {
  amount: string;
  debit: string;
  credit: string;
  decimal: Mark | null;
  /** A column, or `=EUR` for one currency for all rows. */
  currency: string | null;
  date: string;
  order: Order | null;
  reference: string;
}

type Source = Pick<SourceView, "mapping" | "questions" | "detection">;

export const NO_CURRENCY = "=XXX";

/**
 * What the form starts with: the current mapping, else what the columns suggest, else the column that a question is about.
 * The answer to a question is never preset.
 */
export function draftOf(source: Source, columns: ColumnView[], suggested: Mapping): Draft {
  const known = (name: string | null | undefined) => (name && columns.some((column) => column.name === name) ? name : "");
  const asked = (kind: QuestionView["kind"]) => source.questions.find((question) => question.kind === kind);
  const cleared = source.detection["cleared"];
  const of = <Field extends keyof Mapping>(field: Field): Mapping[Field] | undefined =>
    source.mapping[field] ?? (Array.isArray(cleared) && cleared.includes(field) ? undefined : suggested[field]);
  const [amount, currency, date] = [of("amount"), of("currency"), of("date")];
  const [markAsked, orderAsked, currencyAsked] = [asked("decimal_mark"), asked("date_order"), asked("currency")];
  const [debit, credit] = markAsked?.columns ?? [];
  const isPair = Boolean(known(debit) && known(credit));
  return {
    amount: known(amount?.column) || (amount || isPair ? "" : known(markAsked?.column)),
    debit: known(amount?.debit) || (isPair ? known(debit) : ""),
    credit: known(amount?.credit) || (isPair ? known(credit) : ""),
    decimal: markAsked ? null : (amount?.decimal ?? null),
    currency: currencyAsked ? null : known(currency?.column) || (currency?.value ? `=${currency.value}` : ""),
    date: known(date?.column) || known(orderAsked?.column),
    order: orderAsked ? null : (date?.order ?? null),
    reference: known(of("reference")?.column),
  };
}

/** The questions that the draft leaves open. The Save button is disabled until there are none. */
export function open(draft: Draft, questions: QuestionView[]): QuestionView["kind"][] {
  const found = new Set<QuestionView["kind"]>();
  if (hasAmount(draft) && draft.decimal === null) found.add("decimal_mark");
  if (draft.date && draft.order === null) found.add("date_order");
  if (draft.currency === null && questions.some((question) => question.kind === "currency")) found.add("currency");
  return [...found];
}

/**
 * What to send: only the answers to questions and what was changed. The server keeps what is left out. Anything the form
 * has no field for, such as the sign of debits, is kept as long as its column stays the same.
 */
export function changes(draft: Draft, start: Draft, source: Source, suggested: Mapping): Mapping {
  const found: Mapping = {};
  const isAsked = (kind: QuestionView["kind"]) => source.questions.some((question) => question.kind === kind);
  const differs = (...names: (keyof Draft)[]) => names.some((name) => draft[name] !== start[name]);
  const before = { ...suggested, ...present(source.mapping) };
  if (isAsked("decimal_mark") || differs("amount", "debit", "credit", "decimal")) found.amount = amountOf(draft, start, before);
  if (isAsked("currency") || differs("currency")) found.currency = currencyOf(draft);
  if (isAsked("date_order") || differs("date", "order")) found.date = dateOf(draft, start, before);
  if (differs("reference")) found.reference = draft.reference ? { column: draft.reference } : null;
  return found;
}

function amountOf(draft: Draft, start: Draft, before: Mapping): Mapping["amount"] {
  if (!hasAmount(draft) || draft.decimal === null) return null;
  const isSame = draft.amount === start.amount && draft.debit === start.debit && draft.credit === start.credit;
  const { negate, signed } = (isSame ? before.amount : null) ?? {};
  const kept = { ...(negate ? { negate } : {}), ...(signed != null ? { signed } : {}) };
  const columns = draft.debit && draft.credit ? { debit: draft.debit, credit: draft.credit } : { column: draft.amount };
  return { ...columns, decimal: draft.decimal, ...kept };
}

function dateOf(draft: Draft, start: Draft, before: Mapping): Mapping["date"] {
  if (!draft.date || draft.order === null) return null;
  const short = draft.date === start.date && draft.order === "ymd" ? before.date?.short_years : undefined;
  return { column: draft.date, order: draft.order, ...(short != null ? { short_years: short } : {}) };
}

function currencyOf({ currency }: Draft): Mapping["currency"] {
  if (!currency) return null;
  return currency.startsWith("=") ? { value: currency.slice(1) } : { column: currency };
}

function hasAmount(draft: Draft): boolean {
  return draft.amount !== "" || (draft.debit !== "" && draft.credit !== "");
}

function present(mapping: Mapping): Mapping {
  return Object.fromEntries(Object.entries(mapping).filter(([, spec]) => spec != null));
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Reads a date in this order, such as "4 Oct 2026"; null if that is impossible. */
export function readDate(text: string, order: Order): string | null {
  const parts = /^\s*(\d{1,4})\D(\d{1,2})\D(\d{1,4})/.exec(text)?.slice(1);
  if (!parts) return null;
  const at = (letter: string) => Number(parts[order.indexOf(letter)]);
  const [year, month, day] = [at("y"), at("m"), at("d")];
  const name = MONTHS[month - 1];
  if (!name || day < 1 || day > 31) return null;
  return `${day} ${name} ${year < 100 ? `’${String(year).padStart(2, "0")}` : year}`;
}

/** Reads an amount with this decimal mark, such as "1,234.00"; null if that is impossible. */
export function readAmount(text: string, mark: Mark): string | null {
  const other = mark === "." ? "," : ".";
  const plain = text
    .replace(/[\s'’]/g, "")
    .replaceAll(other, "")
    .replace(mark, ".");
  if (!/^-?\d+(\.\d+)?$/.test(plain)) return null;
  const digits = plain.split(".")[1]?.length ?? 0;
  return new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(plain as `${number}`);
}
