import type { MatchByHand, Money, OpenItem } from "../api/rest";
import { difference, isZero, negated, sum } from "../match/difference";

export type Side = "left" | "right";

/** What both sides of a selection come to in one currency, and what is left between them. */
export interface Balance {
  currency: string;
  left: Money;
  right: Money;
  difference: Money;
}

/** What has an amount on a side: an open item, or a record of a match. */
type Counted = Pick<OpenItem, "side" | "amount">;

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
 * Which sign the right side has: the one that the pair's first match has fixed. Before it, amounts that cancel each other
 * out say that one book counts the other way round, as the server decides it.
 */
export function signOf(known: 1 | -1 | null, items: Counted[]): 1 | -1 {
  if (known !== null) return known;
  const plain = balancesOf(items, 1);
  const turned = balancesOf(items, -1);
  return plain.length === 1 && !isTied(plain) && isTied(turned) ? -1 : 1;
}

/** The body for a selection: records by side, and the matches whose remainders are chosen. */
export function bodyOf(items: OpenItem[]): Required<Pick<MatchByHand, "left" | "right" | "replaces">> {
  const records = (side: Side) => items.filter((item) => item.side === side && item.match_id === null).map((item) => item.id);
  return { left: records("left"), right: records("right"), replaces: items.flatMap((item) => item.match_id ?? []) };
}
