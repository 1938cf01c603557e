import { useQuery, useQueryClient, type QueryKey, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { get, type Answer } from "../api/client";
import { Problem } from "../api/problem";
import type { Connection } from "./connection";
import type { Held } from "./keys";
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
  return useConnection().status === "offline" ? "Not while offline." : undefined;
}

/** The stream that keeps a view true; some views say only once they are read whether there is one. */
export type StreamOf<T> = string | null | ((body: T) => string | null);

const UNFOLLOWED_MS = 10_000;

/**
 * A view that is kept true by its stream: read over REST, then followed from the position that it was read at.
 *
 * A view that turns out to have no stream for its reader is read again every ten seconds instead. One that every event
 * makes to be read anew, a moment later, need not catch up at once: in a busy hour each of its answers is behind.
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
      let answer = await get<T>(path, signal);
      // An event that came meanwhile may be missing in a slow answer: read again rather than fall back behind it.
      for (let again = 0; catchesUp && again < 3; again++) {
        const name = nameFor(answer.body);
        if (name === null || !live.isAhead(name, answer.position)) break;
        answer = await get<T>(path, signal);
      }
      return answer;
    },
    enabled,
    refetchInterval: ({ state }) =>
      typeof stream === "function" && state.data && nameFor(state.data.body) === null ? UNFOLLOWED_MS : false,
  });
  const isRead = result.data !== undefined;
  const name = nameFor(result.data?.body);
  // The position matters once: from then on the stream goes on by itself.
  const readAt = useEffectEvent(() => result.data?.position ?? null);
  useEffect(() => {
    if (name === null || !isRead) return;
    return live.follow(name, readAt());
  }, [live, name, isRead]);
  return result;
}

/** Follows streams that views read elsewhere depend on, from now on. */
export function useFollowed(names: string[]): void {
  const live = useLive();
  const all = names.join(" ");
  useEffect(() => {
    const releases = all === "" ? [] : all.split(" ").map((name) => live.follow(name, null));
    return () => releases.forEach((release) => release());
  }, [live, all]);
}

/** A value that events write and nobody fetches. */
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
