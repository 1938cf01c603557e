import { fresh, onSession, session } from "../api/session";

/** Who the requests are sent as: a pasted token goes before the session that the dashboard shares with this page. */
export type Caller = { kind: "nobody" } | { kind: "session"; name: string } | { kind: "token" };

/** In memory only, like the session's token: nothing on the page shows it, and a reload forgets it. */
let pasted: string | null = null;
const listeners = new Set<() => void>();

onSession(tell);

export function caller(): Caller {
  if (pasted !== null) return { kind: "token" };
  const found = session();
  return found === null ? { kind: "nobody" } : { kind: "session", name: found.user.display_name };
}

export function onCaller(listener: () => void): void {
  listeners.add(listener);
}

/** Takes a token, with or without `Bearer` in front. Returns false if it cannot be one. */
export function pasteToken(text: string): boolean {
  const token = text.trim().replace(/^bearer\s+/i, "");
  if (!/^[\w.~+/=-]+$/.test(token)) return false;
  pasted = token;
  tell();
  return true;
}

/**
 * Calls a listener when the person at the page changes: what is on it, and a pasted token, are not for the next one. Somebody
 * who signs in after a token was pasted may be another person.
 */
export function onChangeOfPerson(listener: () => void): void {
  let reader: string | null = null;
  onSession(() => {
    const user = session()?.user.id ?? null;
    const isChange = user !== reader && (reader !== null || pasted !== null);
    const isOver = isChange || (user === null && pasted !== null);
    reader = user;
    if (isOver) listener();
  });
}

/** The token to send with a request. The session's is refreshed first if necessary. */
export async function currentToken(): Promise<string | null> {
  return pasted ?? (await fresh())?.token ?? null;
}

function tell(): void {
  for (const listener of listeners) listener();
}
