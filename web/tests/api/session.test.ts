import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

type Tab = typeof import("../../src/api/session");
type Reply = (request: IncomingMessage, response: ServerResponse) => void;

const SIGNED_IN = { access_token: "t", expires_in: 3600, user: { id: "u", password_expires_at: null } };
const fetchReally = globalThis.fetch;
const asked: string[] = [];
let server: Server;
let reply: Reply;

const ok: Reply = (request, response) => {
  response.writeHead(request.url?.endsWith("logout") ? 204 : 200, { "Content-Type": "application/json" });
  response.end(request.url?.endsWith("logout") ? undefined : JSON.stringify(SIGNED_IN));
};

/** A second copy of the module, as another tab would have it. They share the channel, the storage and the server. */
async function tab(): Promise<Tab> {
  vi.resetModules();
  return import("../../src/api/session");
}

async function signedIn(): Promise<[Tab, Tab]> {
  const [here, there] = [await tab(), await tab()];
  await here.signIn("a@b.example", "secret", false);
  await vi.waitFor(() => expect(there.session()).not.toBeNull());
  return [here, there];
}

beforeEach(async () => {
  asked.length = 0;
  reply = ok;
  localStorage.removeItem("tallyroom-session");
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    reply(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  globalThis.fetch = ((path: string, options?: RequestInit) => fetchReally(new URL(path, url), options)) as typeof fetch;
});

afterEach(() => {
  globalThis.fetch = fetchReally;
  server.closeAllConnections();
  server.close();
});

test("signing out is one state, set in every tab before the server hears of it", async () => {
  const [here, there] = await signedIn();
  const states: object[] = [];
  const atRequest: object[] = [];
  here.onSession(() => states.push(here.sessionState()));
  reply = (request, response) => {
    atRequest.push(here.sessionState());
    ok(request, response);
  };

  await here.signOut();
  await vi.waitFor(() => expect(there.session()).toBeNull());

  expect(states).toEqual([{ session: null, lost: false }]);
  expect(atRequest).toEqual([{ session: null, lost: false }]);
  expect(there.sessionState()).toEqual({ session: null, lost: false });
});

test("signing out wins over the server's report that the session has ended, whichever comes first", async () => {
  const [here, there] = await signedIn();

  there.forget(); // through its socket, before it hears from the other tab
  await here.signOut();

  await vi.waitFor(() => expect(there.sessionState()).toEqual({ session: null, lost: false }));
  expect(here.sessionState()).toEqual({ session: null, lost: false });
});

test("a session that ends by itself is lost in every tab", async () => {
  const [here, there] = await signedIn();

  here.forget();

  await vi.waitFor(() => expect(there.sessionState()).toEqual({ session: null, lost: true }));
  expect(here.sessionState()).toEqual({ session: null, lost: true });
});

test("a response to a refresh that arrives after signing out signs nobody in again", async () => {
  const [here, there] = [await tab(), await tab()];
  const old = { ...SIGNED_IN, expires_in: 1 } as never;
  there.adopt(old);
  await vi.waitFor(() => expect(here.session()).not.toBeNull());
  let answer: () => void = () => undefined;
  reply = (request, response) => {
    if (request.url?.endsWith("refresh")) answer = () => ok(request, response);
    else ok(request, response);
  };
  const refreshed = there.refresh();
  await vi.waitFor(() => expect(asked).toContain("/api/v1/auth/refresh"));

  await here.signOut();
  answer();

  expect(await refreshed).toBeNull();
  expect(there.session()).toBeNull();
  expect(here.session()).toBeNull();
});

test("somebody who signs in again in one tab is signed in in the others", async () => {
  const [here, there] = await signedIn();
  await here.signOut();
  await vi.waitFor(() => expect(there.session()).toBeNull());

  await there.signIn("a@b.example", "secret", false);

  await vi.waitFor(() => expect(here.session()).not.toBeNull());
});

test("signing in waits until signing out is done, since the response to that removes the cookie", async () => {
  const [here] = await signedIn();
  let answer: () => void = () => undefined;
  reply = (request, response) => {
    if (request.url?.endsWith("logout")) answer = () => ok(request, response);
    else ok(request, response);
  };
  asked.length = 0;

  void here.signOut();
  const again = here.signIn("a@b.example", "secret", false);
  await vi.waitFor(() => expect(asked).toEqual(["/api/v1/auth/logout"]));
  answer();
  await again;

  expect(asked).toEqual(["/api/v1/auth/logout", "/api/v1/auth/login"]);
});

test("if the server was unreachable at sign-out, the next tab that starts signs out instead of in", async () => {
  const [here] = await signedIn();
  const stopped = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new TypeError("no network"));
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const out = here.signOut();
  await vi.advanceTimersByTimeAsync(20_000);
  await out;
  vi.useRealTimers();
  globalThis.fetch = stopped;
  asked.length = 0;

  const next = await tab();
  await next.resume();

  expect(asked).toEqual(["/api/v1/auth/logout"]);
  expect(next.session()).toBeNull();
  expect(localStorage.getItem("tallyroom-session")).toBeNull();
});
