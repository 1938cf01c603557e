import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { SwaggerRequest } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SignedIn } from "../../src/api/rest";
import { adopt, session, sessionState } from "../../src/api/session";
import { pasteToken } from "../../src/reference/caller";
import { hideTokens, prepare } from "../../src/reference/send";

const USER = { id: "u", password_expires_at: null };
const fetchReally = globalThis.fetch;
const sent: { url: string; headers: IncomingHttpHeaders }[] = [];
let server: Server;
let url: string;
/** The code with which tokens are refused. Any other token is accepted. */
let refused: Record<string, string>;

beforeEach(async () => {
  sent.length = 0;
  refused = {};
  server = createServer((request, response) => {
    sent.push({ url: request.url ?? "", headers: request.headers });
    const code = refused[request.headers.authorization ?? ""];
    response.writeHead(code === undefined ? 200 : 401, { "Content-Type": "application/json" });
    const isRefresh = request.url === "/api/v1/auth/refresh";
    response.end(
      JSON.stringify(code !== undefined ? { code, status: 401 } : isRefresh ? { access_token: "new", expires_in: 3600, user: USER } : {}),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  globalThis.fetch = ((path: string, options?: RequestInit) => fetchReally(new URL(path, url), options)) as typeof fetch;
  adopt({ access_token: "old", expires_in: 3600, user: USER } as unknown as SignedIn);
});

afterEach(() => {
  globalThis.fetch = fetchReally;
  server.closeAllConnections();
  server.close();
});

async function tried(headers: Record<string, string> = {}): Promise<[SwaggerRequest, Response]> {
  const request = prepare({ url: `${url}/api/v1/projects`, method: "POST", headers, body: "{}" });
  if (request.userFetch === undefined) throw new Error("the request would be sent without a token");
  return [request, await request.userFetch(request.url, request)];
}

test("the token is added while a request is sent, and what Swagger UI keeps has a placeholder", async () => {
  const [request] = await tried({ "If-Match": '"3"', "Idempotency-Key": "k" });

  expect(sent[0]?.headers).toMatchObject({ authorization: "Bearer old", "if-match": '"3"', "idempotency-key": "k" });
  expect(JSON.stringify(request)).not.toContain("old");
  expect(request.headers["Authorization"]).toBe("Bearer YOUR_TOKEN");
});

test("a session whose token has expired gets a new one before the request is sent", async () => {
  adopt({ access_token: "old", expires_in: 0, user: USER } as unknown as SignedIn);

  const [, response] = await tried();

  expect(response.status).toBe(200);
  expect(sent.map((one) => one.url)).toEqual(["/api/v1/auth/refresh", "/api/v1/projects"]);
  expect(sent.at(-1)?.headers.authorization).toBe("Bearer new");
});

test("a session that the server has ended is over on this page too", async () => {
  refused = { "Bearer old": "token_revoked" };

  const [, response] = await tried();

  expect(response.status).toBe(401);
  expect(sessionState()).toEqual({ session: null, lost: true });
});

test("a pasted token goes before the session, and its refusal does not end the session", async () => {
  refused = { "Bearer pasted": "token_revoked" };

  expect(pasteToken("not a token!")).toBe(false);
  expect(pasteToken(" Bearer pasted ")).toBe(true);
  const [, response] = await tried();

  expect(response.status).toBe(401);
  expect(sent.map((one) => one.headers.authorization)).toEqual(["Bearer pasted"]);
  expect(session()).not.toBeNull();
});

test("the document is read without a token", () => {
  expect(prepare({ url: "/openapi.json", headers: {}, loadSpec: true })).toEqual({ url: "/openapi.json", headers: {}, loadSpec: true });
});

test("a new API token is not shown", () => {
  const body = { id: "a", token: "tr_secret" };

  const shown = hideTokens({ text: JSON.stringify(body), data: JSON.stringify(body), body, obj: body });

  expect(JSON.stringify(shown)).not.toContain("tr_secret");
  expect(shown.body).toMatchObject({ id: "a" });
});

test("tokens in a response are not shown, and everything else is", () => {
  const body = { access_token: "secret", refresh_token: "secret", expires_in: 900 };

  const shown = hideTokens({ text: JSON.stringify(body), data: JSON.stringify(body), body, obj: body });

  expect(JSON.stringify(shown)).not.toContain("secret");
  expect(shown.body).toMatchObject({ expires_in: 900 });
  expect(hideTokens({ text: "[]", body: [] })).toEqual({ text: "[]", body: [] });
});
