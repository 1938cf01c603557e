import type { SwaggerRequest, SwaggerResponse } from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { ENDED } from "../api/client";
import { problemOf } from "../api/problem";
import { forget, refresh } from "../api/session";
import { caller, currentToken } from "./caller";

/** What the page shows in place of a token. */
const PLACEHOLDER = "Bearer YOUR_TOKEN";
const HIDDEN = "(not shown on this page)";
const TOKENS = ["access_token", "refresh_token", "token"];

/**
 * Prepares a request that somebody tries. Swagger UI keeps and shows what this returns, so that contains a placeholder,
 * and the token is added only while the request is sent.
 */
export function prepare(request: SwaggerRequest): SwaggerRequest {
  if (request.loadSpec === true) return request;
  if (caller().kind !== "nobody") request.headers["Authorization"] = PLACEHOLDER;
  request.userFetch = send;
  return request;
}

async function send(url: string, request: SwaggerRequest): Promise<Response> {
  const isSession = caller().kind === "session";
  const response = await once(url, request);
  if (response.status !== 401 || !isSession) return response;
  const { code } = await problemOf(response.clone());
  if (code === "token_expired" && (await refresh()) !== null) return once(url, request);
  if (ENDED.has(code)) forget();
  return response;
}

async function once(url: string, request: SwaggerRequest): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete("Authorization");
  const token = await currentToken();
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  return fetch(url, {
    method: request.method ?? "GET",
    headers,
    body: request.body ?? null,
    // A sign-in or a sign-out that is tried here must not change the session of this browser, which is in a cookie.
    credentials: "omit",
  });
}

/** Hides the tokens in the responses of sign-ins and refreshes, and a new API token. */
export function hideTokens(response: SwaggerResponse): SwaggerResponse {
  const { body } = response;
  if (typeof body !== "object" || body === null || !TOKENS.some((name) => name in body)) return response;
  const shown = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, TOKENS.includes(name) ? HIDDEN : (value as unknown)]),
  );
  const text = JSON.stringify(shown);
  return Object.assign(response, { text, data: text, body: shown, obj: shown });
}
