import { IconSignature } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { change, type Answer } from "../api/client";
import type { MatchDetail } from "../api/rest";
import { useSession } from "../auth/useSession";
import { keys } from "../live/keys";
import { patchMatch } from "../live/patch";
import { can } from "../project/rights";
import { useNames } from "../project/useMembers";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { instant } from "../shell/format";
import { focusRow, type Decided } from "./Decision";
import { personOf, Refusal } from "./history";
import { takenBack, waitingOf } from "./signatures";
import { isWriteOff } from "./writeOff";

const DEEDS: Partial<Record<string, string>> = {
  confirm: "signed to confirm it",
  match: "matched it by hand and signed",
  undo: "signed to take it back",
  split: "signed to split it",
  write_off: "signed to write it off",
};

interface Props {
  match: MatchDetail;
  project: string;
  decided?: Decided;
}

/** Who has signed a match that needs two people, and what is missing. */
export function Signatures({ match, project, decided }: Props) {
  const me = useSession()?.user.id;
  const nameOf = useNames(project);
  const role = useProject(project).data?.body.my_role;
  const waiting = waitingOf(match);
  const what = takenBack(match, me);
  if (match.signatures.length === 0) return null;
  return (
    <section className={waiting.length > 0 ? "notice signatures" : "signatures"} aria-label="Signatures">
      {waiting.length > 0 ? <IconSignature size={18} aria-hidden /> : null}
      <div className="lines">
        <ul className={waiting.length > 0 ? undefined : "muted small"}>
          {match.signatures.map(({ by, at, action }) => (
            <li key={`${by}/${at}`}>
              <strong>{by === me ? "You" : personOf(nameOf(by))}</strong> {DEEDS[action] ?? "signed"} ·{" "}
              <span className="muted">{instant(at)}</span>
            </li>
          ))}
        </ul>
        {waiting.length > 0 ? (
          <p>
            {missing(
              waiting.some(({ by }) => by === me),
              can(role, "match.sign"),
            )}
          </p>
        ) : null}
        {what ? <Back match={match} what={what} decided={decided} /> : null}
      </div>
    </section>
  );
}

function missing(isMine: boolean, maySign: boolean): string {
  if (isMine) return "A second person has to sign too: a controller or an owner.";
  if (maySign) return "If you decide the same, it takes effect: yours is the second signature.";
  return "The second signature has to be a controller’s or an owner’s, so you cannot give it.";
}

interface BackProps {
  match: MatchDetail;
  what: "signature" | "match";
  decided?: Decided;
}

/** Takes the person's own signature back. */
function Back({ match, what, decided }: BackProps) {
  const client = useQueryClient();
  const back = useMutation({
    mutationFn: () =>
      what === "match"
        ? change<MatchDetail>("POST", `/matches/${match.id}/undo`, { body: {}, version: match.version })
        : change<MatchDetail>("DELETE", `/matches/${match.id}/signature`, { version: match.version }),
    onSuccess: (now) => {
      client.setQueryData<Answer<MatchDetail>>(keys.match(match.id), (old) => old && { ...old, body: now });
      patchMatch(client, match.id, now);
      if (decided) decided(now, "unsign");
      else focusRow(match.id);
    },
    onError: () => client.invalidateQueries({ queryKey: keys.match(match.id) }),
  });
  return (
    <>
      <ChangeButton size="compact-sm" variant="default" loading={back.isPending} onClick={() => back.mutate()}>
        {what === "match" ? `Take my signature and the ${isWriteOff(match) ? "write-off" : "match"} back` : "Take my signature back"}
      </ChangeButton>
      {back.error ? <Refusal problem={back.error} /> : null}
    </>
  );
}
