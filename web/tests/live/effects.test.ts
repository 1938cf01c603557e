import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { effectsOn } from "../../src/live/effects";
import { keys } from "../../src/live/keys";
import type { LiveEvent } from "../../src/live/event";
import { event } from "../server";

const JOB = "job:1";
const COUNTS = { matches: 600, confirmed: 1, suggested: 599 };
let client: QueryClient;
let reads: number;

beforeEach(() => {
  vi.useFakeTimers();
  client = new QueryClient();
  reads = 0;
});

afterEach(() => {
  client.clear();
  vi.useRealTimers();
});

/** A view on the screen that takes a while to read. */
function show(key: readonly unknown[], data: () => unknown, takes_ms = 0): void {
  new QueryObserver(client, {
    queryKey: key,
    queryFn: async () => {
      reads += 1;
      await new Promise((done) => setTimeout(done, takes_ms));
      return data();
    },
  }).subscribe(() => undefined);
}

const decision = (seq: number) =>
  event(JOB, seq, "match.confirmed", {
    match_id: String(seq),
    status: "confirmed",
    version: 2,
    decided_by: "u",
    record_ids: [],
    counts: COUNTS,
  }) as unknown as LiveEvent;

test.each([0, 337, 2500])("six hundred decisions in a minute lead to at most one read per second, each taking %i ms", async (takes_ms) => {
  show(keys.summary("1"), () => ({}), takes_ms);
  await vi.advanceTimersByTimeAsync(takes_ms + 10);
  const effects = effectsOn(client);
  reads = 0;

  for (let seq = 1; seq <= 600; seq++) {
    effects.event(decision(seq));
    await vi.advanceTimersByTimeAsync(100);
  }

  expect(reads).toBeGreaterThan(10);
  expect(reads).toBeLessThanOrEqual(61);
});

test("the last of many decisions is read", async () => {
  let truth = 0;
  show(keys.summary("1"), () => truth, 337);
  await vi.advanceTimersByTimeAsync(1000);
  const effects = effectsOn(client);

  for (let seq = 1; seq <= 20; seq++) {
    truth = seq;
    effects.event(decision(seq));
    await vi.advanceTimersByTimeAsync(150);
  }
  await vi.advanceTimersByTimeAsync(4000);

  expect(client.getQueryData(keys.summary("1"))).toBe(20);
});

test.each(["plan.created", "plan.updated"])("after %s the list of plans is read again", async (type) => {
  show(keys.plans("p"), () => ({}));
  await vi.advanceTimersByTimeAsync(10);
  reads = 0;

  effectsOn(client).event(event("project:p", 1, type, { plan_id: "1", version: 1, hash: "h" }) as unknown as LiveEvent);
  await vi.advanceTimersByTimeAsync(1000);

  expect(reads).toBe(1);
});

test("counts on the project's stream reach its list, its page and its card without a read", async () => {
  const answer = (body: object) => ({ body, position: null });
  client.setQueryData(
    keys.jobs("p"),
    answer({
      items: [
        { id: "1", counts: {} },
        { id: "2", counts: {} },
      ],
    }),
  );
  client.setQueryData(keys.project("p"), answer({ id: "p", counts: { to_review: 9 } }));
  client.setQueryData(
    keys.projects,
    answer({
      items: [
        { id: "p", counts: { to_review: 9 } },
        { id: "q", counts: { to_review: 3 } },
      ],
    }),
  );
  const effects = effectsOn(client);
  const totals = { sources: 2, jobs_running: 0, to_review: 8, open_left: 1, open_right: 1 };

  effects.state({
    stream: "project:p",
    key: "job.counts:1",
    version: 1,
    name: "job.counts",
    value: { job_id: "1", counts: COUNTS },
  });
  effects.state({
    stream: "project:p",
    key: "project.counts:p",
    version: 1,
    name: "project.counts",
    value: { project_id: "p", ...totals },
  });
  await vi.advanceTimersByTimeAsync(5000);

  expect(client.getQueryData(keys.jobs("p"))).toMatchObject({ body: { items: [{ counts: COUNTS }, { counts: {} }] } });
  expect(client.getQueryData(keys.project("p"))).toMatchObject({ body: { counts: totals } });
  expect(client.getQueryData(keys.projects)).toMatchObject({ body: { items: [{ counts: totals }, { counts: { to_review: 3 } }] } });
  expect(reads).toBe(0);
});

test("a revoked stream empties its views on the screen, and drops what is cached for other pages", async () => {
  let isRefused = false;
  show(["vault", "v"], () => {
    if (isRefused) throw new Error("not found");
    return "names";
  });
  client.setQueryData(["source", "s"], "kept for the next visit");
  client.setQueryData(keys.projects, "your own");
  await vi.advanceTimersByTimeAsync(10);
  isRefused = true;

  effectsOn(client).revoked("vault:v");

  expect(client.getQueryData(["vault", "v"])).toBeUndefined();
  expect(client.getQueryData(["source", "s"])).toBeUndefined();
  expect(client.getQueryData(keys.projects)).toBe("your own");
});

test("what others match is read again by a reconciliation on the screen, and what a deleted source took along by its project", async () => {
  const read: string[] = [];
  for (const key of [keys.summary("9"), keys.jobs("p"), keys.books("p")]) {
    show(key, () => {
      read.push(String(key.at(-1)));
      return {};
    });
  }
  await vi.advanceTimersByTimeAsync(10);
  const effects = effectsOn(client);

  read.length = 0;
  effects.event({ ...decision(1), stream: "project:p" });
  await vi.advanceTimersByTimeAsync(20_000);
  expect(read.sort()).toEqual(["books", "summary"]);

  read.length = 0;
  const deleted = { source_id: "s", status: "ready", rows: 1, revision: 1, version: 2 };
  effects.event(event("project:p", 2, "source.deleted", deleted) as unknown as LiveEvent);
  await vi.advanceTimersByTimeAsync(20_000);
  expect(read.sort()).toEqual(["books", "jobs"]);
});
