import { useQuery, useQueryClient, type QueryKey, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import { get, type Answer } from "../api/client";
import { Problem } from "../api/problem";
import type { Connection, Live } from "./live";

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

/** A view that is kept true by its stream: read over REST, then followed from the position that it was read at. */
export function useRead<T>(key: QueryKey, path: string, stream: string | null, enabled = true): UseQueryResult<Answer<T>, Problem> {
  const live = useLive();
  const result = useQuery<Answer<T>, Problem>({
    queryKey: key,
    queryFn: async ({ signal }) => {
      let answer = await get<T>(path, signal);
      // An event that came meanwhile may be missing in a slow answer: read again rather than fall back behind it.
      for (let again = 0; again < 3 && stream !== null && live.isAhead(stream, answer.position); again++) {
        answer = await get<T>(path, signal);
      }
      return answer;
    },
    enabled,
  });
  const isRead = result.data !== undefined;
  const position = result.data?.position ?? null;
  useEffect(() => {
    if (stream === null || !isRead) return;
    return live.follow(stream, position);
    // The position matters once: from then on the stream goes on by itself.
  }, [live, stream, isRead]);
  return result;
}

/** A value that events write and nobody fetches. */
export function useHeld<T>(key: QueryKey): T | undefined {
  const client = useQueryClient();
  return useSyncExternalStore(
    (listener) => client.getQueryCache().subscribe((event) => {
      if (JSON.stringify(event.query.queryKey) === JSON.stringify(key)) listener();
    }),
    () => client.getQueryData<T>(key),
  );
}
