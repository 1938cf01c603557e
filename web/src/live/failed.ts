import type { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import type { Live } from "./live";

/**
 * Reads again what could not be read while the server was away, as soon as the page is live again.
 *
 * A view that has never been read follows no stream, so no event would ever take its error away.
 */
export function rereadFailed(client: QueryClient, live: Pick<Live, "connection" | "onConnection">): () => void {
  return live.onConnection(() => {
    if (live.connection.status !== "live") return;
    void client.refetchQueries({ type: "active", predicate: ({ state }) => isAway(state.error) }, { cancelRefetch: false });
  });
}

/** Whether the server gave no answer, or none that says anything about the person's rights. */
function isAway(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status >= 500);
}
