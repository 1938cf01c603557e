import { useSyncExternalStore } from "react";
import { change, get } from "../api/client";
import { Problem } from "../api/problem";
import type { MatchDetail, Reviewed } from "../api/rest";
import { onSession, session } from "../api/session";

/** A decision that this person has made in this tab, and what undoing it needs. */
export type Deed = { project: string; words: string } & (
  | { of: "match"; id: string; status: MatchDetail["status"]; version: number }
  | { of: "decision"; id: string }
  /** Many decisions that were taken back at once. That is no decision, so nothing undoes it as a whole. */
  | { of: "taken back"; id: string }
  | { of: "record"; id: string }
  /** A signature that waits for another person's, on the match with this id. */
  | { of: "signature"; id: string }
);

/** What is said after the first of two signatures. */
export const SECOND = "Another person has to sign too.";

const MOST = 50;
/** In this tab only, so that a page that is loaded again still offers to undo. */
const STORED = "tallyroom-deeds";
const listeners = new Set<() => void>();
let deeds: readonly Deed[] = [];
/** Whose they are. */
let owner: string | null = null;

/** When this person's decisions last changed, in milliseconds. */
let changedAt = 0;

function set(next: readonly Deed[]): void {
  deeds = next;
  changedAt = Date.now();
  store();
  for (const listener of listeners) listener();
}

function store(): void {
  try {
    if (owner === null || deeds.length === 0) sessionStorage.removeItem(STORED);
    else sessionStorage.setItem(STORED, JSON.stringify({ owner, deeds }));
  } catch {
    // Storage is blocked or full, so they are kept only for this page.
  }
}

function stored(person: string): readonly Deed[] {
  try {
    const found = JSON.parse(sessionStorage.getItem(STORED) ?? "null") as { owner: string; deeds: Deed[] } | null;
    return found?.owner === person ? found.deeds : [];
  } catch {
    return [];
  }
}

/** Somebody else who signs in in this tab finds nothing of the person before. */
function meet(): void {
  const person = session()?.user.id ?? null;
  if (person === owner) return;
  owner = person;
  set(person === null ? [] : stored(person));
}

onSession(meet);
meet();

export function addDeed(deed: Deed): void {
  set([deed, ...deeds].slice(0, MOST));
}

/** What has been undone, or decided on otherwise, is no longer offered. */
export function dropDeed(id: string): void {
  set(deeds.filter((deed) => deed.id !== id));
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** When this person has last decided or undone something, in milliseconds. */
export function useOwnChange(): number {
  return useSyncExternalStore(listen, () => changedAt);
}

/** The latest of this person's decisions in a project that has not been undone. */
export function lastDeed(project: string): Deed | undefined {
  return deeds.find((deed) => deed.project === project);
}

export function useLastDeed(project: string): Deed | undefined {
  return useSyncExternalStore(listen, () => lastDeed(project));
}

/** A deed that can be undone. */
export type Undoable = Exclude<Deed, { of: "taken back" }>;

/** Undoes a decision. Returns how many matches it has changed. */
export async function undo(deed: Undoable): Promise<number> {
  if (deed.of === "decision") return (await change<Reviewed>("POST", `/decisions/${deed.id}/undo`)).changed;
  if (deed.of === "record") await change("DELETE", `/records/${deed.id}/write-off`);
  else if (deed.of === "signature") await change("DELETE", `/matches/${deed.id}/signature`);
  else await undoMatch(deed);
  return 1;
}

/** A comment makes a new version too, so that only a decision by somebody else is in the way. */
async function undoMatch(deed: Undoable & { of: "match" }): Promise<void> {
  const send = (version: number) => change<MatchDetail>("POST", `/matches/${deed.id}/undo`, { body: {}, version });
  try {
    await send(deed.version);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "version_conflict") throw error;
    const { body } = await get<MatchDetail>(`/matches/${deed.id}`);
    if (body.status !== deed.status || !isOwn(body)) throw error;
    await send(body.version);
  }
}

/** Whether a match is still as this person has left it. Nobody is named as the one who decided on a match that was split. */
function isOwn({ status, decided_by, signatures }: MatchDetail): boolean {
  const me = session()?.user.id;
  return status === "superseded" || decided_by === me || signatures.some(({ by }) => by === me);
}
