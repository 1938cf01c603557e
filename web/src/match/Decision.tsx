import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode, type SubmitEvent } from "react";
import { change, type Answer } from "../api/client";
import { Problem } from "../api/problem";
import type { MatchDetail } from "../api/rest";
import { useSession } from "../auth/useSession";
import { keys } from "../live/keys";
import { patchMatch } from "../live/patch";
import { useOffline } from "../live/react";
import { can } from "../project/rights";
import { useNames } from "../project/useMembers";
import { useProject } from "../project/useProject";
import { useKeys, useKeysOn } from "../shell/keys";
import { personOf, Refusal } from "./history";
import { OUTCOME } from "./Outcome";
import { hasSigned, isSecond } from "./signatures";
import { followsOf, goneWords, isUndoable, questionOf } from "./taken";
import { isWriteOff } from "./writeOff";

const SEEN_MS = 500;

/** The key of decisions, so that the list can show those that are on their way. */
export const DECIDING = ["decide"];
export interface Deciding {
  verb: "confirm" | "reject" | "undo";
  reason?: string;
}

/** What follows a decision. */
export type Decided = (match: MatchDetail, verb: "confirm" | "reject" | "undo" | "unsign") => void;

interface Props {
  match: MatchDetail;
  project: string;
  /** Opens another match in its place. */
  open: (id: string) => void;
  decided?: Decided;
  /** Further buttons. */
  more?: ReactNode;
}

/** Confirms and rejects, by button or key. Taking back a decision requires a reason. */
export function Decision({ match, project, open, decided, more }: Props) {
  const client = useQueryClient();
  const offline = useOffline();
  const role = useProject(project).data?.body.my_role;
  /** The version that the open question is about. A new decision makes a new version, which closes the question. */
  const [askedOf, setAskedOf] = useState<number | null>(null);
  const isAsking = askedOf === match.version;
  const isSeen = useSeen(`${match.id}/${match.version}`);
  const decide = useMutation({
    mutationKey: [...DECIDING, match.id],
    mutationFn: ({ verb, reason }: Deciding) =>
      change<MatchDetail>("POST", `/matches/${match.id}/${verb}`, { body: reason ? { reason } : {}, version: match.version }),
    onSuccess: (now, { verb }) => {
      client.setQueryData<Answer<MatchDetail>>(keys.match(match.id), (old) => old && { ...old, body: now });
      patchMatch(client, match.id, now);
      setAskedOf(null);
      if (decided) decided(now, verb);
      else focusRow(match.id);
    },
    onError: () => client.invalidateQueries({ queryKey: keys.match(match.id) }),
  });
  const me = useSession()?.user.id;
  /** Why this person cannot decide, where the decision waits for another's signature. */
  const unsigned = (verb: "confirm" | "undo") =>
    hasSigned(match, me, verb)
      ? "You have signed this. Another person has to sign it too."
      : isSecond(match, me, verb) && !can(role, "match.sign")
        ? "The second signature has to be a controller’s or an owner’s."
        : undefined;
  const isSuggested = match.status === "suggested";
  const isConfirmed = match.status === "confirmed";
  const canUndo = isUndoable(match);
  const [noConfirm, noUndo] = [unsigned("confirm"), isConfirmed ? unsigned("undo") : undefined];
  const may = (isSuggested || canUndo) && offline === undefined && !decide.isPending;
  const confirm = () => decide.mutate({ verb: "confirm" });
  // A single key must not undo somebody's decision, so it only opens the question.
  const reject = () => (canUndo ? setAskedOf(match.version) : decide.mutate({ verb: "reject" }));
  const mayDecide = can(role, "match.decide");
  useKeys(
    {
      c: () => mayDecide && may && isSeen && isSuggested && !noConfirm && confirm(),
      r: () => mayDecide && may && isSeen && !noUndo && reject(),
    },
    true,
  );
  const keysOn = useKeysOn();
  if (!mayDecide) return null;
  const conflict = decide.error instanceof Problem && decide.error.status === 409;
  const hint = (key: string) => (keysOn && may && isSeen ? key : undefined);
  return (
    <div className="stack">
      <div className="row">
        {isSuggested || isConfirmed ? (
          <Button
            size="compact-md"
            disabled={!may || isConfirmed || noConfirm !== undefined}
            loading={decide.isPending && decide.variables.verb === "confirm"}
            onClick={confirm}
            // Without it, the title describes the button: it says why it does not work.
            aria-describedby={may ? OUTCOME : undefined}
            title={offline ?? noConfirm ?? (keysOn && isSuggested ? "Key C, in the list or here" : undefined)}
            aria-keyshortcuts={isConfirmed || noConfirm ? undefined : hint("c")}
          >
            {isWriteOff(match) ? "Write off" : "Confirm"}
          </Button>
        ) : null}
        {isSuggested || canUndo ? (
          <Button
            size="compact-md"
            variant="default"
            disabled={!may || noUndo !== undefined}
            loading={decide.isPending && decide.variables.verb === "reject"}
            onClick={reject}
            title={offline ?? noUndo ?? (keysOn ? "Key R, in the list or here" : undefined)}
            aria-keyshortcuts={noUndo ? undefined : hint("r")}
          >
            {isSuggested ? "Reject" : "Take back …"}
          </Button>
        ) : null}
        {more}
        {offline ? <span className="muted small">{offline}</span> : null}
      </div>
      <Gone match={match} open={open} />
      {isAsking && canUndo ? (
        <TakeBack
          match={match}
          project={project}
          isBusy={decide.isPending || offline !== undefined}
          keep={() => {
            setAskedOf(null);
            focusRow(match.id);
          }}
          takeBack={(reason) => decide.mutate({ verb: "undo", reason })}
        />
      ) : null}
      {decide.error ? (
        <Refusal problem={decide.error} retry={conflict || offline !== undefined ? undefined : () => decide.mutate(decide.variables)} />
      ) : null}
    </div>
  );
}

