import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { get, type Answer } from "../api/client";
import type { Envelope, JobCounts, MatchesAdded, ProjectTotals } from "../api/live";
import { Problem } from "../api/problem";
import { session } from "../api/session";
import type { FlowPass, JobView, MatchDetail, MatchView, Page_JobView_, Page_MatchView_, Page_ProjectView_, ProjectView, Summary, VaultView } from "../api/rest";
import type { Effects, LiveEvent } from "./live";

/** Query keys, by noun. */
export const keys = {
  projects: ["projects"] as QueryKey,
  project: (id: string): QueryKey => ["project", id],
  members: (id: string): QueryKey => ["project", id, "members"],
  sources: (project: string): QueryKey => ["project", project, "sources"],
  source: (id: string): QueryKey => ["source", id],
  jobs: (project: string): QueryKey => ["project", project, "jobs"],
  plans: (project: string): QueryKey => ["project", project, "plans"],
  job: (id: string): QueryKey => ["job", id],
  summary: (id: string): QueryKey => ["job", id, "summary"],
  matches: (job: string): QueryKey => ["job", job, "matches"],
  unmatched: (job: string): QueryKey => ["job", job, "unmatched"],
  match: (id: string): QueryKey => ["match", id],
  vaults: (project: string): QueryKey => ["project", project, "vaults"],
  vault: (id: string): QueryKey => ["vault", id],
  progress: (job: string): QueryKey => ["progress", job],
  loading: (source: string): QueryKey => ["loading", source],
  arrived: (job: string): QueryKey => ["arrived", job],
  me: ["me"] as QueryKey,
  sessions: ["sessions"] as QueryKey,
};

/** What nobody but oneself can take away. */
const OWN = ["projects", "me", "sessions"];

const SUMMARY_MS = 4000;
const LEAST_MS = 1000; // between two reads of the same thing

/**
 * What an event does to what the dashboard holds: it patches where the event carries the new state, and else reads
 * again. Lists that are worked on are never reordered under a hand: new rows are counted, and loaded on request.
 */
