import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { change, get, upload } from "../../src/api/client";
import type { SignedIn } from "../../src/api/rest";
import { adopt, session, signOut } from "../../src/api/session";

const SIGNED_IN = { access_token: "t", expires_in: 3600, user: { id: "u", password_expires_at: null } } as unknown as SignedIn;
const fetchReally = globalThis.fetch;
const asked: string[] = [];
let server: Server;
let answer: { status: number; body: object };

beforeEach(async () => {
  asked.length = 0;
  answer = { status: 200, body: {} };
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(answer.status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer.body));
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

test("requests made while nobody is signed in are not sent", async () => {
  adopt(SIGNED_IN);
  await get("/projects");
  await signOut();
  const before = [...asked];

  await expect(get("/projects")).rejects.toMatchObject({ status: 401, code: "unauthenticated" });
  await expect(change("POST", "/projects", { body: { name: "March" } })).rejects.toMatchObject({ status: 401 });
  await expect(upload("/sources", new File(["a"], "a.csv"), "a", () => undefined)).rejects.toMatchObject({ status: 401 });

  expect(before).toEqual(["GET /api/v1/projects", "POST /api/v1/auth/logout"]);
  expect(asked).toEqual(before);
});

test.each(["invalid_credentials", "google_token_invalid"])("a refusal with %s does not end the session", async (code) => {
  adopt(SIGNED_IN);
  answer = { status: 401, body: { status: 401, code, title: "Wrong" } };

  await expect(change("POST", "/auth/reauth", { body: { password: "x" } })).rejects.toMatchObject({ code });

  expect(session()).not.toBeNull();
});

test.each(["token_revoked", "token_invalid"])("a refusal with %s ends the session", async (code) => {
  adopt(SIGNED_IN);
  answer = { status: 401, body: { status: 401, code, title: "Over" } };

  await expect(get("/projects")).rejects.toMatchObject({ code });

  expect(session()).toBeNull();
});
