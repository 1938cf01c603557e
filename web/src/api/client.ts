import { newKey } from "./key";
import { Problem, problemOf } from "./problem";
import { expirePassword, forget, fresh, onSession, refresh, sessionState } from "./session";

export interface Position {
  seq: number;
  epoch: string;
}

/** A body, and the position in its stream up to which it is true. */
export interface Answer<T> {
  body: T;
  position: Position | null;
}

interface Options {
  body?: unknown;
  version?: number;
  key?: string;
  signal?: AbortSignal;
}

/** What the server answers once a session is over. A wrong password gets a 401 too, and ends nothing. */
export const ENDED = new Set(["token_expired", "token_invalid", "token_revoked", "unauthenticated"]);

/** Aborts all reads when somebody signs out: the server would refuse them, and nobody would see the responses. */
let reads = new AbortController();
onSession(() => {
  const { session, lost } = sessionState();
  if (session !== null || lost) return;
  reads.abort();
  reads = new AbortController();
});

export async function get<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  return call<T>("GET", path, { signal: signal === undefined ? reads.signal : AbortSignal.any([signal, reads.signal]) });
}

/** Sends a change. All attempts share one key, so that a repeated request takes effect only once. */
export async function change<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, options: Options = {}): Promise<T> {
  const key = options.key ?? newKey();
  for (let attempt = 0; ; attempt++) {
    try {
      return (await call<T>(method, path, { ...options, key })).body;
    } catch (error) {
      const again = error instanceof Problem && (error.status === 0 || error.status === 503) && method === "POST";
      if (!again || attempt >= 2) throw error;
      await new Promise((done) => setTimeout(done, 400 * 2 ** attempt));
    }
  }
}

async function call<T>(method: string, path: string, options: Options): Promise<Answer<T>> {
  let response = await once(method, path, options);
  if (response.status === 401) {
    const problem = await problemOf(response.clone());
    if (problem.code === "token_expired" && (await refresh()) !== null) {
      response = await once(method, path, options);
    } else if (ENDED.has(problem.code)) {
      forget();
    }
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.code === "password_expired") expirePassword();
    throw problem;
  }
  const seq = response.headers.get("Stream-Position");
  const epoch = response.headers.get("Stream-Epoch");
  const text = await response.text();
  return {
    body: (text ? JSON.parse(text) : undefined) as T,
    position: seq !== null && epoch !== null ? { seq: Number(seq), epoch } : null,
  };
}

async function once(method: string, path: string, options: Options): Promise<Response> {
  const found = await fresh();
  // A view that is being unmounted may still ask, but the server could only refuse.
  if (found === null) throw Problem.signedOut();
  const headers: Record<string, string> = { Authorization: `Bearer ${found.token}` };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.version !== undefined) headers["If-Match"] = `"${options.version}"`;
  if (options.key !== undefined && method === "POST") headers["Idempotency-Key"] = options.key;
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.offline();
  }
}

/** Uploads a file. `onProgress` is called with the share that has been sent. */
export async function upload<T>(path: string, file: File, name: string, onProgress: (share: number) => void): Promise<T> {
  const found = await fresh();
  if (found === null) throw Problem.signedOut();
  const form = new FormData();
  form.append("name", name);
  form.append("file", file);
  return new Promise<T>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1${path}`);
    request.setRequestHeader("Authorization", `Bearer ${found.token}`);
    request.setRequestHeader("Idempotency-Key", newKey());
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(Problem.offline());
    request.onload = () => {
      const response = new Response(request.responseText, {
        status: request.status,
        headers: { "X-Request-ID": request.getResponseHeader("X-Request-ID") ?? "" },
      });
      if (response.ok) resolve(JSON.parse(request.responseText) as T);
      else problemOf(response).then(reject, reject);
    };
    request.send(form);
  });
}