export function effectsOn(client: QueryClient): Effects {
  const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; due: number }>();
  const lastAt = new Map<string, number>();

  // Many events at once lead to one read, spread so that a thousand dashboards do not ask in the same moment; and
  // events that go on, such as the decisions of a day, to one a second, or fewer where a read takes longer.
  function reread(key: QueryKey, exact = false, after_ms = 250): void {
    const name = JSON.stringify([key, exact]);
    const now = Date.now();
    const due = Math.max(now + after_ms + Math.random() * 2 * after_ms, (lastAt.get(name) ?? 0) + LEAST_MS);
    const planned = waiting.get(name);
    if (planned && planned.due <= due) return;
    clearTimeout(planned?.timer);
    const timer = setTimeout(() => {
      waiting.delete(name);
      // A read under way may have begun before the event: it is not cut off, but followed by another.
      if (client.isFetching({ queryKey: key, exact }) > 0) return reread(key, exact, after_ms);
      lastAt.set(name, Date.now());
      void client.invalidateQueries({ queryKey: key, exact });
    }, due - now);
    waiting.set(name, { timer, due });
  }

  function patchJob(id: string, part: Partial<JobView>): void {
    client.setQueryData<Answer<JobView>>(keys.job(id), (old) =>
      old && (part.version ?? old.body.version) >= old.body.version ? { ...old, body: { ...old.body, ...part } } : old,
    );
  }

  function event(event: LiveEvent): void {
    const project = event.stream.startsWith("project:") ? event.stream.slice(8) : null;
    const job = event.stream.startsWith("job:") ? event.stream.slice(4) : null;
    switch (event.type) {
      case "job.queued":
      case "job.started":
      case "job.cancelling":
      case "job.cancelled":
      case "job.failed":
      case "job.completed": {
        const { job_id, status, attempt, counts, version, problem } = event.data;
        patchJob(job_id, { status, attempt, counts, version, problem: problem ?? null });
        if (project) {
          reread(keys.jobs(project));
          reread(keys.project(project));
        } else {
          // Not the list of matches, which somebody may be working on: its new rows are counted.
          reread(keys.job(job_id), true);
          reread(keys.summary(job_id));
          reread(keys.unmatched(job_id));
        }
        return;
      }
      case "matches.added":
        if (!job) return;
        patchJob(job, { counts: event.data.counts });
        if (!isHeld(client, job, event)) client.setQueryData<number>(keys.arrived(job), (old) => (old ?? 0) + event.data.count);
        patchFlow(client, job, event);
        // The sums of all records are no small question: while the job runs, now and then is enough.
        reread(keys.summary(job), false, SUMMARY_MS);
        return;
      case "job.pass.finished":
      case "matches.reviewed":
        if (!job) return;
        patchJob(job, { counts: event.data.counts });
        reread(keys.summary(job));
        if (event.type === "matches.reviewed") reread(keys.matches(job));
        return;
      case "match.confirmed":
      case "match.rejected": {
        if (!job) return;
        const { match_id, status, version, decided_by, counts } = event.data;
        patchJob(job, { counts });
        // The name of who decided comes with the next reading.
        const part = { status: status as MatchView["status"], version, decided_by, decided_at: event.at, decided_by_name: null };
        patchMatch(client, job, match_id, part);
        reread(keys.match(match_id));
        reread(keys.summary(job));
        reread(keys.unmatched(job));
        return;
      }
      case "project.updated":
      case "project.deleted":
        reread(keys.projects);
        if (project) reread(keys.project(project));
        return;
      case "project.member.changed":
        if (project && event.data.user_id === me()) changeRole(event.stream, event.data.role);
        if (project) reread(keys.members(project));
        return;
      case "project.member.added":
      case "project.member.removed":
        if (project) reread(keys.members(project));
        return;
      case "source.created":
      case "source.updated":
      case "source.ready":
      case "source.failed":
      case "source.deleted":
        if (project) reread(keys.sources(project));
        reread(keys.source(event.data.source_id));
        client.removeQueries({ queryKey: keys.loading(event.data.source_id) });
        return;
      case "records.changed":
        reread(keys.source(event.data.source_id));
        return;
      case "plan.created":
      case "plan.updated":
        if (project) reread(keys.plans(project));
        return;
      case "access.granted":
      case "access.changed":
        for (const name of event.data.streams) changeRole(name, event.data.role);
        reread(keys.projects);
        return;
      case "access.revoked":
        for (const name of event.data.streams) revoked(name);
        return;
      case "session.revoked":
        reread(keys.sessions);
        return;
      case "user.updated":
        reread(keys.me);
        return;
      default:
        if (!event.type.startsWith("vault.") || !("vault_id" in event.data)) return;
        if (event.type === "vault.member.changed" && event.data.user_id === me()) changeRole(event.stream, event.data.role);
        reread(keys.vault(event.data.vault_id));
    }
  }

  /** One's own role: what it no longer allows goes from the page at once, and the rest is read again. */
  function changeRole(stream: string, role: string | null): void {
    const [noun, id] = stream.split(":") as [string, string];
    if (noun !== "project" && noun !== "vault") return;
    client.setQueryData<Answer<ProjectView | VaultView>>([noun, id], (old) =>
      old && role !== null ? { ...old, body: { ...old.body, my_role: role } as ProjectView | VaultView } : old,
    );
    void client.invalidateQueries({ queryKey: [noun, id] });
    // The list of vaults says one's role in each.
    if (noun === "vault") reread(["project"]);
  }

  /**
   * What may no longer be seen goes at once: a view that is on the screen loses what it shows and says why, and what is
   * kept for the next visit of a page is dropped, whichever noun it is of.
   */
  function revoked(stream: string): void {
    const [noun, id] = stream.split(":") as [string, string];
    const forget = () => client.removeQueries({ type: "inactive", predicate: ({ queryKey }) => !OWN.includes(String(queryKey[0])) });
    forget();
    void client.resetQueries({ queryKey: [noun, id] }).then(forget);
    reread(keys.projects);
    if (noun === "vault") reread(["project"]);
  }

  function reset(stream: string): void {
    const [noun, id] = stream.split(":") as [string, string];
    reread(noun === "user" ? keys.projects : noun === "vault-access" ? keys.vault(id) : [noun, id]);
  }

  return {
    event,
    reset,
    state: (state) => {
      if (state.name === "job.progress") client.setQueryData(keys.progress(state.value.job_id), state.value);
      else if (state.name === "source.progress") client.setQueryData(keys.loading(state.value.source_id), state.value);
      else if (state.name === "job.counts") patchJobs(client, state.stream.slice("project:".length), state.value);
      else patchTotals(client, state.value);
    },
    revoked,
    poll: async () => {
      // The states of the moment came by the socket: they are older than what is read now.
      client.removeQueries({ queryKey: ["progress"] });
      client.removeQueries({ queryKey: ["loading"] });
      const lists = client.getQueryCache().findAll({ type: "active", predicate: (query) => isWorkedOn(query.queryKey) });
      await Promise.all([
        client.refetchQueries({ type: "active", predicate: (query) => !isWorkedOn(query.queryKey) }, { cancelRefetch: false }),
        ...lists.map((query) => updateMatches(client, query.queryKey)),
      ]);
      // The opened match is known in full, its row perhaps no longer: a filter has left it out.
      for (const query of client.getQueryCache().findAll({ type: "active", queryKey: ["match"] })) {
        const match = (query.state.data as Answer<MatchDetail> | undefined)?.body;
        if (match) patchMatch(client, match.job_id, match.id, match);
      }
      // What may no longer be seen is not kept on the screen either.
      const lost = client.getQueryCache().findAll({ type: "active", predicate: ({ state }) => state.data !== undefined && isRefused(state.error) });
      await Promise.all(lost.map((query) => client.resetQueries({ queryKey: query.queryKey })));
    },
  };
}

