import type { Nonce, SignedIn, SignInMethods, UserView } from "./rest";
import { newKey } from "./key";
import { Problem, problemOf } from "./problem";

/**
 * The access token, in memory only. The refresh token is a cookie that scripts cannot read.
 *
 * Tabs share one session: only the one that holds the lock refreshes, and the others adopt what it broadcasts. Two tabs that
 * refresh with the same token would look like a theft and end the session.
 */
export interface Session {
  token: string;
  expiresAt: number;
  user: UserView;
}

/**
 * Who is signed in, or how the last session ended. Both are one value, so that a page never sees that a session is gone
 * without seeing why.
 */
export interface SessionState {
  session: Session | null;
  /** The session ended by itself rather than by signing out, so what was typed is kept. */
  lost: boolean;
}

type Message = { kind: "ask" } | { kind: "session"; session: Session; isNew: boolean } | { kind: "signed-out"; lost: boolean };

const HEADERS = { "Content-Type": "application/json", "X-Requested-With": "tallyroom" };
const SKEW_MS = 30_000;
const MARK = "tallyroom-session"; // not a secret: it only says whether there may be a cookie to refresh with
const SIGNED_IN = "1";
const LEAVING = "leaving"; // signed out here, but the server has not been told yet
const TRIES = 4;
const channel = new BroadcastChannel("tallyroom");
const listeners = new Set<() => void>();
let state: SessionState = { session: null, lost: false };
/** Set when somebody signs out, until somebody signs in. Nothing else may bring a session back. */
let hasLeft = false;
/** Counts the sessions that have ended, so that a late response to an earlier one does not start a new one. */
let ended = 0;
let refreshing: Promise<Session | null> | null = null;
let leaving: Promise<void> | null = null;

channel.onmessage = (event: MessageEvent<Message>) => {
  const message = event.data;
  if (message.kind === "ask" && state.session !== null && isFresh(state.session)) {
    channel.postMessage({ kind: "session", session: state.session, isNew: false } satisfies Message);
  }
  if (message.kind === "session" && (message.isNew || !hasLeft)) begin(message.session);
  if (message.kind === "signed-out") end(message.lost);
};

/** Who is signed in. The value is replaced as a whole, never changed, so that it can be compared by identity. */
export function sessionState(): SessionState {
  return state;
}

