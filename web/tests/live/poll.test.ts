import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { get, type Answer } from "../../src/api/client";
import type { SignedIn } from "../../src/api/rest";
import { adopt } from "../../src/api/session";
import { effectsOn } from "../../src/live/effects";
import { keys } from "../../src/live/keys";

const MATCHES = [...keys.matches("1"), "limit=50"];
const fetchReally = globalThis.fetch;
/** What the server has, by path. Everything else is refused. */
let stored: Record<string, object>;
let server: Server;
let client: QueryClient;

beforeEach(async () => {
  stored = {};
  server = createServer((request, response) => {
    const body = stored[request.url?.replace("/api/v1", "") ?? ""];
    response.writeHead(body ? 200 : 404, { "Content-Type": "application/json", "Stream-Position": "9", "Stream-Epoch": "e1" });
    response.end(JSON.stringify(body ?? { status: 404, code: "not_found", title: "Not found", detail: "" }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  globalThis.fetch = ((path: string, options?: RequestInit) => fetchReally(new URL(path, url), options)) as typeof fetch;
  adopt({ access_token: "t", expires_in: 3600, user: { id: "u", password_expires_at: null } } as unknown as SignedIn);
  client = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
});

afterEach(() => {
  client.clear();
  globalThis.fetch = fetchReally;
  server.closeAllConnections();
  server.close();
});

/** Shows a view, and waits until it has been read. */
async function show(queryKey: readonly unknown[], path: string): Promise<void> {
  new QueryObserver(client, { queryKey, queryFn: () => get<object>(path) }).subscribe(() => undefined);
  await vi.waitFor(() => expect(client.getQueryData(queryKey)).toBeDefined());
}

const bodyOf = (key: readonly unknown[]) => client.getQueryData<Answer<unknown>>(key)?.body;
const row = (id: string, version: number, status = "suggested") => ({ id, version, status });

test("what is on the screen is read again, and progress is dropped, because it came over the socket", async () => {
  stored["/projects/p"] = { name: "March" };
  await show(keys.project("p"), "/projects/p");
  client.setQueryData(keys.progress("1"), { job_id: "1", fraction: 0.5 } as never);
  stored["/projects/p"] = { name: "April" };

  await effectsOn(client).poll();

  expect(bodyOf(keys.project("p"))).toEqual({ name: "April" });
  expect(client.getQueryData(keys.progress("1"))).toBeUndefined();
});

test("the rows of a list that is being worked on change in place, and new ones are counted", async () => {
  stored["/jobs/1/matches?limit=50"] = { items: [row("a", 1), row("b", 3)], total: 2 };
  await show(MATCHES, "/jobs/1/matches?limit=50");
  stored["/jobs/1/matches?limit=50"] = { items: [row("new", 1), row("b", 2), row("a", 2, "confirmed")], total: 5 };

  await effectsOn(client).poll();

  expect(bodyOf(MATCHES)).toEqual({ items: [row("a", 2, "confirmed"), row("b", 3)], total: 2 });
  expect(client.getQueryData(keys.arrived("1"))).toBe(3);
});

test("a row that a filter has left out is updated from the opened match", async () => {
  stored["/jobs/1/matches?limit=50"] = { items: [row("a", 1)], total: 1 };
  stored["/matches/a"] = { ...row("a", 1), job_id: "1" };
  await show(MATCHES, "/jobs/1/matches?limit=50");
  await show(keys.match("a"), "/matches/a");
  stored["/jobs/1/matches?limit=50"] = { items: [], total: 0 };
  stored["/matches/a"] = { ...row("a", 2, "rejected"), job_id: "1" };

  await effectsOn(client).poll();

  expect(bodyOf(MATCHES)).toMatchObject({ items: [row("a", 2, "rejected")] });
});

test("what may no longer be seen disappears from the screen", async () => {
  stored["/vaults/v"] = { name: "Banks" };
  stored["/projects/p"] = { name: "March" };
  await show(keys.vault("v"), "/vaults/v");
  await show(keys.project("p"), "/projects/p");
  delete stored["/vaults/v"];

  await effectsOn(client).poll();

  expect(client.getQueryData(keys.vault("v"))).toBeUndefined();
  expect(bodyOf(keys.project("p"))).toEqual({ name: "March" });
});
