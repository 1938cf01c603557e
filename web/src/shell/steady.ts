import { useState } from "react";

interface Page<T> {
  items: T[];
}

/** The rows of a page as they stood, with what has become of each. */
export interface Steady<P> {
  page: P;
  /** The ids of rows that the list no longer has. */
  gone: ReadonlySet<string>;
  /** Whether loading it again would show other rows. */
  isChanged: boolean;
}

/** Rows keep their places, in their newest state. Rows that have come meanwhile are left for the next loading. */
export function steady<T extends { id: string }, P extends Page<T>>(shown: P, now: P): Steady<P> {
  const found = new Map(now.items.map((item) => [item.id, item]));
  const known = new Set(shown.items.map((item) => item.id));
  const gone = new Set(shown.items.filter((item) => !found.has(item.id)).map((item) => item.id));
  return {
    page: { ...now, items: shown.items.map((item) => found.get(item.id) ?? item) },
    gone,
    isChanged: gone.size > 0 || now.items.some((item) => !known.has(item.id)),
  };
}

interface Held<P> {
  of: string;
  page: P;
  /** Whether it was read after the last change that this person has made. */
  isSettled: boolean;
}

/**
 * Holds a page of a list in place while others change what it lists. `of` names what is shown and the person's own latest
 * change: with another one, pages are taken as they are read, until one `isFresh`, which means read after that change.
 */
export function useSteady<T extends { id: string }, P extends Page<T>>(
  of: string,
  now: P | undefined,
  isFresh: boolean,
): [Steady<P> | undefined, load: () => void] {
  const [held, setHeld] = useState<Held<P> | null>(null);
  const known = held?.of === of ? held : null;
  const isHeld = known?.isSettled === true && known.page.items.length > 0;
  if (now !== undefined && !isHeld && (known?.page !== now || known.isSettled !== isFresh)) {
    setHeld({ of, page: now, isSettled: isFresh });
  }
  const load = () => {
    if (now !== undefined) setHeld({ of, page: now, isSettled: true });
  };
  if (now === undefined) return [undefined, load];
  return [steady<T, P>(isHeld ? known.page : now, now), load];
}
