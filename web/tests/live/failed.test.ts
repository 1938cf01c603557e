import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { Problem } from "../../src/api/problem";
import { rereadFailed } from "../../src/live/failed";
import type { Connection } from "../../src/live/connection";

const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
const refused = (status: number) => new Problem(status, "code", "title", "detail", null);

afterEach(() => client.clear());

/** A connection whose status a test sets. */
function connection() {
  const listeners = new Set<() => void>();
  const live = {
    connection: { status: "offline", since: null, shown: null } as Connection,
    onConnection(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const become = (status: Connection["status"]) => {
    live.connection = { status, since: null, shown: null };
    for (const listener of listeners) listener();
  };
  return { live, become };
}

/** A view on the screen: its first reading fails, the next ones do not. */
async function failOnce(name: string, error: Error) {
  let reads = 0;
  const observer = new QueryObserver(client, {
    queryKey: [name],
    queryFn: () => (reads++ === 0 ? Promise.reject(error) : Promise.resolve("read")),
  });
  observer.subscribe(() => undefined);
  await vi.waitFor(() => expect(observer.getCurrentResult().status).toBe("error"));
  return observer;
}

test.each([0, 500, 503])("what failed with %i is read again when the page is live", async (status) => {
  const { live, become } = connection();
  rereadFailed(client, live);
  const view = await failOnce("members", refused(status));

  become("delayed");
  expect(view.getCurrentResult().fetchStatus).toBe("idle");
  become("live");

  await vi.waitFor(() => expect(view.getCurrentResult()).toMatchObject({ status: "success", data: "read" }));
});

test("a refusal stays", async () => {
  const { live, become } = connection();
  rereadFailed(client, live);
  const view = await failOnce("members", refused(404));

  become("live");
  await new Promise((done) => setTimeout(done, 20));

  expect(view.getCurrentResult().status).toBe("error");
});
