import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change, type Answer } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { MatchDetail, MatchRecordView, Split as Body } from "../api/rest";
import { keys } from "../live/keys";
import { patchMatch } from "../live/patch";
import { useRead } from "../live/react";
import { balancesOf, isTied, signFor, type Balance } from "../match/balance";
import { isZero } from "../match/difference";
import { namesOf, sideOf } from "../match/evidence";
import { Meanwhile, Refusal } from "../match/history";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { count, money } from "../shell/format";
import { useKeys, useKeysOn } from "../shell/keys";
import { Difference, differenceOf, UNSAID, type Becomes } from "./Difference";

import {
  balancesOfParts,
  beginning,
  canSplit,
  carried,
  isMatched,
  isSame,
  isUnchanged,
  mostParts,
  OUT,
  partsOf,
  sharesOf,
  without,
} from "./split";

interface ButtonProps {
  match: MatchDetail;
  project: string;
  open: () => void;
}

/** Offers to split a match that has more records than one part needs. */
export function SplitButton({ match, project, open }: ButtonProps) {
  const keysOn = useKeysOn();
  const mayDecide = can(useProject(project).data?.body.my_role, "match.decide");
  const may = mayDecide && canSplit(match);
  useKeys({ s: () => may && open() }, true);
  if (!may) return null;
  return (
    <ChangeButton
      size="compact-md"
      variant="default"
      title={keysOn ? "Key S, in the list or here" : undefined}
      aria-keyshortcuts={keysOn ? "s" : undefined}
      onClick={open}
    >
      Split …
    </ChangeButton>
  );
}

interface Props {
  match: MatchDetail;
  project: string;
  /** The sign of the pair, if one of its matches was confirmed. */
  sign: 1 | -1 | null;
  close: () => void;
  /** With how many parts stay matches, and how many records were taken out. */
  done: (now: MatchDetail, parts: number, out: number) => void;
}

