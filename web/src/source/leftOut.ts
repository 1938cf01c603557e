import type { Mapping, SourceView } from "../api/rest";

/** Why rows are left out, as a heading for them. */
export const REASONS: Partial<Record<string, string>> = {
  total: "totals",
  opening_balance: "opening balances",
  closing_balance: "closing balances",
  header: "repeated headers",
  caption: "captions and notes",
  other_table: "rows of other tables",
  not_booked: "not booked",
  outside: "outside the table",
};

/** The reasons with the number of rows, most frequent first. */
export function reasonsOf(source: Pick<SourceView, "left_out">): { reason: string; rows: number }[] {
  return Object.entries(source.left_out)
    .map(([reason, rows]) => ({ reason, rows }))
    .toSorted((one, other) => other.rows - one.rows || one.reason.localeCompare(other.reason));
}

export const MOST_TAKEN_IN = 1000;

/** The change that counts the row on this line, besides those that were taken in before. Null if there are too many. */
export function takingIn(mapping: Mapping, line: number): Mapping | null {
  const table = mapping.table ?? {};
  const taken = table.take_in ?? [];
  if (taken.length >= MOST_TAKEN_IN && !taken.includes(line)) return null;
  return { table: { ...table, take_in: [...new Set([...taken, line])].toSorted((one, other) => one - other) } };
}
