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
import { useProject } from "../project/useProject";
import { useKeys, useKeysOn } from "../shell/keys";
import { personOf, Refusal } from "./history";
import { OUTCOME } from "./Outcome";
import { hasSigned, isSecond } from "./signatures";

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
  decided?: Decided;
  /** Further buttons. */
  more?: ReactNode;
}

/** Confirms and rejects, by button or key. Taking back a confirmation requires a reason. */
export function Decision({ match, project, decided, more }: Props) {
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
  const isOpen = match.status === "suggested" || match.status === "confirmed";
  const isConfirmed = match.status === "confirmed";
  const [noConfirm, noUndo] = [unsigned("confirm"), isConfirmed ? unsigned("undo") : undefined];
  const may = isOpen && offline === undefined && !decide.isPending;
  const confirm = () => decide.mutate({ verb: "confirm" });
  // A single key must not undo somebody's decision, so it only opens the question.
  const reject = () => (isConfirmed ? setAskedOf(match.version) : decide.mutate({ verb: "reject" }));
  const mayDecide = can(role, "match.decide");
  useKeys(
    {
      c: () => mayDecide && may && isSeen && !isConfirmed && !noConfirm && confirm(),
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
        <Button
          size="compact-md"
          disabled={!may || isConfirmed || noConfirm !== undefined}
          loading={decide.isPending && decide.variables.verb === "confirm"}
          onClick={confirm}
          // Without it, the title describes the button: it says why it does not work.
          aria-describedby={may ? OUTCOME : undefined}
          title={offline ?? noConfirm ?? (keysOn ? "Key C, in the list or here" : undefined)}
          aria-keyshortcuts={isConfirmed || noConfirm ? undefined : hint("c")}
        >
          Confirm
        </Button>
        <Button
          size="compact-md"
          variant="default"
          disabled={!may || noUndo !== undefined}
          loading={decide.isPending && decide.variables.verb === "reject"}
          onClick={reject}
          title={offline ?? noUndo ?? (keysOn ? "Key R, in the list or here" : undefined)}
          aria-keyshortcuts={noUndo ? undefined : hint("r")}
        >
          {isConfirmed ? "Take back …" : "Reject"}
        </Button>
        {more}
        {offline ? <span className="muted small">{offline}</span> : null}
      </div>
      {isAsking && isConfirmed ? (
        <TakeBack
          match={match}
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

interface TakeBackProps {
  match: MatchDetail;
  isBusy: boolean;
  keep: () => void;
  takeBack: (reason: string) => void;
}

/** Says whose confirmation is taken back, and asks why. */
function TakeBack({ match, isBusy, keep, takeBack }: TakeBackProps) {
  const me = useSession()?.user.id;
  const [reason, setReason] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (reason.trim()) takeBack(reason.trim());
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape works in each of its fields
    <form
      className="notice question"
      aria-label="Take back the confirmation"
      onSubmit={submit}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        keep();
      }}
    >
      <div className="stack">
        <p>
          <strong>{question(match, me)}</strong>
        </p>
        <p className="muted">The match becomes a suggestion again. Then it can be rejected, or its records can be matched otherwise.</p>
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

function question(match: MatchDetail, me: string | undefined): string {
  if (match.decided_by === null) return "Take back this confirmation, which the plan made?";
  if (match.decided_by === me) return "Take back your confirmation?";
  return `Take back ${personOf(match.decided_by_name)}’s confirmation?`;
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
