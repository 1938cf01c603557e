import type { MatchRecordView, Money } from "../api/rest";

/** The exact sum of a side's amounts; null if an amount is missing or the currencies differ. */
export function total(records: MatchRecordView[]): Money | null {
  const amounts = records.map((record) => record.amount);
  const first = amounts[0];
  if (!first || amounts.some((one) => one?.currency !== first.currency)) return null;
  return { amount: sum(amounts.map((one) => one?.amount ?? "0")), currency: first.currency };
}

/** Left minus right, for sides in the same currency. */
export function difference(left: Money | null, right: Money | null): Money | null {
  if (!left || !right) return null;
  if (left.currency !== right.currency) return null;
  return { amount: sum([left.amount, negated(right.amount)]), currency: left.currency };
}

/** The days from the left side's date to the right side's. */
export function daysBetween(left: string | null | undefined, right: string | null | undefined): number | null {
  if (!left || !right) return null;
  return Math.round((Date.parse(`${right}T00:00:00Z`) - Date.parse(`${left}T00:00:00Z`)) / 86_400_000);
}

export function isZero(amount: string): boolean {
  return !/[1-9]/.test(amount);
}

/** Adds decimal texts digit by digit, because binary numbers would round money. */
export function sum(amounts: string[]): string {
  const places = Math.max(...amounts.map((amount) => amount.split(".")[1]?.length ?? 0));
  const all = amounts.reduce((found, amount) => found + scaled(amount, places), 0n);
  const digits = (all < 0n ? -all : all).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return `${all < 0n ? "-" : ""}${places > 0 ? `${whole}.${digits.slice(-places)}` : whole}`;
}

function scaled(amount: string, places: number): bigint {
  const [whole = "0", fraction = ""] = amount.replace("-", "").split(".");
  const value = BigInt(whole + fraction.padEnd(places, "0"));
  return amount.startsWith("-") ? -value : value;
}

export function negated(amount: string): string {
  return amount.startsWith("-") ? amount.slice(1) : `-${amount}`;
}
