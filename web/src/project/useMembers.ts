import type { MemberList, MemberView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";

/** The members of a project. */
export function useMembers(project: string): MemberView[] {
  return useRead<MemberList>(keys.members(project), `/projects/${project}/members`, `project:${project}`).data?.body.items ?? [];
}

/** The names of the members of a project, by their ids. */
export function useNames(project: string): ReadonlyMap<string, string> {
  return new Map(useMembers(project).map((member) => [member.user_id, member.display_name]));
}
