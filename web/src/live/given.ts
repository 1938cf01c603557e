import { useSyncExternalStore } from "react";
import type { WorkAssigned } from "../api/live";
import { onSession, session } from "../api/session";

const listeners = new Set<() => void>();
let known: readonly WorkAssigned[] = [];

function set(next: readonly WorkAssigned[]): void {
  known = next;
  for (const listener of listeners) listener();
}

onSession(() => {
  if (session() === null) set([]);
});

/** Notes what somebody else has given this person to look at. */
export function addGiven(work: WorkAssigned): void {
  set([work, ...known.filter((one) => one.match_id === null || one.match_id !== work.match_id)].slice(0, 50));
}

export function dropGiven(): void {
  set([]);
}

export function given(): readonly WorkAssigned[] {
  return known;
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** What others have given this person to look at since the page was loaded, the latest first, until they go and look. */
export function useGiven(): readonly WorkAssigned[] {
  return useSyncExternalStore(listen, given);
}
