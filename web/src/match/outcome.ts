import type { MatchView, Money, ReasonView } from "../api/rest";
import { money } from "../shell/format";
import { balancesOf, type Side } from "./balance";
import { isZero, negated, sum } from "./difference";
import { sideOf } from "./evidence";

/** What a confirmed match does with its amounts in one currency. */
export interface Outcome {
  /** As the left side counts it. */
  matched: Money;
  /** What is not matched, signed as it was loaded. */
  rests: { side: Side; amount: Money }[];
  /** Sides of opposite signs, or without a common currency, match nothing: both are booked whole. */
  isApart: boolean;
}

type Booked = Pick<MatchView, "records" | "kind" | "status" | "difference_reason">;

/** The same shares as the server posts to the books: of each currency, the sum nearer to zero is matched. */
export function outcomesOf({ records }: Pick<MatchView, "records">, sign: 1 | -1): Outcome[] {
  const [hasLeft, hasRight] = (["left", "right"] as const).map((side) => sideOf(records, side).some(({ amount }) => amount !== null));
  return balancesOf(records, sign).map(({ currency, left, right }) => {
    const has = (side: Side) => sideOf(records, side).some(({ amount }) => amount?.currency === currency);
    const turned = sign === 1 ? right.amount : negated(right.amount);
    const [isLeftZero, isRightZero] = [isZero(left.amount), isZero(turned)];
    const isOpposite = !isLeftZero && !isRightZero && left.amount.startsWith("-") !== turned.startsWith("-");
    const isApart = isOpposite || (hasLeft === true && !has("left")) || (hasRight === true && !has("right"));
    const zero = sum([left.amount, negated(left.amount)]);
    const isLeftNearer = !sum([size(turned), negated(size(left.amount))]).startsWith("-");
    const matched = isApart ? zero : isLeftNearer ? left.amount : turned;
    const rest = (side: Side, loaded: string, taken: string) => {
      const amount = sum([loaded, negated(taken)]);
      return isZero(amount) ? [] : [{ side, amount: { amount, currency } }];
    };
    return {
      matched: { amount: matched, currency },
      rests: [...rest("left", left.amount, matched), ...rest("right", right.amount, sign === 1 ? matched : negated(matched))],
      isApart,
    };
  });
}

function size(amount: string): string {
  return amount.startsWith("-") ? negated(amount) : amount;
}

/**
 * What confirming a match books, or has booked, as sentences: how much is matched, and what becomes of the rest. None if
 * both sides come to the same.
 */
export function sentencesOf(match: Booked, sign: 1 | -1, reasons: Pick<ReasonView, "code" | "label">[]): string[] {
  const isConfirmed = match.status === "confirmed";
  if (match.kind === "one_sided" || !(isConfirmed || match.status === "suggested")) return [];
  const code = match.difference_reason;
  const label = code === null ? null : (reasons.find((reason) => reason.code === code)?.label ?? code);
  return outcomesOf(match, sign).flatMap(({ matched, rests, isApart }) => {
    if (rests.length === 0) return [];
    const rest = rests.map(({ side, amount }) => `${money(amount)} of the ${side} side`).join(" and ");
    const are = rests.length > 1 ? "are" : "is";
    const name = label === null ? "without a reason code" : `as “${label}”`;
    if (isApart) {
      const why = "No amount is on both sides, or they have opposite signs, so nothing is matched.";
      return [isConfirmed ? `${why} ${rest} ${are} booked ${name}.` : `${why} Confirming books ${rest} ${name}.`];
    }
    const becomes = label === null ? "stays open for the next payment" : `is booked ${name}`;
    if (isZero(matched.amount)) return [`${isConfirmed ? "" : "After confirming, "}${rest} ${becomes}.`];
    return [
      isConfirmed ? `${money(matched)} is matched. ${rest} ${becomes}.` : `Confirming matches ${money(matched)}. ${rest} ${becomes}.`,
    ];
  });
}