/** The records of a match in rows and its parts in columns. Arrows move a record to another part, Tab goes to the next record. */
export function Split({ match: opened, project, sign: known, close, done }: Props) {
  const client = useQueryClient();
  /** The state that the parts are about. */
  const [match, setMatch] = useState(opened);
  const now = useRead<MatchDetail>(keys.match(match.id), `/matches/${match.id}`, null).data?.body ?? match;
  const isChanged = !isUnchanged(match, now);
  const { records } = match;
  const sign = signFor(known, match);
  const reasons = useProject(project).data?.body.reason_codes ?? [];
  // A second person begins with what the first has signed, since both have to sign the same.
  const { signed_split: signed } = match;
  const [number, setNumber] = useState(signed?.parts.filter(isMatched).length ?? Math.min(2, mostParts(records)));
  const [shares, setShares] = useState(() => (signed ? sharesOf(signed.parts) : beginning(records, sign)));
  const said: Becomes = signed ? { difference: signed.difference ?? "", code: signed.difference_reason ?? "" } : UNSAID;
  const [becomes, setBecomes] = useState(said);
  const [reason, setReason] = useState("");
  const balances = balancesOfParts(records, shares, number, sign);
  const out = records.filter((record) => shares.get(record.id) === OUT);
  const parts = partsOf(records, shares, number);
  /** Parts with records of one side only, by their numbers: nothing is left to match them with. */
  const alone = balances.flatMap((_, part) => {
    const sides = new Set(records.filter((record) => shares.get(record.id) === part).map((record) => record.side));
    return sides.size === 1 ? [part + 1] : [];
  });
  const tied = balances.every((found, part) => alone.includes(part + 1) || isTied(found));
  const isAsSigned =
    signed !== null && isSame(shares, sharesOf(signed.parts)) && said.difference === becomes.difference && said.code === becomes.code;
  const split = useMutation({
    mutationFn: (body: Body) =>
      change<MatchDetail>("POST", `/matches/${match.id}/split`, { body, version: isChanged ? match.version : now.version, key: newKey() }),
    onSuccess: (now, { parts }) => {
      client.setQueryData<Answer<MatchDetail>>(keys.match(match.id), (old) => old && { ...old, body: now });
      patchMatch(client, match.id, now);
      const matched = parts.filter(isMatched);
      const kept = matched.reduce((sum, { left, right }) => sum + left.length + right.length, 0);
      done(now, matched.length, records.length - kept);
    },
    onError: () => client.invalidateQueries({ queryKey: keys.match(match.id) }),
  });
  const problem = split.error instanceof Problem ? split.error : null;
  const fault = (pointer: string) => problem?.fault(pointer);
  const faults = (problem?.errors ?? []).flatMap(({ pointer, message }) => {
    const [, field, part, side] = pointer.split("/");
    if (field !== "parts") return [];
    const where = part === undefined || side === undefined ? "The parts" : `Part ${Number(part) + 1}, ${side}:`;
    return [{ pointer, message: `${where} ${message}` }];
  });
  const isShown =
    problem?.errors.length && problem.errors.every(({ pointer }) => /^\/(parts|difference|difference_reason|reason)(\/|$)/.test(pointer));
  const move = (record: string, part: number) => setShares((old) => new Map(old).set(record, part));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    split.mutate({
      parts: isAsSigned ? signed.parts : parts,
      reason: reason.trim() || null,
      ...(tied && !isAsSigned ? {} : differenceOf(becomes)),
    });
  };
  const beginAgain = () => {
    const most = Math.min(number, mostParts(now.records));
    setMatch(now);
    setNumber(most);
    setShares(carried(shares, now.records, most));
    split.reset();
  };
  const takeOver = () => {
    if (signed === null) return;
    setNumber(signed.parts.filter(isMatched).length);
    setShares(sharesOf(signed.parts));
    setBecomes(said);
  };
  const columns = [...Array.from({ length: number }, (_, part) => part), OUT];
  return (
    <Dialog close={close} title="Split this match" size="lg">
      <form className="form" onSubmit={submit}>
        <p>
          {mostParts(records) > 1
            ? `Its records are shared out into matches of their own, which are ${match.status} as this one is. What is taken out is open again. `
            : `What is taken out is open again, and the rest is ${match.status} as this match is. `}
          With the keyboard: arrows move a record, Tab goes to the next one.
        </p>
        {isChanged ? <Changed before={match} now={now} beginAgain={beginAgain} /> : null}
        {signed ? (
          <p className="notice">
            <span>
              {isAsSigned
                ? "These are the parts that somebody has signed. With the same parts, a second signature splits the match."
                : "Somebody has signed a split that differs. This one needs two signatures of its own."}{" "}
              {isAsSigned ? null : (
                <Button size="compact-sm" variant="default" onClick={takeOver}>
                  Show the signed parts
                </Button>
              )}
            </span>
          </p>
        ) : null}
        <div className="scroll">
          <table className="grid parts">
            <caption className="visually-hidden">Records by part</caption>
            <thead>
              <tr>
                <th>Record</th>
                {columns.map((part) => (
                  <th key={part} className="number">
                    {nameOf(part, number)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {[...sideOf(records, "left"), ...sideOf(records, "right")].map((record, index) => (
                <tr key={record.id}>
                  <RecordHead record={record} />
                  {columns.map((part) => (
                    <td key={part} className="number choose">
                      <label>
                        <input
                          type="radio"
                          name={record.id}
                          checked={shares.get(record.id) === part}
                          data-autofocus={index === 0 && shares.get(record.id) === part ? true : undefined}
                          aria-label={`${namesOf(record)[0] ?? ""}, ${money(record.amount)}, ${part === OUT ? "taken out" : `in part ${part + 1}`}`}
                          onChange={() => move(record.id, part)}
                        />
                      </label>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
            <tfoot>
              <Totals name="Left" tone="left-ink" parts={balances} of="left" out={balancesOf(out, sign)} />
              <Totals name="Right" tone="right-ink" parts={balances} of="right" out={balancesOf(out, sign)} />
              <Totals name="Difference" parts={balances} of="difference" />
            </tfoot>
          </table>
        </div>
        {faults.map(({ pointer, message }) => (
          <p key={pointer} role="alert" className="bad small">
            {message}
          </p>
        ))}
        <p role="status" className="muted">
          {alone.map((part) => `Part ${part} has records of one side only, which will be open again. `)}
          {tied
            ? "Each part comes to the same on both sides."
            : differing(balances.map((found, part) => (alone.includes(part + 1) ? [] : found)))}
        </p>
        <div className="row">
          {number < mostParts(records) ? (
            <Button size="compact-sm" variant="default" onClick={() => setNumber(number + 1)}>
              Add a part
            </Button>
          ) : null}
          {number > Math.min(2, mostParts(records)) ? (
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                setShares(without(shares, number - 1));
                setNumber(number - 1);
              }}
            >
              Remove part {number}
            </Button>
          ) : null}
        </div>
        {tied ? null : (
          <Difference
            value={becomes}
            reasons={reasons}
            choose={setBecomes}
            fault={fault}
            unsaid={match.status === "suggested" ? "as it was said for this match" : undefined}
          />
        )}
        <TextInput
          label="Why (optional)"
          maxLength={10_000}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          error={fault("/reason")}
        />
        {split.error && !isShown && !isChanged ? <Refusal problem={split.error} /> : null}
        <div className="row">
          <ChangeButton type="submit" disabled={isChanged || parts.length < 2} loading={split.isPending}>
            {number > 1 ? `Split into ${count(number)}` : `Take out ${count(out.length)}`}
          </ChangeButton>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function nameOf(part: number, number: number): string {
  return part === OUT ? "Taken out" : number > 1 ? `Part ${part + 1}` : "Stays matched";
}

interface ChangedProps {
  before: MatchDetail;
  now: MatchDetail;
  beginAgain: () => void;
}

/** A colleague has changed the match while this person was sharing it out. */
function Changed({ before, now, beginAgain }: ChangedProps) {
  const isOpen = canSplit(now);
  return (
    <div className="notice" role="alert">
      <div className="stack">
        <p>
          <Meanwhile before={before} now={now} />
        </p>
        <p>
          {isOpen
            ? `It is ${now.status} now. What you have chosen is kept, as far as it still applies.`
            : `It is ${now.status} now, so it cannot be split any more.`}
        </p>
        {isOpen ? (
          <Button size="compact-sm" variant="default" onClick={beginAgain}>
            Go on with the new state
          </Button>
        ) : null}
      </div>
    </div>
  );
}

function RecordHead({ record }: { record: MatchRecordView }) {
  const [first] = namesOf(record);
  return (
    <th scope="row" dir="auto">
      <span className={`${record.side}-ink`}>{record.side}</span> {first}
      <div className="muted small whole">
        <span>{money(record.amount)}</span> <span className="mono">{record.date ?? "–"}</span>
      </div>
    </th>
  );
}

interface TotalsProps {
  name: string;
  tone?: string;
  parts: Balance[][];
  of: "left" | "right" | "difference";
  /** What is taken out. It has no difference. */
  out?: Balance[];
}

/** A row of totals. The only currency stands in front, several have a line each. A part with no amount has a dash. */
function Totals({ name, tone, parts, of, out = [] }: TotalsProps) {
  const currencies = new Set([...parts, out].flat().map((balance) => balance.currency));
  const only = currencies.size === 1 ? [...currencies][0] : undefined;
  return (
    <tr>
      <th scope="row" className={tone}>
        {name}
        {only === undefined || only === "XXX" ? "" : `, ${only}`}
      </th>
      {[...parts, out].map((balances, part) => (
        <td key={part} className={`number ${tone ?? "total"}`}>
          {balances.length === 0 ? "–" : null}
          {balances.map((balance) => (
            <div key={balance.currency}>{money(only === undefined ? balance[of] : { ...balance[of], currency: "XXX" })}</div>
          ))}
        </td>
      ))}
    </tr>
  );
}

/** Which parts do not come to the same on both sides, and by how much. */
function differing(parts: Balance[][]): string {
  const found = parts.flatMap((balances, part) => {
    const apart = balances.filter((balance) => !isZero(balance.difference.amount)).map((balance) => money(balance.difference));
    const name = parts.length > 1 ? `part ${part + 1}` : "what stays matched";
    return apart.length > 0 ? [`${name} by ${apart.join(" and ")}`] : [];
  });
  return `Left and right differ: ${found.join(", ")}.`;
}
