import type { MatchDetail, MatchRecordView, Split } from "../api/rest";
import { balancesOf, isTied, type Balance } from "../match/balance";
import { sideOf } from "../match/evidence";

/** Which part each record is in, by its id. Parts are counted from 0; what is taken out has the number OUT. */
export type Shares = ReadonlyMap<string, number>;

/** The part of records that are taken out of the match, and are open again. */
export const OUT = -1;

/** How many parts can stay matches: each of them needs a record on either side. */
export function mostParts(records: MatchRecordView[]): number {
  return Math.min(sideOf(records, "left").length, sideOf(records, "right").length);
}

/** Whether a match is active and has more records than one part needs. A suggestion to extend a match has only one itself. */
export function canSplit({ status, records, extends: base }: Pick<MatchDetail, "status" | "records" | "extends">): boolean {
  return (status === "confirmed" || (status === "suggested" && base === null)) && mostParts(records) > 0 && records.length > 2;
}

/**
 * The parts to begin with: a record of each side that come to the same if there are such records, and all others. Where a
 * side has a single record there is one part, from which records can be taken out.
 */
export function beginning(records: MatchRecordView[], sign: 1 | -1): Shares {
  if (mostParts(records) < 2) return new Map(records.map((record) => [record.id, 0]));
  const [left, right] = [sideOf(records, "left"), sideOf(records, "right")];
  const pairs = left.flatMap((one) => right.map((other) => [one, other] as const));
  const first = pairs.find((pair) => pair.every((one) => one.amount !== null) && isTied(balancesOf([...pair], sign))) ?? pairs[0] ?? [];
  const apart = new Set(first.map((record) => record.id));
  return new Map(records.map((record) => [record.id, apart.has(record.id) ? 0 : 1]));
}

/** The parts of a split that somebody has signed. */
export function sharesOf(parts: Split["parts"]): Shares {
  const matched = parts.filter(isMatched);
  return new Map(
    parts.flatMap((part) => [...part.left, ...part.right].map((id) => [id, isMatched(part) ? matched.indexOf(part) : OUT] as const)),
  );
}

/** Whether a part stays a match, since it has records of both sides. */
export function isMatched({ left, right }: Split["parts"][number]): boolean {
  return left.length > 0 && right.length > 0;
}

/** Whether both share out the records alike. */
export function isSame(one: Shares, other: Shares): boolean {
  return one.size === other.size && [...one].every(([id, part]) => other.get(id) === part);
}

type State = Pick<MatchDetail, "status" | "records" | "signatures" | "signed_split" | "difference_reason">;

/** Whether a match is still what a dialog was opened for. A comment or another assignee changes nothing about a split. */
export function isUnchanged(before: State, now: State): boolean {
  const of = ({ status, records, signatures, signed_split, difference_reason }: State) =>
    JSON.stringify([status, records.map(({ id, side }) => [id, side]), signatures, signed_split, difference_reason]);
  return of(before) === of(now);
}

/** The same for what the match has become: records that it still has stay in their parts, others are in the last one. */
export function carried(shares: Shares, records: MatchRecordView[], number: number): Shares {
  return new Map(records.map(({ id }) => [id, Math.min(shares.get(id) ?? number - 1, number - 1)]));
}

/** The parts as the server is told about them: what has records of one side only is taken out. */
export function partsOf(records: MatchRecordView[], shares: Shares, number: number): Split["parts"] {
  const ids = (side: "left" | "right", part: number) =>
    sideOf(records, side)
      .filter((record) => shares.get(record.id) === part)
      .map((record) => record.id);
  const parts = Array.from({ length: number }, (_, part) => ({ left: ids("left", part), right: ids("right", part) }));
  const out = [
    { left: ids("left", OUT), right: [] },
    { left: [], right: ids("right", OUT) },
  ];
  return [...parts, ...out].filter(({ left, right }) => left.length + right.length > 0);
}

/** What each part comes to, a row per currency. */
export function balancesOfParts(records: MatchRecordView[], shares: Shares, number: number, sign: 1 | -1): Balance[][] {
  return Array.from({ length: number }, (_, part) =>
    balancesOf(
      records.filter((record) => shares.get(record.id) === part),
      sign,
    ),
  );
}

/** Without a part: its records move to the one before it, and the parts behind it move up. */
export function without(shares: Shares, part: number): Shares {
  return new Map([...shares].map(([id, own]) => [id, own >= part ? Math.max(0, own - 1) : own]));
}
