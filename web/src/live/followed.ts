import type { Position } from "../api/client";

/** A stream that some view wants, and how far it has come. */
export interface Followed {
  users: number;
  seq: number | null;
  epoch: string | null;
  /** Counts the subscriptions of this stream, so that the answer to an older one is dropped. */
  turn: number;
  /** The server has been asked for the stream and has not answered yet. The answer will bring what is missing. */
  isAsked: boolean;
  /** The stream is wanted but not followed: the connection was lost, or a refusal was not final. */
  isBehind: boolean;
  /** Refused for good. The view has been told, and the stream is not asked for again. */
  isRefused: boolean;
  again: ReturnType<typeof setTimeout> | null;
}

/** A stream with its first user. */
export function followedFrom(position: Position | null, isBehind: boolean): Followed {
  const { seq, epoch } = position ?? { seq: null, epoch: null };
  return { users: 1, seq, epoch, turn: 0, isAsked: false, isBehind, isRefused: false, again: null };
}

/** Gives up the repetition that is planned, if there is one. */
export function rest(found: Followed): void {
  if (found.again !== null) clearTimeout(found.again);
  found.again = null;
}
