import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { PairReview, Reviewed } from "../api/rest";
import { keys } from "../live/keys";
import { can } from "../project/rights";
import { useMemberNames } from "../project/useMembers";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { count } from "../shell/format";
import { Fault } from "../shell/parts";
import { addDeed } from "./own";
import { chosenBy, type PairSearch } from "./search";

type Action = "confirm" | "reject" | "undo";
const NAMES: Record<Action, [verb: string, past: string]> = {
  confirm: ["Confirm", "confirmed"],
  reject: ["Reject", "rejected"],
  undo: ["Take back", "took back"],
};

interface Props {
  project: string;
  search: PairSearch;
  /** How many matches the list has; null if that is not known: they were not counted, or the list is being read. */
  total: number | null;
  isEmpty: boolean;
  say: (words: string) => void;
}

/** Decisions on everything that the list has found. */
export function Bulk({ project, search, total, isEmpty, say }: Props) {
  const [action, setAction] = useState<Action | null>(null);
  const may = can(useProject(project).data?.body.my_role, "match.decide");
  const { status = "suggested" } = search;
  const actions: Action[] =
    status === "suggested"
      ? ["confirm", "reject"]
      : status === "confirmed" || status === "rejected" || status === "written_off"
        ? ["undo"]
        : [];
  if (!may || isEmpty || actions.length === 0) return null;
  return (
    <div className="row bulk">
      {actions.map((one) => (
        <ChangeButton key={one} size="compact-sm" variant="default" onClick={() => setAction(one)}>
          {NAMES[one][0]} all {total === null ? "" : count(total)} …
        </ChangeButton>
      ))}
      {action ? <Sure project={project} search={search} action={action} shown={total} close={() => setAction(null)} say={say} /> : null}
    </div>
  );
}

interface SureProps {
  project: string;
  search: PairSearch;
  action: Action;
  shown: number | null;
  close: () => void;
  say: (words: string) => void;
}

/**
 * Asks with the number. If there are others by now, it asks again with theirs. A number that is not known is asked for first,
 * since nothing is decided on another number than the one that somebody has seen.
 */
function Sure({ project, search, action, shown, close, say }: SureProps) {
  const client = useQueryClient();
  const [expected, setExpected] = useState(shown);
  /** The number with which it was asked last. */
  const [asked, setAsked] = useState(shown);
  const [reason, setReason] = useState("");
  const [key, setKey] = useState(newKey);
  const [verb, past] = NAMES[action];
  const { left = "", right = "", status = "suggested", q, assignee } = search;
  const holder = useMemberNames(project).get(assignee ?? "") ?? "one person";
  const decide = useMutation({
    mutationFn: () => {
      const filter = { ...chosenBy(status), q: q ?? null, assignee: assignee ?? null };
      const sides = { left_source: left, right_source: right };
      const body: PairReview = { ...sides, action, filter, expected_count: expected ?? 0, reason: reason.trim() || null };
      return change<Reviewed>("POST", `/projects/${project}/review`, { body, key });
    },
    onSuccess: (done) => {
      if (expected === null) {
        setExpected(0);
        return;
      }
      const words = `You ${past} ${count(done.changed)} ${done.changed === 1 ? "match" : "matches"}.`;
      if (done.decision_id !== null) addDeed({ project, words, of: "decision", id: done.decision_id });
      else if (action === "undo" && done.changed > 0) addDeed({ project, words, of: "taken back", id: newKey() });
      say(words + skippedWords(done));
      close();
    },
    onError: (error) => {
      setKey(newKey());
      const now = error instanceof Problem && error.code === "count_changed" ? error.extensions["count"] : undefined;
      if (typeof now === "number") setExpected(now);
    },
    onSettled: () => {
      for (const one of [keys.pairMatches(project), keys.books(project), keys.openItems(project)]) {
        void client.invalidateQueries({ queryKey: one });
      }
    },
  });
  const isChanged = decide.error instanceof Problem && decide.error.code === "count_changed";
  const isOther = isChanged && asked !== null;
  const matches = expected === null ? "all matches" : `${count(expected)} ${expected === 1 ? "match" : "matches"}`;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setAsked(expected);
    decide.mutate();
  };
  return (
    <Dialog close={close} title={`${verb} ${matches}?`}>
      <form className="form" onSubmit={submit}>
        {isOther ? (
          <p className="notice" role="alert">
            <span>
              There are {count(expected ?? 0)} now, because somebody has decided meanwhile. Nothing was changed. Look at the number, then
              decide.
            </span>
          </p>
        ) : decide.error && !isChanged ? (
          <Fault problem={decide.error} />
        ) : null}
        <p>
          {q ? (
            <>
              They are the {nounOf(status)} in which “{q}” was found{assignee ? ` and that are given to ${holder}` : ""}, on all pages.
            </>
          ) : assignee ? (
            `They are the ${nounOf(status)} that are given to ${holder} to look at, on all pages.`
          ) : (
            `They are all ${nounOf(status)} of these two sources, on all pages.`
          )}{" "}
          Everybody in the project sees the change at once.
          {action === "undo"
            ? " They wait for a decision again; those that were made by hand or written off are withdrawn. There is no undo for this as a whole."
            : " Afterwards, Undo takes back all of it."}
        </p>
        <TextInput label="Why (optional)" maxLength={10_000} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <div className="row">
          <ChangeButton type="submit" disabled={expected === 0} loading={decide.isPending}>
            {expected === null ? "Count them" : `${verb} ${matches}`}
          </ChangeButton>
          {/* Has the focus first, so that Enter, held down by mistake, decides nothing. */}
          <Button variant="default" data-autofocus onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function nounOf(status: string): string {
  return status === "written_off" ? "write-offs" : `${status} matches`;
}

const REASONS: Partial<Record<string, string>> = {
  record_in_use: "because another match has their records",
  four_eyes: "because a second person has to sign them one by one",
  already_decided: "because they were already decided",
  version_conflict: "because the match that they extend, or the sign of the two sides, has changed meanwhile",
};
const MOST_LISTED = 1000; // of what was skipped, by the server

function skippedWords({ skipped }: Reviewed): string {
  if (skipped.length === 0) return "";
  const codes = [...new Set(skipped.map((one) => one.code))];
  const parts = codes.map((code) => `${count(skipped.filter((one) => one.code === code).length)} ${REASONS[code] ?? code}`);
  return ` Skipped${skipped.length >= MOST_LISTED ? ", at least" : ""}: ${parts.join(", ")}.`;
}
