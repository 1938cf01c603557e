import type { MemberList, MemberView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";

function useList(project: string): MemberView[] | undefined {
  return useRead<MemberList>(keys.members(project), `/projects/${project}/members`, `project:${project}`).data?.body.items;
}

/** The members of a project. */
export function useMembers(project: string): MemberView[] {
  return useList(project) ?? [];
}

/** Finds the name of a person by their id. Undefined while the names are not known yet; null for who has left. */
export function useNames(project: string): (id: string | null) => string | null | undefined {
  const members = useList(project);
  return (id) => (members === undefined ? undefined : (members.find((member) => member.user_id === id)?.display_name ?? null));
}

/** The names of the members of a project, by their ids. */
export function useMemberNames(project: string): ReadonlyMap<string, string> {
  return new Map(useMembers(project).map((member) => [member.user_id, member.display_name]));
}
