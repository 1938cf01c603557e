import type { ProjectView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";

/** A project as this person may see it. An administrator who is not a member may not follow its stream. */
export function useProject(id: string) {
  return useRead<ProjectView>(keys.project(id), `/projects/${id}`, ({ my_role }) => (my_role === "admin" ? null : `project:${id}`));
}
