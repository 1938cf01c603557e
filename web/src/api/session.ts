import type { SignedIn, UserView } from "./rest";
import { newKey } from "./key";
import { Problem, problemOf } from "./problem";

/**
 * The access token, in memory only. The refresh token is a cookie that scripts cannot read.
 *
 * Tabs share one session: only the holder of the lock refreshes, the others adopt what it broadcasts. Two tabs that
 * refresh with the same token would look like a theft and end the session.
 */
export interface Session {
  token: string;
  expiresAt: number;
  user: UserView;
}

type Message =
  | { kind: "ask" }
  | { kind: "session"; session: Session }
  | { kind: "signed-out"; lost: boolean };

const HEADERS = { "Content-Type": "application/json", "X-Requested-With": "tallyroom" };
const SKEW_MS = 30_000;
const MARK = "tallyroom-session"; // no secret: only whether there may be a cookie to refresh with
const channel = new BroadcastChannel("tallyroom");
const listeners = new Set<() => void>();
let current: Session | null = null;
let lost = false;
let refreshing: Promise<Session | null> | null = null;

channel.onmessage = (event: MessageEvent<Message>) => {
  const message = event.data;
  if (message.kind === "ask" && isFresh(current)) channel.postMessage({ kind: "session", session: current });
  if (message.kind === "session") set(message.session, false);
  if (message.kind === "signed-out") {
    lost = message.lost;
    set(null, false);
  }
};

export function session(): Session | null {
  return current;
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** At the start of a tab: a sibling's session, else a refresh by cookie. */
export async function resume(): Promise<Session | null> {
  channel.postMessage({ kind: "ask" });
  await new Promise((done) => setTimeout(done, 150));
  return isFresh(current) || !isMarked() ? current : refresh();
}

function isMarked(): boolean {
  try {
    return localStorage.getItem(MARK) !== null;
  } catch {
    return true; // Storage is blocked: ask the server.
  }
}

function mark(isSignedIn: boolean): void {
  try {
    if (isSignedIn) localStorage.setItem(MARK, "1");
    else localStorage.removeItem(MARK);
  } catch {
    // Storage is blocked: the next tab asks the server.
  }
}

/** A session whose token is good for a while: refreshed first where it is not. */
export async function fresh(): Promise<Session | null> {
  return isFresh(current) || current === null ? current : refresh();
}

export async function signIn(email: string, password: string, remember: boolean): Promise<Session> {
  const response = await send("/api/v1/auth/login", { email, password, remember });
  if (!response.ok) throw await problemOf(response);
  return adopt((await response.json()) as SignedIn);
}

export function adopt(answer: SignedIn): Session {
  const found = {
    token: answer.access_token,
    expiresAt: Date.now() + answer.expires_in * 1000,
    user: answer.user,
  };
  set(found, true);
  return found;
}

export async function signOut(): Promise<void> {
  await send("/api/v1/auth/logout", {}).catch(() => undefined);
  lost = false;
  set(null, true);
}

/** The server says that the session has ended. */
export function forget(): void {
  if (current !== null) lose();
}

/** Whether the session ended by itself rather than by signing out: what was typed is kept then. */
export function wasLost(): boolean {
  return lost;
}

/** The server asks for a new password before anything else. */
export function expirePassword(): void {
  if (current === null || isPasswordExpired(current)) return;
  set({ ...current, user: { ...current.user, password_expires_at: new Date().toISOString() } }, false);
}

export function isPasswordExpired(found: Session): boolean {
  const end = found.user.password_expires_at;
  return end !== null && Date.parse(end) <= Date.now();
}

function lose(): void {
  lost = true;
  set(null, true);
}

export function refresh(): Promise<Session | null> {
  refreshing ??= alone(renew).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** One tab at a time. A page that was not loaded over a secure origin has no locks: it is alone then. */
async function alone(work: () => Promise<Session | null>): Promise<Session | null> {
  return "locks" in navigator ? await navigator.locks.request("tallyroom-refresh", work) : await work();
}

async function renew(): Promise<Session | null> {
  if (isFresh(current)) return current; // a sibling was faster
  // The same key for every try: an answer that got lost is given again instead of being taken for a theft.
  const key = newKey();
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await send("/api/v1/auth/refresh", {}, { "Idempotency-Key": key });
      if (response.ok) return adopt((await response.json()) as SignedIn);
      if (response.status < 500 && response.status !== 429) {
        if (current !== null) lose();
        else mark(false);
        return null;
      }
    } catch (error) {
      if (attempt >= 3) throw error instanceof Problem ? error : Problem.offline();
    }
    if (attempt >= 3) throw Problem.offline();
    await new Promise((done) => setTimeout(done, 500 * 2 ** attempt));
  }
}

function isFresh(found: Session | null): found is Session {
  return found !== null && found.expiresAt - SKEW_MS > Date.now();
}

function set(found: Session | null, broadcast: boolean): void {
  current = found;
  mark(found !== null);
  if (broadcast) channel.postMessage(found ? { kind: "session", session: found } : { kind: "signed-out", lost });
  for (const listener of listeners) listener();
}

function send(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify(body),
  });
}
