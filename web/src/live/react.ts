import { useQuery, useQueryClient, type QueryKey, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { Answer } from "../api/client";
import type { Notices } from "../api/live";
import { Problem } from "../api/problem";
import { read } from "../api/search";
import { session } from "../api/session";
import type { Connection } from "./connection";
import type { Doing } from "./event";
import { keys, type Held } from "./keys";
import type { Live } from "./live";

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error("LiveContext is missing");
  return live;
}

export function useConnection(): Connection {
  const live = useLive();
  return useSyncExternalStore(
    (listener) => live.onConnection(listener),
    () => live.connection,
  );
}

/** Why nothing can be decided, revealed or saved now; undefined while it can. */
export function useOffline(): string | undefined {
  return useConnection().status === "offline" ? "Not available while offline." : undefined;
}

/** The stream that keeps a view up to date. Some views show only after the first reading whether there is one. */
export type StreamOf<T> = string | null | ((body: T) => string | null);

/** Somebody else who is here. */
export type Other = Notices["presence"]["users"][number];

const UNFOLLOWED_MS = 10_000;

/**
 * A view that its stream keeps up to date: it is read over REST, then followed from the position of that reading.
 *
 * A view whose stream this person may not follow is read again every ten seconds instead. `catchesUp` is false for views
 * that every event causes to be read again anyway: in a busy hour each of their responses would be behind.
 */
export function useRead<T>(
  key: QueryKey,
  path: string,
  stream: StreamOf<T>,
  enabled = true,
  catchesUp = true,
): UseQueryResult<Answer<T>, Problem> {
  const live = useLive();
  const nameFor = (body: T | undefined) => (typeof stream !== "function" ? stream : body === undefined ? null : stream(body));
  const result = useQuery<Answer<T>, Problem>({
    queryKey: key,
    queryFn: async ({ signal }) => {
      let answer = await read<T>(path, signal);
      // A slow answer may lack an event that has arrived in the meantime: read again rather than go back in time.
      for (let again = 0; catchesUp && again < 3; again++) {
        const name = nameFor(answer.body);
        if (name === null || !live.isAhead(name, answer.position)) break;
        answer = await read<T>(path, signal);
      }
      return answer;
    },
    enabled,
    refetchInterval: ({ state }) =>
      typeof stream === "function" && state.data && nameFor(state.data.body) === null ? UNFOLLOWED_MS : false,
  });
  const isRead = result.data !== undefined;
  const name = nameFor(result.data?.body);
  // Only the first position matters; after that the stream continues by itself.
  const readAt = useEffectEvent(() => result.data?.position ?? null);
  useEffect(() => {
    if (name === null || !isRead) return;
    return live.follow(name, readAt());
  }, [live, name, isRead]);
  return result;
}

/** Follows streams from now on, for a view that has no stream of its own but changes with theirs. */
export function useFollowed(names: string[]): void {
  const live = useLive();
  const all = names.join(" ");
  useEffect(() => {
    const releases = all === "" ? [] : all.split(" ").map((name) => live.follow(name, null));
    return () => releases.forEach((release) => release());
  }, [live, all]);
}

/** Says on a stream that this person is here, as long as the view is shown. */
export function usePresence(stream: string, doing: Doing): void {
  const live = useLive();
  const said = JSON.stringify(doing);
  useEffect(() => live.say(stream, JSON.parse(said) as Doing), [live, stream, said]);
}

/** Everybody else who is here, on a stream that is followed. */
export function useOthers(stream: string): Other[] {
  const me = session()?.user.id;
  return (useHeld(keys.here(stream))?.users ?? []).filter((user) => user.user_id !== me);
}

/** A value that only events write. */
export function useHeld<T>(key: Held<T>): T | undefined {
  const client = useQueryClient();
  return useSyncExternalStore(
    (listener) =>
      client.getQueryCache().subscribe((event) => {
        if (JSON.stringify(event.query.queryKey) === JSON.stringify(key)) listener();
      }),
    () => client.getQueryData<T>(key),
  );
}
