import { QueryClient, QueryObserver, type QueryKey } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { EventData } from "../../src/api/live";
import type { SignedIn } from "../../src/api/rest";
import { adopt, signOut } from "../../src/api/session";
import { effectsOn } from "../../src/live/effects";
import type { Effects, LiveEvent } from "../../src/live/event";
import { keys } from "../../src/live/keys";
import { EPOCH, event } from "../server";

/**
 * Keys without a view here: what only events write; the version of a plan, which never changes; comments, which are below their match;
 * and the record of a runner-up, which is read when it is opened. Any other key needs a view, and so a decision which events reload it.
 */
type WithoutView = "progress" | "loading" | "arrived" | "here" | "claims" | "plan" | "comments" | "record";

/** A view for each noun. Views below a project are read again whenever the project is. */
const VIEWS = {
  projects: keys.projects,
  project: keys.project("p"),
  members: keys.members("p"),
  sources: keys.sources("p"),
  jobs: keys.jobs("p"),
  plans: keys.plans("p"),
  books: [...keys.books("p"), "l/r"],
  openItems: [...keys.openItems("p"), "side=left"],
  mine: [...keys.mine("p"), "limit=1"],
  pairMatches: [...keys.pairMatches("p"), "limit=50"],
  vaults: keys.vaults("p"),
  source: keys.source("s"),
  job: keys.job("1"),
  summary: keys.summary("1"),
  matches: [...keys.matches("1"), "limit=50"],
  unmatched: [...keys.unmatched("1"), "side=left"],
  match: keys.match("m"),
  vault: keys.vault("v"),
  entries: [...keys.vault("v"), "entries"],
  me: keys.me,
  sessions: keys.sessions,
  apiTokens: keys.apiTokens,
} as const satisfies Record<Exclude<keyof typeof keys, WithoutView> | "entries", QueryKey>;
type View = keyof typeof VIEWS;

const PAIR: View[] = ["books", "openItems", "mine"];
// Of the project, and of a reconciliation on the screen, which says what is open of its records.
const PAIRS: View[] = [...PAIR, "summary", "unmatched"];
// Whether a write-off waits is counted in the books and in the project.
const WAITING: View[] = ["project", "match", ...PAIRS];
const PROJECT: View[] = ["project", "members", "sources", "jobs", "plans", "vaults", "pairMatches", ...PAIR];
const VAULT: View[] = ["vault", "entries"];
const ME = "u";
const COUNTS = { matches: 20, confirmed: 5 };
const JOB = { job_id: "1", status: "running", attempt: 1, counts: COUNTS, version: 4, problem: null };
const DECIDED = { match_id: "m", status: "confirmed", version: 3, decided_by: "other", record_ids: [], counts: COUNTS };
const WRITE_OFF = { record_id: "r", match_id: "m", version: 2, user_id: "u" };
const ADDED = { pass: "exact", pass_index: 0, chunk: 1, count: 10, confirmed: 4, suggested: 6, left: 12, right: 10, counts: COUNTS };
const SOURCE = { source_id: "s", status: "ready", rows: { read: 1, loaded: 1, rejected: 0, left_out: 0 }, revision: 1, version: 2 };
const ENTRY = { vault_id: "v", entry_id: "e", version: 2, changed: [] };
const RECORD = { record_id: "r", source_id: "s", left_source: "s", right_source: "t", side: "left", counts: COUNTS };
const MEMBER = { user_id: "other", role: "viewer" };

const amount = (count: number) => ({ count, sums: [] });
const FLOW = { left: amount(100), right: amount(100), passes: [], open: { left: amount(100), right: amount(100) } };