/** What can be done about a match that others have taken the place of, or that was taken back. */
function Gone({ match, open }: { match: MatchDetail; open: (id: string) => void }) {
  const sentence = goneWords(match);
  const other = match.status === "superseded" ? match.latest_decision?.match_id : undefined;
  if (sentence === undefined) return null;
  return (
    <div className="lines">
      <p>{sentence}</p>
      {other ? (
        <Button size="compact-sm" variant="default" onClick={() => open(other)}>
          Open the other match
        </Button>
      ) : null}
    </div>
  );
}

interface TakeBackProps {
  match: MatchDetail;
  project: string;
  isBusy: boolean;
  keep: () => void;
  takeBack: (reason: string) => void;
}

/** Says whose decision is taken back and what follows, and asks why. */
function TakeBack({ match, project, isBusy, keep, takeBack }: TakeBackProps) {
  const me = useSession()?.user.id;
  const nameOf = useNames(project);
  const { by, by_name: name } = match.latest_decision ?? { by: match.decided_by, by_name: match.decided_by_name };
  const whose = by === null ? null : by === me ? "your" : `${personOf(name ?? nameOf(by))}’s`;
  const [reason, setReason] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (reason.trim()) takeBack(reason.trim());
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape works in each of its fields
    <form
      className="notice question"
      aria-label={match.status === "confirmed" ? "Take back the confirmation" : "Take back the decision"}
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        keep();
      }}
    >
      <div className="stack">
        <p>
          <strong>{questionOf(match, whose)}</strong>
        </p>
        <p className="muted">{followsOf(match)}</p>
        <TextInput
          label="Why"
          required
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the form opened because this person asked for it
          autoFocus
          maxLength={10_000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div className="row">
          <Button type="submit" size="compact-md" disabled={isBusy || !reason.trim()}>
            Take back
          </Button>
          <Button size="compact-md" variant="default" onClick={keep}>
            Keep it
          </Button>
        </div>
      </div>
    </form>
  );
}

/** Whether this version has been on the screen for a moment. A key pressed earlier was meant for something else. */
function useSeen(version: string): boolean {
  const [seen, setSeen] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setSeen(version), SEEN_MS);
    return () => clearTimeout(timer);
  }, [version]);
  return seen === version;
}

/** The buttons are off after a decision, so the focus goes to the row, where keys still work. */
export function focusRow(id: string): void {
  const row = document.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(id)}"]`);
  (row ?? document.querySelector<HTMLElement>(".panel"))?.focus({ preventScroll: true });
}
