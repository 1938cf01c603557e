import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { FieldView, MatchDetail, MatchRecordView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count, money } from "../shell/format";
import { PLACE } from "../shell/keys";
import { Reading, Status } from "../shell/parts";
import { Assignee } from "./Assignee";
import { Comments } from "./Comments";
import { Decision, type Decided } from "./Decision";
import { DeltaSentence } from "./Delta";
import { bits, plain, shownPrior, sideOf, signed } from "./evidence";
import { History, Told } from "./history";
import { RunnerUp } from "./RunnerUp";

interface MatchProps {
  id: string;
  project: string;
  /** The stream of its job. Without it, somebody else follows the project's stream, which says what happens to it too. */
  stream: string | null;
  close: () => void;
  decided?: Decided;
}

/** One match: both sides, what was compared, how certain it is, and the decision. */
export function Match({ id, project, stream, close, decided }: MatchProps) {
  const match = useRead<MatchDetail>(keys.match(id), `/matches/${id}`, stream);
  return (
    <aside className="panel stack" aria-label="Match" tabIndex={-1} {...PLACE}>
      <div className="row">
        <h2>Match</h2>
        {match.data ? <Status of={match.data.body.status} /> : null}
        <span className="spacer" />
        <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={close}>
          <IconX size={16} />
        </ActionIcon>
      </div>
      <Reading query={match} height={360}>
        {({ body }) => (
          <>
            <Told key={`told/${body.id}`} match={body} />
            <Decision key={body.id} match={body} project={project} decided={decided} />
            <Verdict match={body} />
            <DeltaSentence left={sideOf(body.records, "left")} right={sideOf(body.records, "right")} known={body.difference} />
            <div className="pair">
              <Side name="Left" tone="l" records={sideOf(body.records, "left")} />
              <Side name="Right" tone="r" records={sideOf(body.records, "right")} />
            </div>
            <RunnerUp match={body} />
            <Fields match={body} />
            <History match={body} />
            <Comments key={`comments/${body.id}`} match={body.id} project={project} />
            <Assignee match={body} project={project} />
          </>
        )}
      </Reading>
    </aside>
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
  const parts = [`found by ${match.pass ?? "hand"}`, `score ${bits(match.score)}`];
  if (match.runner_up) parts.push(`runner-up ${bits(match.runner_up.score)}`);
  if (match.margin !== null) parts.push(`margin ${bits(match.margin)}`);
  else if (!match.runner_up) parts.push("no alternative");
  return parts.join(" · ");
}

function Side({ name, tone, records }: { name: string; tone: "l" | "r"; records: MatchRecordView[] }) {
  return (
    <section className={tone}>
      {records.map((record) => (
        <div key={record.id}>
          <h3 className={tone === "l" ? "left-ink" : "right-ink"}>
            {name} · row {count(record.row + 1)}
          </h3>
          <p>
            <strong>{money(record.amount)}</strong>
          </p>
          <p className="mono">{record.date ?? "–"}</p>
          <dl>
            {Object.entries(record.data).map(([column, value]) => (
              <div key={column}>
                <dt dir="auto">{column}</dt>
                <dd dir="auto">{value ?? "–"}</dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}

/** The evidence from the prior to the total, as text. The bar beside each part shows its weight, with zero in the middle. */
function Fields({ match }: { match: MatchDetail }) {
  const { fields, score } = match;
  const prior = shownPrior(
    score,
    match.prior,
    fields.map((field) => field.weight),
  );
  if (fields.length === 0) return null;
  const most = Math.max(1, ...[...fields.map((field) => field.weight), prior ?? 0].map(Math.abs));
  return (
    <div className="scroll">
      <table className="grid evidence">
        <caption className="visually-hidden">Evidence for this match</caption>
        <thead>
          <tr>
            <th>Field</th>
            <th>Compared</th>
            <th className="number">Bits</th>
          </tr>
        </thead>
        <tbody>
          {prior === null ? null : (
            <tr>
              <td>at the start</td>
              <td className="wrap values muted">any two records</td>
              <Weight value={prior} most={most} />
            </tr>
          )}
          {fields.map((field, index) => (
            <tr key={`${field.field}/${index}`}>
              <td>
                {field.field}
                <br />
                <span className="muted small">{compared(field)}</span>
              </td>
              <td className="wrap values" dir="auto">
                <span className="left-ink">{plain(field.left)}</span>
                <br />
                <span className="right-ink">{plain(field.right)}</span>
              </td>
              <Weight value={field.weight} most={most} />
            </tr>
          ))}
        </tbody>
        {prior === null || score === null ? null : (
          <tfoot>
            <tr>
              <th scope="row">score</th>
              <td />
              <td className="number">
                <strong>{bits(score)}</strong>
              </td>
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

function compared(field: FieldView): string {
  return field.similarity !== null && field.similarity < 1 ? `${field.compare} ${Math.round(field.similarity * 100)}%` : field.compare;
}

function Weight({ value, most }: { value: number; most: number }) {
  return (
    <td className="number">
      {signed(value)}
      <br />
      <svg width={48} height={10} viewBox="-24 0 48 10" aria-hidden>
        <rect x={Math.min(0, (value / most) * 22)} y={2} width={(Math.abs(value) / most) * 22} height={6} fill="var(--accent)" />
        <path d="M0 0V10" stroke="var(--edge)" />
      </svg>
    </td>
  );
}
