import { describe, expect, test } from "vitest";
import type { JobProgress } from "../../src/api/live";
import type { JobView } from "../../src/api/rest";
import { countsOf, isLive, mostOf, openCountsOf, progressOf, ratePath, shareOf, spentOf, stageOf } from "../../src/job/progress";

type Job = Parameters<typeof progressOf>[0];

function job(status: JobView["status"], part: Partial<Job> = {}): Job {
  return { status, counts: { matches: 10 }, progress: { fraction: 0.4, stage: "loading" }, started_at: null, finished_at: null, ...part };
}

const held = { fraction: 0.6, stage: "comparing", pass: "reference", counts: { matches: 20 } } as JobProgress;

test.each(["queued", "running", "cancelling"] as const)("a job that is %s may still change", (status) => {
  expect(isLive(job(status))).toBe(true);
  expect(progressOf(job(status), held)).toBe(held);
});

test("a paused job may still change, and shows where it was when it was paused", () => {
  const paused = job("paused", { progress: { fraction: 0.4, stage: "comparing", pass: "reference" } });

  expect(isLive(paused)).toBe(true);
  expect(progressOf(paused, held)).toBe(paused.progress);
  expect(stageOf(paused, paused.progress)).toBe("paused in reference");
  expect(stageOf(paused, null)).toBe("paused");
});

test.each(["cancelled", "failed", "completed"] as const)("for a job that is %s, the last value from the socket is ignored", (status) => {
  const found = job(status);

  expect(isLive(found)).toBe(false);
  expect(progressOf(found, held)).toBe(found.progress);
  expect(countsOf(found, held)).toBe(found.counts);
});

describe("the share", () => {
  test("of a completed job is 1, whatever was reported last", () => {
    expect(shareOf(job("completed"), held)).toBe(1);
  });

  test("of a job that has reported nothing yet is 0", () => {
    expect(shareOf(job("queued"), null)).toBe(0);
    expect(shareOf(job("running"), held)).toBe(0.6);
  });
});

describe("of two counts", () => {
  test("the one that is ahead is shown", () => {
    expect(countsOf(job("running"), held)).toBe(held.counts);
    const stored = job("running", { counts: { matches: 30 } });
    expect(countsOf(stored, held)).toBe(stored.counts);
  });

  test("the stored one is shown if both are equal, or if there is no other", () => {
    const stored = job("running", { counts: { matches: 20 } });
    expect(countsOf(stored, held)).toBe(stored.counts);
    expect(countsOf(stored, undefined)).toBe(stored.counts);
  });
});

test("a run lasts from its start to its end, and has no duration before it ends", () => {
  const started_at = "2026-03-01T10:00:00Z";

  expect(spentOf(job("completed", { started_at, finished_at: "2026-03-01T10:01:30.500Z" }))).toBe(90.5);
  expect(spentOf(job("running", { started_at }))).toBeNull();
});

test.each([
  ["completed", held, "done"],
  ["queued", held, "queued"],
  ["running", null, "starting"],
  ["running", { ...held, pass: null }, "comparing"],
  ["running", held, "comparing · reference"],
] as const)("a job that is %s says what it is doing", (status, progress, expected) => {
  expect(stageOf(job(status), progress)).toBe(expected);
});

describe("the path of the rate", () => {
  const points = [
    { at_s: 0, fraction: 0, rate: 0 },
    { at_s: 5, fraction: 0.5, rate: 4000 },
    { at_s: 10, fraction: 1, rate: 1000 },
  ];

  test("goes from the left to the right edge, and up to 2 px below the top", () => {
    expect(ratePath(points, 160, 36)).toBe("M0 34L80 2L160 26");
    expect(mostOf(points)).toBe(4000);
  });

  test("is flat if nothing moved", () => {
    const still = points.map((point) => ({ ...point, rate: 0 }));

    expect(ratePath(still, 160, 36)).toBe("M0 34L80 34L160 34");
    expect(mostOf(still)).toBe(1);
  });
});

test("what is open of a job's records comes from its summary, once it has ended", () => {
  const counts = { matches: 3, open_left: 5, open_right: 6 };
  const job = { status: "completed", counts, progress: null, started_at: null, finished_at: null } as const;
  const summary = { counts: { matches: 3, open_left: 4, open_right: 2 } };

  expect(openCountsOf(job, summary)).toEqual({ matches: 3, open_left: 4, open_right: 2 });
  expect(openCountsOf({ ...job, status: "running" }, summary)).toBe(counts);
  expect(openCountsOf(job, undefined)).toBe(counts);
});
