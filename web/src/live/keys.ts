import type { DataTag, QueryKey } from "@tanstack/react-query";
import type { ClaimView } from "../api/rest";
import type { JobProgress, Notices, SourceProgress } from "../api/live";

/** The key of a value that only events write and no request fetches. */
export type Held<T> = DataTag<QueryKey, T>;

/** Query keys, by noun. */
export const keys = {
  projects: ["projects"] as QueryKey,
  project: (id: string): QueryKey => ["project", id],
  members: (id: string): QueryKey => ["project", id, "members"],
  sources: (project: string): QueryKey => ["project", project, "sources"],
  source: (id: string): QueryKey => ["source", id],
  jobs: (project: string): QueryKey => ["project", project, "jobs"],
  plan: (id: string, version: number): QueryKey => ["plan", id, version],
  plans: (project: string): QueryKey => ["project", project, "plans"],
  job: (id: string): QueryKey => ["job", id],
  summary: (id: string): QueryKey => ["job", id, "summary"],
  matches: (job: string): QueryKey => ["job", job, "matches"],
  unmatched: (job: string): QueryKey => ["job", job, "unmatched"],
  match: (id: string): QueryKey => ["match", id],
  comments: (match: string): QueryKey => ["match", match, "comments"],
  record: (id: string): QueryKey => ["record", id],
  // Those of all pairs of a project, as it is rare that two are on the screen at once.
  books: (project: string): QueryKey => ["project", project, "books"],
  pairMatches: (project: string): QueryKey => ["project", project, "matches"],
  openItems: (project: string): QueryKey => ["project", project, "open items"],
  /** How many matches wait for the person who is signed in. */
  mine: (project: string): QueryKey => ["project", project, "mine"],
  vaults: (project: string): QueryKey => ["project", project, "vaults"],
  vault: (id: string): QueryKey => ["vault", id],
  progress: (job: string) => ["progress", job] as unknown as Held<JobProgress>,
  loading: (source: string) => ["loading", source] as unknown as Held<SourceProgress>,
  /** How many matches have come since the list on the screen was read. */
  arrived: (jobOrProject: string) => ["arrived", jobOrProject] as unknown as Held<number>,
  /** Who is here, on a stream. */
  here: (stream: string) => ["here", stream] as unknown as Held<Notices["presence"]>,
  /** Who has claimed which record, as far as it has changed since the lists on the screen were read. */
  claims: (project: string) => ["claims", project] as unknown as Held<Record<string, ClaimView | null>>,
  me: ["me"] as QueryKey,
  sessions: ["sessions"] as QueryKey,
  apiTokens: ["api tokens"] as QueryKey,
};