function me(): string | undefined {
  return session()?.user.id;
}

type MatchPage = Answer<Page_MatchView_>;

/** Whether a key is that of a list whose rows are decided one by one: they keep their places until somebody asks. */
function isWorkedOn(key: QueryKey): boolean {
  return key[0] === "job" && key[2] === "matches";
}

function isRefused(error: unknown): boolean {
  return error instanceof Problem && (error.status === 403 || error.status === 404);
}

/** Whether the list on the screen was read after the event, or brought up to it: it brings no news then. */
function isHeld(client: QueryClient, job: string, event: Envelope): boolean {
  return client
    .getQueryCache()
    .findAll({ type: "active", queryKey: keys.matches(job) })
    .map((query) => (query.state.data as MatchPage | undefined)?.position)
    .some((position) => position?.epoch === event.epoch && position.seq >= event.seq);
}

/** Brings the rows of a list up to date where they stand; what is new to it is counted, and loaded on request. */
async function updateMatches(client: QueryClient, key: QueryKey): Promise<void> {
  const [, job, , query] = key as [string, string, string, string];
  const now = await get<Page_MatchView_>(`/jobs/${job}/matches?${query}`).catch(() => null);
  const old = client.getQueryData<MatchPage>(key);
  if (now === null || old === undefined) return;
  const found = new Map(now.body.items.map((row) => [row.id, row]));
  const items = old.body.items.map((row) => {
    const newer = found.get(row.id);
    return newer && newer.version > row.version ? newer : row;
  });
  client.setQueryData<MatchPage>(key, { position: now.position, body: { ...old.body, items } });
  const more = (now.body.total ?? 0) - (old.body.total ?? 0);
  client.setQueryData<number>(keys.arrived(job), (arrived) => Math.max(arrived ?? 0, more));
}

/** The counts of one job in the lists of its project. */
function patchJobs(client: QueryClient, project: string, { job_id, counts }: JobCounts): void {
  client.setQueriesData<Answer<Page_JobView_>>({ queryKey: keys.jobs(project) }, (old) =>
    old && { ...old, body: { ...old.body, items: old.body.items.map((job) => (job.id === job_id ? { ...job, counts } : job)) } },
  );
}

/** What a project holds, on its own page and on its card. */
function patchTotals(client: QueryClient, { project_id, ...counts }: ProjectTotals): void {
  client.setQueryData<Answer<ProjectView>>(keys.project(project_id), (old) => old && { ...old, body: { ...old.body, counts } });
  client.setQueryData<Answer<Page_ProjectView_>>(keys.projects, (old) =>
    old && { ...old, body: { ...old.body, items: old.body.items.map((one) => (one.id === project_id ? { ...one, counts } : one)) } },
  );
}

export function patchMatch(client: QueryClient, job: string, id: string, part: Partial<MatchDetail>): void {
  const apply = <T extends { id: string; version: number }>(row: T): T =>
    row.id === id && (part.version ?? 0) > row.version ? { ...row, ...part } : row;
  client.setQueriesData<Answer<Page_MatchView_> | InfiniteData<Answer<Page_MatchView_>>>(
    { queryKey: keys.matches(job) },
    (old) =>
      old && "body" in old ? { ...old, body: { ...old.body, items: old.body.items.map(apply) } } : old,
  );
  client.setQueryData<Answer<MatchDetail>>(keys.match(id), (old) => old && { ...old, body: apply(old.body) });
}

/** Where the records went, as far as a stored chunk says it: counts, while their sums come with the next reading. */
function patchFlow(client: QueryClient, job: string, event: Envelope & { data: MatchesAdded }): void {
  const { pass, count, confirmed, suggested, counts } = event.data;
  client.setQueryData<Answer<Summary>>(keys.summary(job), (old) => {
    if (!old || (old.position !== null && old.position.seq >= event.seq)) return old;
    const { flow } = old.body;
    const known = flow.passes.find((one) => one.name === pass);
    const before: FlowPass = known ?? { name: pass, left: { count: 0, sums: [] }, right: { count: 0, sums: [] }, by_status: {} };
    const after: FlowPass = {
      ...before,
      left: { ...before.left, count: before.left.count + count },
      right: { ...before.right, count: before.right.count + count },
      by_status: {
        ...before.by_status,
        confirmed: (before.by_status["confirmed"] ?? 0) + confirmed,
        suggested: (before.by_status["suggested"] ?? 0) + suggested,
      },
    };
    const open = {
      left: { ...flow.open.left, count: counts.open_left ?? flow.open.left.count },
      right: { ...flow.open.right, count: counts.open_right ?? flow.open.right.count },
    };
    const passes = known ? flow.passes.map((one) => (one === known ? after : one)) : [...flow.passes, after];
    return { position: { seq: event.seq, epoch: event.epoch }, body: { ...old.body, flow: { ...flow, passes, open } } };
  });
}