/** For every type in the catalogue: the stream it comes on, an example, and what is read again after it. */
const READ: { [Name in keyof EventData]: [stream: string, data: object, views: View[]] } = {
  "access.changed": ["user:u", { streams: ["vault:v"], role: "reader" }, ["projects", ...PROJECT, ...VAULT]],
  "access.granted": ["user:u", { streams: ["project:p"], role: "viewer" }, ["projects", ...PROJECT]],
  "access.revoked": ["user:u", { streams: ["project:p"], role: null }, ["projects", ...PROJECT]],
  "api_token.created": ["user:u", { token_id: "1" }, ["apiTokens"]],
  "api_token.revoked": ["user:u", { token_id: "1" }, ["apiTokens"]],
  "job.cancelled": ["job:1", JOB, ["job", "summary", "unmatched"]],
  "job.cancelling": ["job:1", JOB, ["job", "summary", "unmatched"]],
  "job.completed": ["job:1", JOB, ["job", "summary", "unmatched"]],
  "job.failed": ["job:1", JOB, ["job", "summary", "unmatched"]],
  "job.pass.finished": ["job:1", { pass: "exact", pass_index: 0, counts: COUNTS }, ["summary"]],
  "job.paused": ["job:1", { ...JOB, status: "paused" }, ["job", "summary", "unmatched"]],
  "job.queued": ["project:p", JOB, ["project", "jobs", "books"]],
  "job.resumed": ["project:p", JOB, ["project", "jobs", "books"]],
  "job.started": ["project:p", JOB, ["project", "jobs", "books"]],
  "match.assigned": ["project:p", { match_id: "m", version: 2, assignee: "u" }, ["match", "mine"]],
  "match.commented": ["project:p", { match_id: "m", version: 2, comment_id: "c" }, ["match"]],
  "match.created": ["project:p", DECIDED, ["match", ...PAIRS]],
  "match.signed": ["project:p", { match_id: "m", by: "u", action: "confirm", signatures: [] }, ["match"]],
  "match.split": ["job:1", { ...DECIDED, status: "superseded" }, ["summary", "unmatched", "match"]],
  "match.superseded": ["job:1", { ...DECIDED, status: "superseded" }, ["summary", "unmatched", "match"]],
  "match.undone": ["job:1", { ...DECIDED, status: "suggested" }, ["summary", "unmatched", "match"]],
  "match.confirmed": ["job:1", DECIDED, ["summary", "unmatched", "match"]],
  "match.rejected": ["job:1", { ...DECIDED, status: "rejected" }, ["summary", "unmatched", "match"]],
  "matches.added": ["job:1", ADDED, ["summary"]],
  "matches.reviewed": ["job:1", { action: "confirm", count: 9, counts: COUNTS }, ["summary", "matches"]],
  "plan.created": ["project:p", { plan_id: "1", version: 1, hash: "h" }, ["plans"]],
  "plan.updated": ["project:p", { plan_id: "1", version: 2, hash: "h" }, ["plans"]],
  "project.deleted": ["project:p", { version: 2 }, ["projects", ...PROJECT]],
  "project.member.added": ["project:p", MEMBER, ["members"]],
  "project.member.changed": ["project:p", MEMBER, ["members"]],
  "project.member.removed": ["project:p", MEMBER, ["members"]],
  "project.updated": ["project:p", { version: 2, changed: ["name"] }, ["projects", "project"]],
  "record.claimed": ["project:p", { record_id: "r", source_id: "s", user_id: "u", until: "2026-01-01T00:00:00Z" }, []],
  "record.released": ["project:p", { record_id: "r", source_id: "s", user_id: "u" }, []],
  "record.reopened": ["project:p", { ...RECORD, ...WRITE_OFF, status: "withdrawn" }, WAITING],
  "record.written_off": ["project:p", { ...RECORD, ...WRITE_OFF, status: "confirmed" }, WAITING],
  "records.changed": ["project:p", { source_id: "s", ids: null, count: 3, revision: 2 }, ["source"]],
  "session.revoked": ["user:u", { session_id: "1" }, ["sessions"]],
  "source.created": ["project:p", SOURCE, ["sources", "source"]],
  "source.deleted": ["project:p", SOURCE, ["sources", "source", "project", "jobs", "pairMatches", ...PAIR]],
  "source.failed": ["project:p", SOURCE, ["sources", "source"]],
  "source.ready": ["project:p", SOURCE, ["sources", "source"]],
  "source.updated": ["project:p", SOURCE, ["sources", "source"]],
  "user.updated": ["user:u", { changed: ["display_name"] }, ["me"]],
  "work.assigned": ["user:u", { project_id: "p", job_id: null, left_source: "l", right_source: "r", match_id: "m", count: 1 }, []],
  "vault.access.denied": ["vault-access:v", ENTRY, []],
  "vault.created": ["vault:v", { vault_id: "v", version: 1 }, VAULT],
  "vault.deleted": ["vault:v", { vault_id: "v", version: 2 }, VAULT],
  "vault.entry.created": ["vault:v", ENTRY, VAULT],
  "vault.entry.deleted": ["vault:v", ENTRY, VAULT],
  "vault.entry.purged": ["vault:v", ENTRY, VAULT],
  "vault.entry.restored": ["vault:v", ENTRY, VAULT],
  "vault.entry.revealed": ["vault-access:v", ENTRY, []],
  "vault.entry.rotated": ["vault:v", ENTRY, VAULT],
  "vault.entry.updated": ["vault:v", ENTRY, VAULT],
  "vault.manager.removed": ["vault-access:v", { vault_id: "v", user_id: "other" }, []],
  "vault.member.added": ["vault:v", { vault_id: "v", ...MEMBER }, VAULT],
  "vault.member.changed": ["vault:v", { vault_id: "v", ...MEMBER }, VAULT],
  "vault.member.removed": ["vault:v", { vault_id: "v", ...MEMBER }, VAULT],
  "vault.updated": ["vault:v", { vault_id: "v", version: 2, changed: ["name"] }, VAULT],
};

