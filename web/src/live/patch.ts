import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { get, type Answer } from "../api/client";
import type { Envelope, JobCounts, MatchesAdded, ProjectTotals } from "../api/live";
import type {
  FlowPass,
  JobView,
  MatchDetail,
  MatchView,
  Page_JobView_,
  Page_MatchView_,
  Page_ProjectView_,
  ProjectView,
  Summary,
} from "../api/rest";
import { keys } from "./keys";

type MatchPage = Answer<Page_MatchView_>;
const MOST_ASKED = 10; // rows at a time; new ones may have pushed many others off the page

/** Applies what an event says about a job, unless a newer version is known. */
export function patchJob(client: QueryClient, id: string, part: Partial<JobView>): void {
  client.setQueryData<Answer<JobView>>(keys.job(id), (old) =>
    old && (part.version ?? old.body.version) >= old.body.version ? { ...old, body: { ...old.body, ...part } } : old,
  );
}

/** Whether a key belongs to a list that people work through row by row. Its rows keep their places until somebody asks. */
export function isWorkedOn(key: QueryKey): boolean {
  return (key[0] === "job" || key[0] === "project") && key[2] === "matches";
}

/** Whether the list on the screen already includes the event, because it was read later. */
export function isHeld(client: QueryClient, job: string, event: Envelope): boolean {
  return client
    .getQueryCache()
    .findAll({ type: "active", queryKey: keys.matches(job) })
    .map((query) => (query.state.data as MatchPage | undefined)?.position)
    .some((position) => position?.epoch === event.epoch && position.seq >= event.seq);
}

/** Updates the rows of a list where they stand. New rows are counted, and loaded on request. */
export async function updateMatches(client: QueryClient, key: QueryKey): Promise<void> {
  const [noun, id] = key as [string, string];
  const query = String(key.at(-1));
  const now = await get<Page_MatchView_>(`/${noun}s/${id}/matches?${query}`).catch(() => null);
  if (now === null) return;
  const found = new Map<string, MatchView>(now.body.items.map((row) => [row.id, row]));
  for (const row of await leftOf(client.getQueryData<MatchPage>(key)?.body.items ?? [], found, query)) found.set(row.id, row);
  const old = client.getQueryData<MatchPage>(key);
  if (old === undefined) return;
  const items = old.body.items.map((row) => {
    const newer = found.get(row.id);
    return newer && newer.version > row.version ? newer : row;
  });
  client.setQueryData<MatchPage>(key, { position: now.position, body: { ...old.body, items } });
  const more = (now.body.total ?? 0) - (old.body.total ?? 0);
  client.setQueryData(keys.arrived(id), (arrived) => Math.max(arrived ?? 0, more));
}

/** Rows that a list of one status shows but has no longer. No event has told what became of them, so each is asked for. */
async function leftOf(shown: MatchView[], found: ReadonlyMap<string, MatchView>, query: string): Promise<MatchView[]> {
  const status = new URLSearchParams(query).get("status");
  const gone = shown.filter((row) => row.status === status && !found.has(row.id)).slice(0, MOST_ASKED);
  const read = await Promise.all(gone.map((row) => get<MatchDetail>(`/matches/${row.id}`).catch(() => null)));
  return read.flatMap((answer) => answer?.body ?? []);
}

/** Updates the counts of one job in the lists of its project. */
export function patchJobs(client: QueryClient, project: string, { job_id, counts }: JobCounts): void {
  client.setQueriesData<Answer<Page_JobView_>>(
    { queryKey: keys.jobs(project) },
    (old) => old && { ...old, body: { ...old.body, items: old.body.items.map((job) => (job.id === job_id ? { ...job, counts } : job)) } },
  );
}

/** Updates the counts of a project, on its own page and on its card. */
export function patchTotals(client: QueryClient, { project_id, ...counts }: ProjectTotals): void {
  client.setQueryData<Answer<ProjectView>>(keys.project(project_id), (old) => old && { ...old, body: { ...old.body, counts } });
  client.setQueryData<Answer<Page_ProjectView_>>(
    keys.projects,
    (old) =>
      old && { ...old, body: { ...old.body, items: old.body.items.map((one) => (one.id === project_id ? { ...one, counts } : one)) } },
  );
}

const SIDED = new Set(["left_source", "right_source", "records", "kind", "difference", "remainder"]);

/** What depends on which of the two sources is on the left stays as a list shows it, which may be turned. */
function asSeen(row: object & { left_source?: string | null }, part: Partial<MatchDetail>): Partial<MatchDetail> {
  if (part.left_source === undefined || part.left_source === row.left_source) return part;
  return Object.fromEntries(Object.entries(part).filter(([name]) => !SIDED.has(name)));
}

/** Applies what is known about a match to every list in which it stands, and to the match itself. */
export function patchMatch(client: QueryClient, id: string, part: Partial<MatchDetail>): void {
  const apply = <T extends { id: string; version: number }>(row: T): T =>
    row.id === id && (part.version ?? 0) > row.version ? { ...row, ...asSeen(row, part) } : row;
  client.setQueriesData<MatchPage>(
    { predicate: ({ queryKey }) => isWorkedOn(queryKey) },
    (old) => old && { ...old, body: { ...old.body, items: old.body.items.map(apply) } },
  );
  client.setQueryData<Answer<MatchDetail>>(keys.match(id), (old) => old && { ...old, body: apply(old.body) });
}

/** Adds the counts of a stored chunk to the flow of records. Their sums come with the next reading. */
export function patchFlow(client: QueryClient, job: string, event: Envelope & { data: MatchesAdded }): void {
  const { pass, left, right, confirmed, suggested, counts } = event.data;
  client.setQueryData<Answer<Summary>>(keys.summary(job), (old) => {
    if (!old || (old.position !== null && old.position.seq >= event.seq)) return old;
    const { flow } = old.body;
    const known = flow.passes.find((one) => one.name === pass);
    const before: FlowPass = known ?? { name: pass, left: { count: 0, sums: [] }, right: { count: 0, sums: [] }, by_status: {} };
    const after: FlowPass = {
      ...before,
      left: { ...before.left, count: before.left.count + left },
      right: { ...before.right, count: before.right.count + right },
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
