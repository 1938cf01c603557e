import { get, type Answer } from "./client";

/** A page of a search that may have stopped before its list has ended, because it has looked at many rows. */
interface Searched {
  items: unknown[];
  next_cursor: string | null;
  looked_at: number | null;
}

/** Steps of a search, until somebody has to ask for more. The server looks at 20,000 rows in each. */
const MOST_STEPS = 10;
const PAGE = 50;

/** Reads a view. A search goes on until it has found a page of rows or has looked at all, so that a short page is all there is. */
export async function read<T>(path: string, signal?: AbortSignal, one: typeof get = get): Promise<Answer<T>> {
  const first = await one<T>(path, signal);
  if (!isSearched(first.body)) return first;
  const limit = Number(/[?&]limit=(\d+)/.exec(path)?.[1] ?? PAGE);
  let { items, looked_at, next_cursor } = first.body;
  for (let step = 1; step < MOST_STEPS && items.length < limit && next_cursor !== null; step++) {
    const { body } = await one<T>(`${withoutPlace(path)}&cursor=${encodeURIComponent(next_cursor)}`, signal);
    const found = body as Searched;
    items = [...items, ...found.items];
    looked_at = looked_at === null || found.looked_at === null ? null : looked_at + found.looked_at;
    next_cursor = found.next_cursor;
  }
  return { ...first, body: { ...first.body, items, looked_at, next_cursor } };
}

function isSearched(body: unknown): body is Searched {
  return typeof body === "object" && body !== null && "looked_at" in body && body.looked_at !== null && "next_cursor" in body;
}

/** The address without the place in the list: it is that of the first page. */
function withoutPlace(path: string): string {
  const [before, query] = path.split("?") as [string, string];
  const kept = query.split("&").filter((part) => !/^(?:cursor|skip)=/.test(part));
  return `${before}?${kept.join("&")}`;
}
