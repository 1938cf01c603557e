import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { change, type Answer } from "../api/client";
import type { Assign, MatchDetail } from "../api/rest";
import { keys } from "../live/keys";
import { patchMatch } from "../live/patch";
import { useOffline } from "../live/react";
import { can } from "../project/rights";
import { useMembers, useNames } from "../project/useMembers";
import { useProject } from "../project/useProject";
import { pairOf } from "./evidence";
import { personOf } from "./history";

/** Who is to look at a match. Controllers choose; everybody else sees the name. */
export function Assignee({ match, project, say }: { match: MatchDetail; project: string; say: (words: string) => void }) {
  const client = useQueryClient();
  const offline = useOffline();
  const mayAssign = can(useProject(project).data?.body.my_role, "match.assign");
  const members = useMembers(project);
  const nameOf = useNames(project);
  const assign = useMutation({
    mutationFn: (body: Assign) => change<MatchDetail>("PUT", `/matches/${match.id}/assignee`, { body, version: match.version }),
    onSuccess: (now) => {
      client.setQueryData<Answer<MatchDetail>>(keys.match(match.id), (old) => old && { ...old, body: now });
      patchMatch(client, match.id, now);
      const to = members.find((member) => member.user_id === now.assignee)?.display_name;
      const what = pairOf(now.records);
      say(now.assignee === null ? `Nobody in particular is to look at ${what} now.` : `You gave ${what} to ${personOf(to ?? null)}.`);
    },
    onError: () => client.invalidateQueries({ queryKey: keys.match(match.id) }),
  });
  const name = nameOf(match.assignee);
  if (!mayAssign) {
    return match.assignee === null ? null : <p className="muted">{personOf(name)} is to look at this.</p>;
  }
  // Whoever may only read could do nothing about it.
  const able = members.filter((member) => can(member.role, "match.decide") || member.user_id === match.assignee);
  const former = match.assignee !== null && typeof name !== "string" ? [{ value: match.assignee, label: personOf(name) }] : [];
  return (
    <NativeSelect
      label="Who is to look at this"
      data={[
        { value: "", label: "nobody in particular" },
        ...able.map((member) => ({ value: member.user_id, label: member.display_name })),
        ...former,
      ]}
      value={match.assignee ?? ""}
      disabled={offline !== undefined}
      title={offline}
      onChange={(event) => assign.mutate({ user_id: event.currentTarget.value || null })}
      error={assign.error?.message}
    />
  );
}
