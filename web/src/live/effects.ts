import type { QueryClient, QueryKey } from "@tanstack/react-query";
import type { Answer } from "../api/client";
import { Problem } from "../api/problem";
import type { MatchDetail, MatchView, ProjectView, VaultView } from "../api/rest";
import { session } from "../api/session";
import type { Effects, LiveEvent, LiveState } from "./event";
import { addGiven } from "./given";
import { keys } from "./keys";
import { isHeld, isWorkedOn, patchFlow, patchJob, patchJobs, patchMatch, patchTotals, updateMatches } from "./patch";
import { rereading } from "./reread";

/** What stays when access to a project or a vault is lost. */
const OWN = ["projects", "me", "sessions", "api tokens"];

const SUMMARY_MS = 4000;
const UPDATE_MS = 1000;

/**
 * What events do to the data of the dashboard. Where an event carries the new state, that is patched in; everything else is
 * read again. A list that people work on never changes its order by itself: new rows are counted, and loaded on request.
 */
export function effectsOn(client: QueryClient): Effects {
  const reread = rereading(client);
  const updating = new Set<string>();

  function event(event: LiveEvent): void {
    const project = event.stream.startsWith("project:") ? event.stream.slice(8) : null;
    const job = event.stream.startsWith("job:") ? event.stream.slice(4) : null;
    switch (event.type) {
      case "job.queued":
      case "job.started":
      case "job.paused":
      case "job.resumed":
      case "job.cancelling":
      case "job.cancelled":
      case "job.failed":
      case "job.completed": {
        const { job_id, status, attempt, counts, version, problem } = event.data;
        patchJob(client, job_id, { status, attempt, counts, version, problem: problem ?? null });
        if (project) {
          reread(keys.jobs(project));
          // Only the project itself: below it are lists that people work on.
          reread(keys.project(project), true);
          reread(keys.books(project));
          updatePairs(project);
        } else {
          // The list of matches is left alone, because somebody may be working on it. New rows are counted.
          reread(keys.job(job_id), true);
          reread(keys.summary(job_id));
          reread(keys.unmatched(job_id));
        }
        return;
      }
      case "matches.added":
        if (!job) return;
        patchJob(client, job, { counts: event.data.counts });
        if (!isHeld(client, job, event)) client.setQueryData(keys.arrived(job), (old) => (old ?? 0) + event.data.count);
        patchFlow(client, job, event);
        // Summing all records is expensive, so while the job runs it is only done now and then.
        reread(keys.summary(job), false, SUMMARY_MS);
        return;
      case "job.pass.finished":
      case "matches.reviewed":
        if (project) rereadPairs(project);
        if (project) reread(keys.pairMatches(project));
        if (!job) return;
        patchJob(client, job, { counts: event.data.counts });
        reread(keys.summary(job));
        if (event.type === "matches.reviewed") reread(keys.matches(job));
        return;
      case "match.created":
      case "match.confirmed":
      case "match.rejected":
      case "match.undone":
      case "match.superseded":
      case "match.split": {
        const { match_id, status, version, decided_by, counts } = event.data;
        // The event does not name the person who decided. The next reading does.
        const part = { status: status as MatchView["status"], version, decided_by, decided_at: event.at, decided_by_name: null };
        patchMatch(client, match_id, part);
        reread(keys.match(match_id));
        if (project) {
          rereadPairs(project);
          // These may add a row to a list that does not have it, or change others.
          const changesOthers = event.type === "match.created" || event.type === "match.undone" || event.data.replaced_ids?.length;
          if (changesOthers) updatePairs(project);
        }
        // The same event comes on the job's stream, whose lists it changes.
        if (!job) return;
        patchJob(client, job, { counts });
        reread(keys.summary(job));
        reread(keys.unmatched(job));
        return;
      }
      case "match.assigned": {
        const { match_id, version, assignee } = event.data;
        patchMatch(client, match_id, { assignee, version });
        reread(keys.match(match_id));
        if (project) reread(keys.mine(project));
        return;
      }
      case "match.signed":
      case "match.commented":
        reread(keys.match(event.data.match_id));
        // The list says which matches were signed once.
        if (project && event.type === "match.signed") updatePairs(project);
        if (project && event.type === "match.signed" && event.data.left_source === null) rereadWriteOffs(project);
        return;
      case "record.written_off":
      case "record.reopened": {
        const { match_id, status, version } = event.data;
        patchMatch(client, match_id, { status: status as MatchView["status"], version });
        reread(keys.match(match_id));
        if (project) rereadWriteOffs(project);
        return;
      }
      case "record.claimed":
      case "record.released":
        if (project) {
          const { record_id, user_id } = event.data;
          const claim = event.type === "record.claimed" ? { user_id, until: event.data.until } : null;
          client.setQueryData(keys.claims(project), (old) => ({ ...old, [record_id]: claim }));
        }
        return;
      case "work.assigned":
        if (event.actor.id !== me()) addGiven(event.data);
        return;
      case "project.updated":
      case "project.deleted":
        reread(keys.projects);
        if (project) reread(keys.project(project), event.type === "project.updated");
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
        if (project && event.type === "source.deleted") {
          // Its reconciliations, matches and books went with it.
          for (const key of [keys.jobs, keys.books, keys.openItems, keys.mine, keys.pairMatches]) reread(key(project));
          reread(keys.project(project), true);
        }
        reread(keys.source(event.data.source_id));
        client.removeQueries({ queryKey: keys.loading(event.data.source_id) });
        return;
      case "plan.created":
      case "plan.updated":
        if (project) reread(keys.plans(project));
        return;
      case "records.changed":
        reread(keys.source(event.data.source_id));
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
      case "api_token.created":
      case "api_token.revoked":
        reread(keys.apiTokens);
        return;
      case "user.updated":
        reread(keys.me);
        return;
      case "vault.member.changed":
        if (event.data.user_id === me()) changeRole(event.stream, event.data.role);
        reread(keys.vault(event.data.vault_id));
        return;
      case "vault.created":
      case "vault.updated":
      case "vault.deleted":
      case "vault.entry.created":
      case "vault.entry.updated":
      case "vault.entry.rotated":
      case "vault.entry.deleted":
      case "vault.entry.restored":
      case "vault.entry.purged":
      case "vault.member.added":
      case "vault.member.removed":
        reread(keys.vault(event.data.vault_id));
        return;
      // These come on the stream of a vault's accesses, which no screen follows yet.
      case "vault.entry.revealed":
      case "vault.access.denied":
      case "vault.manager.removed":
        return;
      default:
        ignore(event);
    }
  }

  function state(state: LiveState): void {
    switch (state.name) {
      case "job.progress":
        client.setQueryData(keys.progress(state.value.job_id), state.value);
        return;
      case "source.progress":
        client.setQueryData(keys.loading(state.value.source_id), state.value);
        return;
      case "job.counts":
        patchJobs(client, state.stream.slice("project:".length), state.value);
        return;
      case "project.counts":
        patchTotals(client, state.value);
        return;
      default:
        ignore(state);
    }
  }

  /** The sums, the open items and what waits for this person in a project's pairs, at most once a second. */
  function rereadPairs(project: string): void {
    reread(keys.books(project));
    reread(keys.openItems(project));
    reread(keys.mine(project));
    // A reconciliation on the screen says what is open of its records, whoever matches them.
    const isOfJob = ({ queryKey: [noun, , part] }: { queryKey: QueryKey }) =>
      noun === "job" && (part === "summary" || part === "unmatched");
    for (const { queryKey } of client.getQueryCache().findAll({ type: "active", predicate: isOfJob })) reread(queryKey, true, SUMMARY_MS);
  }

  /** What is counted as waiting depends on write-offs too, which may have come to a list or left it. */
  function rereadWriteOffs(project: string): void {
    rereadPairs(project);
    updatePairs(project);
    reread(keys.project(project), true);
  }

  /** Rows of a pair's list keep their places. What is new is counted, at most once a second. */
  function updatePairs(project: string): void {
    if (updating.has(project)) return;
    updating.add(project);
    setTimeout(() => {
      updating.delete(project);
      const lists = client.getQueryCache().findAll({ type: "active", queryKey: keys.pairMatches(project) });
      for (const query of lists) void updateMatches(client, query.queryKey);
    }, UPDATE_MS);
  }

  /** The person's own role has changed: what it no longer allows disappears at once, and the rest is read again. */
  function changeRole(stream: string, role: string | null): void {
    const [noun, id] = stream.split(":") as [string, string];
    if (noun !== "project" && noun !== "vault") return;
    client.setQueryData<Answer<ProjectView | VaultView>>([noun, id], (old) =>
      old && role !== null ? { ...old, body: { ...old.body, my_role: role } as ProjectView | VaultView } : old,
    );
    void client.invalidateQueries({ queryKey: [noun, id] });
    // The list of vaults shows the role in each.
    if (noun === "vault") reread(["project"]);
  }

  /**
   * What the person may no longer see disappears at once: views on the screen are emptied and say why, and what is cached
   * for the next visit of any page is dropped.
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
    state,
    presence: (found) => client.setQueryData(keys.here(found.stream), found),
    revoked,
    poll: async () => {
      // Progress came over the socket, so it is older than what is read now.
      client.removeQueries({ queryKey: ["progress"] });
      client.removeQueries({ queryKey: ["loading"] });
      const lists = client.getQueryCache().findAll({ type: "active", predicate: (query) => isWorkedOn(query.queryKey) });
      await Promise.all([
        client.refetchQueries({ type: "active", predicate: (query) => !isWorkedOn(query.queryKey) }, { cancelRefetch: false }),
        ...lists.map((query) => updateMatches(client, query.queryKey)),
      ]);
      // A filter may leave out the row of the opened match. The match itself has been read, so its row is taken from there.
      for (const query of client.getQueryCache().findAll({ type: "active", queryKey: ["match"] })) {
        const match = (query.state.data as Answer<MatchDetail> | undefined)?.body;
        if (match) patchMatch(client, match.id, match);
      }
      // What the person may no longer see disappears from the screen as well.
      const lost = client
        .getQueryCache()
        .findAll({ type: "active", predicate: ({ state }) => state.data !== undefined && isRefused(state.error) });
      await Promise.all(lost.map((query) => client.resetQueries({ queryKey: query.queryKey })));
    },
  };
}

/** If a type in the generated catalogue has no case above, this call does not compile. */
function ignore(_unheard: never): void {
  // A server that is newer than this page may still send other types; they change nothing.
}

function me(): string | undefined {
  return session()?.user.id;
}

function isRefused(error: unknown): boolean {
  return error instanceof Problem && (error.status === 403 || error.status === 404);
}
