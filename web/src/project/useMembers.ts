import type { MemberList, MemberView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";

/** The members of a project. */
export function useMembers(project: string): MemberView[] {
  return useRead<MemberList>(keys.members(project), `/projects/${project}/members`, `project:${project}`).data?.body.items ?? [];
}