export function session(): Session | null {
  return state.session;
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** When a tab starts, takes over the session of another tab, or else refreshes with the cookie. */
export async function resume(): Promise<Session | null> {
  if (marked() === LEAVING) {
    hasLeft = true;
    await leave();
    return null;
  }
  channel.postMessage({ kind: "ask" } satisfies Message);
  await new Promise((done) => setTimeout(done, 150));
  return isFresh(state.session) || marked() === null ? state.session : refresh();
}

/** A session whose token stays valid for a while. It is refreshed first if necessary. */
export async function fresh(): Promise<Session | null> {
  return isFresh(state.session) || state.session === null ? state.session : refresh();
}

export async function signIn(email: string, password: string, remember: boolean): Promise<Session> {
  // The response to signing out removes the cookie, so it must not arrive after the new cookie.
  await leaving;
  return adopt(await read(await send("/api/v1/auth/login", { email, password, remember })));
}

/** How people can sign in. */
export async function signInMethods(): Promise<SignInMethods> {
  return read(await fetch("/api/v1/auth/methods"));
}

/** A nonce for Google, which binds its response to this browser for ten minutes. */
export async function googleNonce(): Promise<string> {
  return (await read<Nonce>(await send("/api/v1/auth/google/nonce", {}))).nonce;
}

export async function signInWithGoogle(credential: string, remember: boolean): Promise<Session> {
  await leaving;
  return adopt(await read(await send("/api/v1/auth/google", { credential, remember })));
}

/** Signs in with a password, and links the Google account to the one that it belongs to. */
export async function signInAndLink(email: string, password: string, remember: boolean, credential: string): Promise<Session> {
  await leaving;
  const answer = await read<SignedIn>(await send("/api/v1/auth/login", { email, password, remember }));
  const headers = { Authorization: `Bearer ${answer.access_token}` };
  const user = await read<UserView>(await send("/api/v1/me/google", { credential }, headers));
  return adopt({ ...answer, user });
}

/** Begins the session after a sign-in or a change of password. */
export function adopt(answer: SignedIn): Session {
  return tell(answer, true);
}

/**
 * Signs out. Every tab forgets the session before the server hears of it, so that nothing the server says about the
 * end of the session can come first and be taken for a session that ended by itself.
 */
export function signOut(): Promise<void> {
  end(false);
  mark(LEAVING);
  channel.postMessage({ kind: "signed-out", lost: false } satisfies Message);
  return leave();
}

/** The server says that the session has ended. */
export function forget(): void {
  if (state.session === null) return;
  end(true);
  mark(null);
  channel.postMessage({ kind: "signed-out", lost: true } satisfies Message);
}

/** The server asks for a new password before anything else. */
export function expirePassword(): void {
  const found = state.session;
  if (found === null || isPasswordExpired(found)) return;
  set({ session: { ...found, user: { ...found.user, password_expires_at: new Date().toISOString() } }, lost: false });
}

export function isPasswordExpired(found: Session): boolean {
  const end = found.user.password_expires_at;
  return end !== null && Date.parse(end) <= Date.now();
}

export function refresh(): Promise<Session | null> {
  refreshing ??= alone(renew).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

function begin(found: Session): void {
  hasLeft = false;
  mark(SIGNED_IN);
  set({ session: found, lost: false });
}

/** Signing out takes precedence over a lost session, whichever comes first. */
function end(lost: boolean): void {
  ended += 1;
  if (!lost) hasLeft = true;
  set({ session: null, lost: lost && !hasLeft && (state.session !== null || state.lost) });
}

function tell(answer: SignedIn, isNew: boolean): Session {
  const found = { token: answer.access_token, expiresAt: Date.now() + answer.expires_in * 1000, user: answer.user };
  begin(found);
  channel.postMessage({ kind: "session", session: found, isNew } satisfies Message);
  return found;
}

/** Tells the server, several times if necessary. If it cannot be reached, the next tab that starts tries again. */
function leave(): Promise<void> {
  leaving ??= goOut().finally(() => {
    leaving = null;
  });
  return leaving;
}

async function goOut(): Promise<void> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await new Promise((done) => setTimeout(done, 500 * 2 ** attempt));
    const response = await send("/api/v1/auth/logout", {}, {}, true).catch(() => null);
    if (response === null || response.status >= 500 || response.status === 429) continue;
    if (marked() === LEAVING) mark(null);
    return;
  }
}

/** Lets only one tab work at a time. Pages from an insecure origin have no locks, so each of their tabs is on its own. */
async function alone(work: () => Promise<Session | null>): Promise<Session | null> {
  return "locks" in navigator ? await navigator.locks.request("tallyroom-refresh", work) : await work();
}

async function renew(): Promise<Session | null> {
  if (isFresh(state.session)) return state.session; // another tab was faster
  const mine = ended;
  // The same key for every attempt, so that a repetition after a lost response gets that response and is not taken for a theft.
  const key = newKey();
  for (let attempt = 0; ; attempt++) {
    if (ended !== mine) return null;
    try {
      const response = await send("/api/v1/auth/refresh", {}, { "Idempotency-Key": key });
      if (ended !== mine) return null; // signed out in the meantime
      if (response.ok) return tell((await response.json()) as SignedIn, false);
      if (response.status < 500 && response.status !== 429) {
        if (state.session !== null) forget();
        else mark(null);
        return null;
      }
    } catch (error) {
      if (attempt >= TRIES - 1) throw error instanceof Problem ? error : Problem.offline();
    }
    if (attempt >= TRIES - 1) throw Problem.offline();
    await new Promise((done) => setTimeout(done, 500 * 2 ** attempt));
  }
}

function isFresh(found: Session | null): boolean {
  return found !== null && found.expiresAt - SKEW_MS > Date.now();
}

function set(next: SessionState): void {
  state = next;
  for (const listener of listeners) listener();
}

function marked(): string | null {
  try {
    return localStorage.getItem(MARK);
  } catch {
    return SIGNED_IN; // Storage is blocked: ask the server.
  }
}

function mark(value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(MARK);
    else localStorage.setItem(MARK, value);
  } catch {
    // Storage is blocked: the next tab asks the server.
  }
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

function send(path: string, body: unknown, headers: Record<string, string> = {}, keepalive = false): Promise<Response> {
  return fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify(body),
    // Sent even when the tab is closed right away.
    keepalive,
  });
}
