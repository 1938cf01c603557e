import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MatchDetail, MatchRecordView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count, money } from "../shell/format";
import { PLACE } from "../shell/keys";
import { Reading, Status } from "../shell/parts";
import { Assignee } from "./Assignee";
import { Comments } from "./Comments";
import { Decision, type Decided } from "./Decision";
import { DeltaSentence } from "./Delta";
import { Evidence } from "./Evidence";
import { bits, sideOf } from "./evidence";
import { History, Told } from "./history";
import { RunnerUp } from "./RunnerUp";
import { Signatures } from "./Signatures";

interface MatchProps {
  id: string;
  project: string;
  /** The stream of its job. Without it, somebody else follows the project's stream, which says what happens to it too. */
  stream: string | null;
  close: () => void;
  decided?: Decided;
  /** What else can be done with it, beside the decision. */
  more?: (match: MatchDetail) => ReactNode;
}

/** One match: both sides, what was compared, how certain it is, and the decision. */
export function Match({ id, project, stream, close, decided, more }: MatchProps) {
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
            <Decision key={body.id} match={body} project={project} decided={decided} more={more?.(body)} />
            <Signatures match={body} project={project} decided={decided} />
            <Verdict match={body} />
            <DeltaSentence left={sideOf(body.records, "left")} right={sideOf(body.records, "right")} known={body.difference} />
            <RunnerUp match={body} />
            <div className="pair">
              <Side name="Left" tone="l" records={sideOf(body.records, "left")} />
              <Side name="Right" tone="r" records={sideOf(body.records, "right")} />
            </div>
            <Evidence match={body} />
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
