import type { BookProof, BookSum, Money, PairSummary } from "../api/rest";

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
] as const;

export function booksOf({ proof, sums }: PairSummary): Books[] {
  return proof.map((row) => {
    const of = (side: "left" | "right") => sums.find((sum) => sum.side === side && sum.currency === row.currency);
    return { currency: row.currency, proof: row, left: of("left"), right: of("right") };
  });
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
