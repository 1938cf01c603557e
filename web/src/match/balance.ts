import type { MatchView, Money, OpenItem } from "../api/rest";
import { difference, isZero, negated, sum } from "./difference";

export type Side = "left" | "right";

/** What both sides of a selection come to in one currency, and what is left between them. */
export interface Balance {
  currency: string;
  left: Money;
  right: Money;
  difference: Money;
}

/** What has an amount on a side: an open item, or a record of a match. */
export type Counted = Pick<OpenItem, "side" | "amount">;

/** The exact totals of a selection, a row per currency. Items without an amount count as nothing. */
export function balancesOf(items: Counted[], sign: 1 | -1): Balance[] {
  const currencies = [...new Set(items.map((item) => item.amount?.currency).filter((code) => code !== undefined))].sort();
  return currencies.map((currency) => {
    const all = items.flatMap(({ amount }) => (amount?.currency === currency ? amount.amount : []));
    // With as many decimals as the amounts have, so that a side without any reads like the other one.
    const zero = sum(["0", ...all, ...all.map(negated)]);
    const total = (side: Side): Money => {
      const amounts = items
        .filter((item) => item.side === side && item.amount?.currency === currency)
        .map((item) => item.amount?.amount ?? "0");
      return { amount: sum([zero, ...amounts]), currency };
    };
    const [left, right] = [total("left"), total("right")];
    const turned = sign === 1 ? right : { ...right, amount: negated(right.amount) };
    return { currency, left, right, difference: difference(left, turned) ?? { amount: "0", currency } };
  });
}

/** Whether both sides come to the same, so that nobody needs to say what becomes of a difference. */
export function isTied(balances: Balance[]): boolean {
  return balances.every((balance) => isZero(balance.difference.amount));
}

/**
 * The sign of the right side: the pair's, or before its first match is confirmed the one with which the match has the
 * difference that the server knows.
 */
export function signFor(known: 1 | -1 | null, { records, difference: apart }: Pick<MatchView, "records" | "difference">): 1 | -1 {
  if (known !== null || apart === null) return known ?? 1;
  const has = (sign: 1 | -1) =>
    balancesOf(records, sign).every(({ difference: own }) => {
      const more = difference(own, apart);
      return more !== null && isZero(more.amount);
    });
  return !has(1) && has(-1) ? -1 : 1;
}