let client: QueryClient;
let effects: Effects;
let read: Set<string>;

beforeEach(() => {
  vi.useFakeTimers();
  adopt({ access_token: "t", expires_in: 3600, user: { id: ME, password_expires_at: null } } as unknown as SignedIn);
  client = new QueryClient();
  effects = effectsOn(client);
  read = new Set();
});

afterEach(() => {
  client.clear();
  vi.useRealTimers();
});

const answer = (body: object, seq = 1) => ({ body, position: { seq, epoch: EPOCH } });
const apply = (stream: string, type: string, data: object, seq = 2) =>
  effects.event(event(stream, seq, type, data) as unknown as LiveEvent);
const bodyOf = (key: readonly unknown[]) => client.getQueryData<{ body: unknown }>(key)?.body;

/** Every view on the screen, read once. Reading it again always gives the same. */
async function showAll(): Promise<void> {
  for (const [name, queryKey] of Object.entries(VIEWS)) {
    new QueryObserver(client, {
      queryKey,
      queryFn: () => {
        read.add(name);
        return answer({ id: name, version: 1, items: [], my_role: "owner", flow: FLOW });
      },
    }).subscribe(() => undefined);
  }
  await vi.advanceTimersByTimeAsync(10);
  read.clear();
}

test.each(Object.entries(READ))("after %s only what it changed is read again", async (type, [stream, data, views]) => {
  await showAll();

  apply(stream, type, data);
  await vi.advanceTimersByTimeAsync(15_000);

  expect([...read].sort()).toEqual([...views].sort());
});

test("a decision on the project's stream leads to a new reading of the books and of what is open", async () => {
  await showAll();

  apply("project:p", "match.undone", { ...DECIDED, status: "suggested" });
  await vi.advanceTimersByTimeAsync(15_000);

  expect([...read].sort()).toEqual(["books", "match", "mine", "openItems", "summary", "unmatched"]);
});

test("a bulk on the project's stream leads to a new reading of its lists too", async () => {
  await showAll();

  apply("project:p", "matches.reviewed", { action: "confirm", count: 9, counts: COUNTS });
  await vi.advanceTimersByTimeAsync(15_000);

  expect([...read].sort()).toEqual(["books", "mine", "openItems", "pairMatches", "summary", "unmatched"]);
});

test("a type that only a newer server knows changes nothing", async () => {
  await showAll();

  apply("project:p", "project.painted", { colour: "blue" });
  await vi.advanceTimersByTimeAsync(15_000);

  expect([...read]).toEqual([]);
});

test.each([
  ["project:p", PROJECT],
  ["job:1", ["job", "summary", "matches", "unmatched"]],
  ["vault:v", VAULT],
  ["vault-access:v", VAULT],
  ["user:u", ["projects"]],
] as const)("a gap in %s means that everything under it is read again", async (stream, views) => {
  await showAll();

  effects.reset(stream);
  await vi.advanceTimersByTimeAsync(15_000);

  expect([...read].sort()).toEqual([...views].sort());
});

describe("a role that was changed", () => {
  test("shows at once if it is your own", async () => {
    await showAll();

    apply("project:p", "project.member.changed", { user_id: ME, role: "viewer" });
    apply("vault:v", "vault.member.changed", { vault_id: "v", user_id: ME, role: "reader" });

    expect(bodyOf(VIEWS.project)).toMatchObject({ my_role: "viewer" });
    expect(bodyOf(VIEWS.vault)).toMatchObject({ my_role: "reader" });
  });

  test("is not taken for your own if it is somebody else's, or nobody is signed in", async () => {
    await showAll();
    apply("project:p", "project.member.changed", { user_id: "other", role: "viewer" });
    // Answered at once. Otherwise it would still be tried while other files are tested.
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(null, { status: 204 })));
    const leaving = signOut();
    apply("vault:v", "vault.member.changed", { vault_id: "v", user_id: ME, role: "reader" });
    await leaving;
    vi.unstubAllGlobals();

    expect(bodyOf(VIEWS.project)).toMatchObject({ my_role: "owner" });
    expect(bodyOf(VIEWS.vault)).toMatchObject({ my_role: "owner" });
  });
});

