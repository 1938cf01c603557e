import type { QueryKey } from "@tanstack/react-query";

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
