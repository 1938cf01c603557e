import type { QueryClient, QueryKey } from "@tanstack/react-query";

const LEAST_MS = 1000; // between two reads of the same thing

/** Reads again what a key names, at least `after_ms` later: exactly this key, or every key that begins with it. */
export type Reread = (key: QueryKey, exact?: boolean, after_ms?: number) => void;

/**
 * Many events at once lead to one read, spread so that a thousand dashboards do not ask in the same moment. A steady flow
 * of events, such as a day's decisions, leads to at most one read per second, or fewer if a read takes longer.
 */
export function rereading(client: QueryClient): Reread {
  const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; due: number }>();
  const lastAt = new Map<string, number>();

  return function reread(key, exact = false, after_ms = 250) {
    const name = JSON.stringify([key, exact]);
    const now = Date.now();
    const due = Math.max(now + after_ms + Math.random() * 2 * after_ms, (lastAt.get(name) ?? 0) + LEAST_MS);
    const planned = waiting.get(name);
    if (planned && planned.due <= due) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      waiting.delete(name);
      // A read that is under way may have begun before the event. It is not cancelled, but followed by another one.
      if (client.isFetching({ queryKey: key, exact }) > 0) {
        reread(key, exact, after_ms);
        return;
      }
      lastAt.set(name, Date.now());
      void client.invalidateQueries({ queryKey: key, exact });
    }, due - now);
    waiting.set(name, { timer, due });
  };
}
