import type { Position } from "../api/client";
import { Cursor } from "./cursor";

/** A stream that some view wants, and how far it has come. */
export interface Followed {
  users: number;
  cursor: Cursor;
  /** The stream is wanted but not followed: the connection was lost, or a refusal was not final. */
  isBehind: boolean;
  again: ReturnType<typeof setTimeout> | null;
}

/** A stream with its first user. */
export function followedFrom(position: Position | null, isBehind: boolean): Followed {
  return { users: 1, cursor: new Cursor(position), isBehind, again: null };
}

/** Gives up the repetition that is planned, if there is one. */
export function rest(found: Followed): void {
  if (found.again !== null) clearTimeout(found.again);
  found.again = null;
}
