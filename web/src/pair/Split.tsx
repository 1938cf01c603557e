import { Button, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change, type Answer } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { MatchDetail, MatchRecordView, Split as Body } from "../api/rest";
import { keys } from "../live/keys";
import { patchMatch } from "../live/patch";
import { isZero } from "../match/difference";
import { namesOf, sideOf } from "../match/evidence";
import { Refusal } from "../match/history";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { count, money } from "../shell/format";
import { useKeys, useKeysOn } from "../shell/keys";
import { Difference, differenceOf, UNSAID, type Becomes } from "./Difference";
import { isTied, type Balance } from "./hand";
import { balancesOfParts, beginning, isSame, mostParts, partsOf, sharesOf, signFor, without } from "./split";

interface ButtonProps {
  match: MatchDetail;
  project: string;
  open: () => void;
}

/** Offers to split a match that has enough records for two parts. */
export function SplitButton({ match, project, open }: ButtonProps) {
  const keysOn = useKeysOn();
  const mayDecide = can(useProject(project).data?.body.my_role, "match.decide");
  const isActive = match.status === "suggested" || match.status === "confirmed";
  const may = mayDecide && isActive && mostParts(match.records) > 1;
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
  done: (now: MatchDetail, parts: number) => void;
}

/** The records of a match in rows and its parts in columns. Arrows move a record to another part, Tab goes to the next record. */
export function Split({ match, project, sign: known, close, done }: Props) {
  const client = useQueryClient();
  const { records } = match;
  const sign = signFor(known, match);
  const reasons = useProject(project).data?.body.reason_codes ?? [];
  // A second person begins with what the first has signed, since both have to sign the same.
  const { signed_split: signed } = match;
  const [number, setNumber] = useState(signed?.parts.length ?? 2);
  const [shares, setShares] = useState(() => (signed ? sharesOf(signed.parts) : beginning(records, sign)));
  const said: Becomes = signed ? { difference: signed.difference ?? "", code: signed.difference_reason ?? "" } : UNSAID;
  const [becomes, setBecomes] = useState(said);
  const [reason, setReason] = useState("");
  const balances = balancesOfParts(records, shares, number, sign);
  const tied = balances.every(isTied);
  const isAsSigned =
    signed !== null && isSame(shares, sharesOf(signed.parts)) && said.difference === becomes.difference && said.code === becomes.code;
  const split = useMutation({
    mutationFn: (body: Body) => change<MatchDetail>("POST", `/matches/${match.id}/split`, { body, version: match.version, key: newKey() }),
    onSuccess: (now, { parts }) => {
      client.setQueryData<Answer<MatchDetail>>(keys.match(match.id), (old) => old && { ...old, body: now });
      patchMatch(client, match.id, now);
      done(now, parts.length);
    },
    onError: () => client.invalidateQueries({ queryKey: keys.match(match.id) }),
  });
  const problem = split.error instanceof Problem ? split.error : null;
  const fault = (pointer: string) => problem?.fault(pointer);
  const faults = (problem?.errors ?? []).flatMap(({ pointer, message }) => {
    const [, field, part, side] = pointer.split("/");
    if (field !== "parts") return [];
    const isEmpty = side === "left" || side === "right" ? split.variables?.parts[Number(part)]?.[side].length === 0 : false;
    const where = part === undefined ? "The parts" : `Part ${Number(part) + 1}, ${side ?? ""}:`;
    return [{ pointer, message: isEmpty ? `Part ${Number(part) + 1} needs a record of the ${side ?? ""} side.` : `${where} ${message}` }];
  });
  const isShown =
    problem?.errors.length && problem.errors.every(({ pointer }) => /^\/(parts|difference|difference_reason|reason)(\/|$)/.test(pointer));
  const move = (record: string, part: number) => setShares((old) => new Map(old).set(record, part));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const parts = isAsSigned ? signed.parts : partsOf(records, shares, number);
    split.mutate({ parts, reason: reason.trim() || null, ...(tied && !isAsSigned ? {} : differenceOf(becomes)) });
  };
  const columns = Array.from({ length: number }, (_, part) => part);
  return (
    <Modal opened onClose={close} title="Split this match" size="lg">
      <form className="form" onSubmit={submit}>
        <p>
          Its records are shared out into matches of their own, which are {match.status} as this one is. With the keyboard: arrows move a
          record to another part, Tab goes to the next record.
        </p>
        {signed ? (
          <p className="notice">
            <span>
              {isAsSigned
                ? "These are the parts that somebody has signed. With the same parts, a second signature splits the match."
                : "Somebody has signed a split that differs. This one needs two signatures of its own."}
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
                    Part {part + 1}
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
                          aria-label={`${namesOf(record)[0] ?? ""}, ${money(record.amount)}, in part ${part + 1}`}
                          onChange={() => move(record.id, part)}
                        />
                      </label>
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
            <tfoot>
              <Totals name="Left" tone="left-ink" parts={balances} of="left" />
              <Totals name="Right" tone="right-ink" parts={balances} of="right" />
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
          {tied ? "Each part comes to the same on both sides." : differing(balances)}
        </p>
        <div className="row">
          {number < mostParts(records) ? (
            <Button size="compact-sm" variant="default" onClick={() => setNumber(number + 1)}>
              Add a part
            </Button>
          ) : null}
          {number > 2 ? (
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
        {split.error && !isShown ? <Refusal problem={split.error} /> : null}
        <div className="row">
          <ChangeButton type="submit" loading={split.isPending}>
            Split into {count(number)}
          </ChangeButton>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
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
}

/** A row of totals. The only currency stands in front, several have a line each. A part with no amount has a dash. */
function Totals({ name, tone, parts, of }: TotalsProps) {
  const currencies = new Set(parts.flat().map((balance) => balance.currency));
  const only = currencies.size === 1 ? [...currencies][0] : undefined;
  return (
    <tr>
      <th scope="row" className={tone}>
        {name}
        {only === undefined || only === "XXX" ? "" : `, ${only}`}
      </th>
      {parts.map((balances, part) => (
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
    return apart.length > 0 ? [`part ${part + 1} by ${apart.join(" and ")}`] : [];
  });
  return `Left and right differ: ${found.join(", ")}.`;
}
