import type { ColumnView, DateSpec, Mapping, QuestionView, SourceView } from "../api/rest";

export type Order = NonNullable<DateSpec["order"]>;
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
    decimal: markAsked ? null : (amount?.decimal ?? columns.find((column) => column.name === amount?.column)?.decimal ?? null),
    currency: currencyAsked ? null : known(currency?.column) || (currency?.value ? `=${currency.value}` : ""),
    date: known(date?.column) || known(orderAsked?.column),
    order: orderAsked ? null : (date?.order ?? null),
    reference: known(of("reference")?.column),
  };
}

export type Open = Extract<QuestionView["kind"], "decimal_mark" | "date_order" | "currency">;

/** The questions that the draft leaves open. The Save button is disabled until there are none. */
export function open(draft: Draft, questions: QuestionView[]): Open[] {
  const found = new Set<Open>();
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
  const kept = (isSame ? before.amount : null) ?? {};
  const columns = draft.debit && draft.credit ? { debit: draft.debit, credit: draft.credit } : { column: draft.amount };
  return { ...kept, ...columns, decimal: draft.decimal };
}

function dateOf(draft: Draft, start: Draft, before: Mapping): Mapping["date"] {
  if (!draft.date || draft.order === null) return null;
  const isSame = draft.date === start.date && draft.order === before.date?.order;
  return { ...(isSame ? before.date : {}), column: draft.date, order: draft.order };
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
