import type { Proof } from "../api/rest";
import { count, money } from "../shell/format";

/** What still keeps the two sides of a currency from agreeing, in words. Empty if they agree. */
export function missing(row: Proof): string[] {
  const { left, right } = row;
  const found = [
    amounts("to review", left.to_review_records, right.to_review_records),
    amounts("open", left.open_records, right.open_records),
    amounts("left open by matches", left.remainders, right.remainders),
    amounts("without an amount", left.without_amount, right.without_amount),
  ];
  if (isUnequal(row)) found.push(`confirmed amounts differ by ${money(row.difference)}`);
  return found.filter((words) => words !== "");
}

/** Whether the confirmed amounts of the two sides differ. It checks the decimal text, since a number would be rounded. */
export function isUnequal({ difference }: Proof): boolean {
  return /[1-9]/.test(difference.amount);
}

/** One sentence about a currency. */
export function verdict(row: Proof, isRunning: boolean): string {
  if (isRunning) return "This is checked when the reconciliation is done.";
  const words = missing(row);
  if (row.agrees) return "Both sides agree.";
  if (words.length === 0) return "The reconciliation is not complete.";
  return `Not yet: ${words.join("; ")}.`;
}

function amounts(words: string, left: number, right: number): string {
  if (left === 0 && right === 0) return "";
  if (left === right) return `${count(left)} ${words} on each side`;
  const sides = [left > 0 ? `${count(left)} left` : "", right > 0 ? `${count(right)} right` : ""];
  return `${sides.filter(Boolean).join(" and ")} ${words}`;
}
