import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import type { MatchDetail, MatchRecordView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { LookedAt } from "../project/Here";
import { count, money } from "../shell/format";
import { PLACE } from "../shell/keys";
import { Reading, Status } from "../shell/parts";
import { Assignee } from "./Assignee";
import { Comments } from "./Comments";
import { Decision, focusRow, type Decided } from "./Decision";
import { DeltaSentence } from "./Delta";
import { Evidence } from "./Evidence";
import { bits, repeats, sideOf } from "./evidence";
import { History, Told } from "./history";
import { Outcome } from "./Outcome";
import { RunnerUp } from "./RunnerUp";
import { Signatures } from "./Signatures";
import { isWriteOff, seenFrom, statusOf } from "./writeOff";

interface MatchProps {
  id: string;
  project: string;
  /** The stream of its job. Without it, somebody else follows the project's stream, which says what happens to it too. */
  stream: string | null;
  /** The sign of its pair, if it is known. */
  sign?: 1 | -1 | null;
  /** The source on the left, on whose side or on the other one a record that was written off stands. */
  left?: string;
  /** Opens another match in its place. */
  open: (id: string) => void;
  close: () => void;
  decided?: Decided;
  /** Says what this person has done, where the page has a line for that. */
  say?: (words: string) => void;
  /** What else can be done with it, beside the decision. */
  more?: (match: MatchDetail) => ReactNode;
}

/** One match: both sides, what was compared, how certain it is, and the decision. */
export function Match({ id, project, stream, sign = null, left, open, close, decided, say, more }: MatchProps) {
  const [said, setSaid] = useState("");
  const match = useRead<MatchDetail>(keys.match(id), `/matches/${id}`, stream);
  const panel = useRef<HTMLElement>(null);
  const isRead = match.data !== undefined;
  useEffect(() => {
    // Who comes by an address or loads the page again has the focus nowhere, and keys that decide would not work.
    if (isRead && document.activeElement?.contains(panel.current)) focusRow(id);
  }, [isRead, id]);
  return (
    <aside className="panel stack" aria-label="Match" tabIndex={-1} ref={panel} {...PLACE}>
      <div className="row">
        <h2>{match.data && isWriteOff(match.data.body) ? "Write-off" : "Match"}</h2>
        {match.data ? <Status of={statusOf(match.data.body)} /> : null}
        <span className="spacer" />
        <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={close}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      <Reading query={match} height={360}>
        {({ body }) => (
          <>
            <LookedAt project={project} what="match" id={body.id} />
            <Told key={`told/${body.id}`} match={body} />
            <Decision key={body.id} match={body} project={project} open={open} decided={decided} more={more?.(body)} />
            <Outcome match={body} project={project} sign={sign} open={open} />
            <Signatures match={body} project={project} decided={decided} />
            {isWriteOff(body) ? <WrittenOff match={seenFrom(body, left)} /> : <Compared match={body} />}
            <History match={body} />
            <Comments key={`comments/${body.id}`} match={body.id} project={project} say={say ?? setSaid} />
            <Assignee match={body} project={project} say={say ?? setSaid} />
            {say ? null : (
              <p aria-live="polite" className="muted">
                {said}
              </p>
            )}
          </>
        )}
      </Reading>
    </aside>
  );
}

/** Both sides, and how certain it is that they belong together. */
function Compared({ match }: { match: MatchDetail }) {
  const [left, right] = [sideOf(match.records, "left"), sideOf(match.records, "right")];
  return (
    <>
      <Verdict match={match} />
      <DeltaSentence left={left} right={right} known={match.difference} />
      <RunnerUp match={match} />
      <div className="pair">
        <Side name="Left" tone="l" records={left} />
        <Side name="Right" tone="r" records={right} />
      </div>
      <Evidence match={match} />
    </>
  );
}

/** The record of a write-off. There is nothing to compare it with. */
function WrittenOff({ match }: { match: MatchDetail }) {
  const side = match.records[0]?.side ?? "left";
  return (
    <div className="pair">
      <Side name={side === "left" ? "Left" : "Right"} tone={side === "left" ? "l" : "r"} records={match.records} />
    </div>
  );
}

function Verdict({ match }: { match: MatchDetail }) {
  return (
    <div className="lines">
      <p className="muted">{verdict(match)}</p>
      {match.ambiguity === "interchangeable" ? (
        <p>
          <strong>Any one fits:</strong> there are equal records, such as two equal payments, that would fit as well. Which of them is taken
          changes no sum.
        </p>
      ) : null}
      {match.ambiguity === "ambiguous" ? (
        <p>
          <strong>A close call:</strong>{" "}
          {match.runner_up
            ? "an alternative is nearly as likely. Compare the two before you decide."
            : "the evidence is thin, and these records may have no partner at all."}
        </p>
      ) : null}
    </div>
  );
}

function verdict(match: MatchDetail): string {
  if (match.pass === null && match.score === null) return "matched by hand";
  const parts = [`found by ${match.pass ?? "hand"}`, `score ${bits(match.score)}`];
  if (match.runner_up) parts.push(`runner-up ${bits(match.runner_up.score)}`);
  if (match.margin !== null) parts.push(`margin ${bits(match.margin)}`);
  else if (!match.runner_up) parts.push("no alternative");
  return parts.join(" · ");
}

function Side({ name, tone, records }: { name: string; tone: "l" | "r"; records: MatchRecordView[] }) {
  const isExtended = records.some((record) => record.from_base);
  return (
    <section className={tone}>
      {records.map((record) => (
        <div key={record.id}>
          <h3 className={tone === "l" ? "left-ink" : "right-ink"}>
            {name} · row {count(record.row + 1)}
          </h3>
          {isExtended ? <p className="small">{record.from_base ? "matched before" : "added"}</p> : null}
          <p>
            <strong>{money(record.amount)}</strong>
          </p>
          <p className="mono">{record.date ?? "–"}</p>
          <Columns record={record} />
        </div>
      ))}
    </section>
  );
}

/** The columns of a record's file. Those that only repeat what stands above them are folded. */
function Columns({ record }: { record: MatchRecordView }) {
  const columns = Object.entries(record.data);
  const folded = columns.filter(([, value]) => repeats(record, value));
  return (
    <>
      <Facts columns={columns.filter(([, value]) => !repeats(record, value))} />
      {folded.length > 0 ? (
        <details>
          <summary>
            {count(folded.length)} more, the same {folded.length === 1 ? "value" : "values"} as above
          </summary>
          <Facts columns={folded} />
        </details>
      ) : null}
    </>
  );
}

function Facts({ columns }: { columns: [name: string, value: string | null][] }) {
  return (
    <dl>
      {columns.map(([column, value]) => (
        <div key={column}>
          <dt dir="auto">{column}</dt>
          <dd dir="auto">{value ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}
