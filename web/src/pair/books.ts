import type { BookProof, BookSum, Counts, Money, PairSummary } from "../api/rest";
import { isZero } from "../match/difference";

/** What the books say about one currency. A side that has no record in it has no sums. */
export interface Books {
  currency: string;
  proof: BookProof;
  left: BookSum | undefined;
  right: BookSum | undefined;
}

export const TERMS = [
  ["suggested", "To review"],
  ["open", "Open"],
  ["booked", "Booked"],
  ["explained", "Explained"],
  ["written_off", "Written off"],
  ["elsewhere", "Elsewhere"],
] as const;
type Term = (typeof TERMS)[number];

/** What a term means where its name does not say it. */
export const MEANINGS: Partial<Record<Term[0], string>> = {
  suggested: "Waits in suggestions, and is part of what is open",
  elsewhere: "Matched with another source than these two",
};

/** The terms that the screen has columns for: only some books have something that is matched with a third source. */
export function termsOf(books: Books[]): Term[] {
  const has = ({ left, right }: Books) => [left, right].some((side) => side !== undefined && !isZero(side.elsewhere.amount));
  return TERMS.filter(([term]) => term !== "elsewhere" || books.some(has));
}

export function booksOf({ proof, sums }: PairSummary): Books[] {
  return proof.map((row) => {
    const of = (side: "left" | "right") => sums.find((sum) => sum.side === side && sum.currency === row.currency);
    return { currency: row.currency, proof: row, left: of("left"), right: of("right") };
  });
}

/** How many matches the lists have: write-offs are among them, though the books count them apart. */
export function listed({ counts, to_sign }: Pick<PairSummary, "counts" | "to_sign">): Counts {
  return {
    ...counts,
    suggested: (counts.suggested ?? 0) + to_sign,
    confirmed: (counts.confirmed ?? 0) + (counts.written_off ?? 0),
  };
}

/** The books as a table for a spreadsheet: tabs between columns, a point before the decimals. */
export function tsvOf(books: Books[]): string {
  const both = (name: string) => [`${name} left`, `${name} right`];
  const head = [
    "Currency",
    ...both("Matched"),
    "Difference",
    ...TERMS.flatMap(([, name]) => both(name)),
    ...both("Without amount"),
    "Agrees",
  ];
  const rows = books.map(({ currency, proof, left, right }) => [
    currency,
    proof.left.amount,
    proof.right.amount,
    proof.difference.amount,
    ...TERMS.flatMap(([term]) => [plain(left?.[term]), plain(right?.[term])]),
    String(left?.without_amount ?? 0),
    String(right?.without_amount ?? 0),
    proof.agrees ? "yes" : "no",
  ]);
  return [head, ...rows].map((row) => row.join("\t")).join("\n");
}

function plain(value: Money | undefined): string {
  return value?.amount ?? "0";
}