describe("of a job", () => {
  const stored = { id: "1", status: "running", version: 5, counts: {} };

  test("a newer state is shown at once", () => {
    client.setQueryData(keys.job("1"), answer(stored));

    apply("job:1", "job.completed", { ...JOB, status: "completed", version: 6 });

    expect(bodyOf(keys.job("1"))).toEqual({ ...stored, status: "completed", version: 6, attempt: 1, counts: COUNTS, problem: null });
  });

  test("an older one is not", () => {
    client.setQueryData(keys.job("1"), answer(stored));

    apply("job:1", "job.queued", { ...JOB, status: "queued", version: 4 });

    expect(bodyOf(keys.job("1"))).toEqual(stored);
  });
});

describe("matches that were added", () => {
  const add = (seq: number, part: object = {}) => apply("job:1", "matches.added", { ...ADDED, ...part }, seq);

  test("are counted, and leave the list as it is", () => {
    client.setQueryData(VIEWS.matches, answer({ items: [{ id: "old" }] }));

    add(2);
    add(3);

    expect(client.getQueryData(keys.arrived("1"))).toBe(20);
    expect(bodyOf(VIEWS.matches)).toEqual({ items: [{ id: "old" }] });
  });

  test("change nothing in a list that was read after them", async () => {
    new QueryObserver(client, { queryKey: VIEWS.matches, queryFn: () => answer({ items: [] }, 2) }).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(10);

    add(2);
    expect(client.getQueryData(keys.arrived("1"))).toBeUndefined();
    add(3);

    expect(client.getQueryData(keys.arrived("1"))).toBe(10);
  });

  test("are added to their pass, once each", () => {
    client.setQueryData(keys.summary("1"), answer({ flow: FLOW }));

    add(2, { counts: { open_left: 88, open_right: 90 } });
    add(2, { counts: { open_left: 88, open_right: 90 } });
    add(3, { count: 5, confirmed: 5, suggested: 0, left: 5, right: 9, counts: { open_left: 83, open_right: 81 } });
    add(4, { pass: "near", count: 1, confirmed: 0, suggested: 1, left: 1, right: 0, counts: { open_left: 82, open_right: 81 } });

    expect(bodyOf(keys.summary("1"))).toEqual({
      flow: {
        ...FLOW,
        passes: [
          { name: "exact", left: amount(17), right: amount(19), by_status: { confirmed: 9, suggested: 6 } },
          { name: "near", left: amount(1), right: amount(0), by_status: { confirmed: 0, suggested: 1 } },
        ],
        open: { left: amount(82), right: amount(81) },
      },
    });
  });
});

describe("a decision", () => {
  const row = { id: "m", status: "suggested", version: 2, decided_by: null };

  test("changes the row in place, and the opened match", () => {
    client.setQueryData(VIEWS.matches, answer({ items: [{ ...row, id: "a" }, row, { ...row, id: "z" }] }));
    client.setQueryData(keys.match("m"), answer(row));

    apply("job:1", "match.confirmed", DECIDED);

    const after = { status: "confirmed", version: 3, decided_by: "other", decided_by_name: null };
    expect(bodyOf(VIEWS.matches)).toMatchObject({
      items: [
        { id: "a", version: 2 },
        { id: "m", ...after },
        { id: "z", version: 2 },
      ],
    });
    expect(bodyOf(keys.match("m"))).toMatchObject(after);
  });

  test("changes the row in the list of the pair in place as well", () => {
    client.setQueryData(VIEWS.pairMatches, answer({ items: [row] }));

    apply("project:p", "match.rejected", { ...DECIDED, status: "rejected" });

    expect(bodyOf(VIEWS.pairMatches)).toMatchObject({ items: [{ id: "m", status: "rejected", version: 3 }] });
  });

  test("that is older than what is shown changes nothing", () => {
    client.setQueryData(VIEWS.matches, answer({ items: [{ ...row, version: 4 }] }));

    apply("job:1", "match.rejected", { ...DECIDED, status: "rejected" });

    expect(bodyOf(VIEWS.matches)).toEqual({ items: [{ ...row, version: 4 }] });
  });
});

test("the progress of a file ends with the file's own event", () => {
  effects.state({
    stream: "project:p",
    key: "source.progress:s",
    version: 1,
    name: "source.progress",
    value: { source_id: "s", status: "loading", bytes: 1, total_bytes: 2, rows: 3, rejected: 0, left_out: 0 },
  });
  expect(client.getQueryData(keys.loading("s"))).toMatchObject({ rows: 3 });

  apply("project:p", "source.ready", SOURCE);

  expect(client.getQueryData(keys.loading("s"))).toBeUndefined();
});
