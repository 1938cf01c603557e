import type { MatchByHand, OpenItem } from "../api/rest";
import { balancesOf, isTied, type Counted, type Side } from "../match/balance";

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
