import { ActionIcon, Button } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { change, type Answer } from "../api/client";
import { Problem } from "../api/problem";
import type { FieldView, JobView, MatchDetail, MatchRecordView } from "../api/rest";
import { keys, patchMatch } from "../live/effects";
import { useOffline, useRead } from "../live/react";
import { useProject } from "../project/Project";
import { count, instant, money } from "../shell/format";
import { useKeys } from "../shell/keys";
import { Fault, Reading, Status } from "../shell/parts";
import { bits, plain, sideOf } from "./evidence";

/** One match: both sides, what was compared, how sure it is, and the decision. */
export function Match({ id, job, close }: { id: string; job: JobView; close: () => void }) {
  const match = useRead<MatchDetail>(keys.match(id), `/matches/${id}`, `job:${job.id}`);
  return (
    <aside className="panel stack" aria-label="Match">
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
            <Decision key={body.id} match={body} project={job.project_id} />
            <p className="muted">{verdict(body)}</p>
            <div className="pair">
              <Side name="Left" tone="l" records={sideOf(body.records, "left")} />
              <Side name="Right" tone="r" records={sideOf(body.records, "right")} />
            </div>
            <Fields fields={body.fields} />
            <History match={body} />
          </>
        )}
      </Reading>
    </aside>
  );
}

function verdict(match: MatchDetail): string {
  const parts = [`found by ${match.pass ?? "hand"}`, `score ${bits(match.score)}`];
  if (match.runner_up) parts.push(`runner-up ${bits(match.runner_up.score)}`);
  if (match.margin !== null) parts.push(`margin ${bits(match.margin)}${match.ambiguity === "ambiguous" ? ", a close call" : ""}`);
  else if (!match.runner_up) parts.push("no other reading");
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
          <p className="mono">{record.date ?? "–"}
          </p>
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

/** The evidence as text first; the bar beside it shows what each field weighs, zero at its centre. */
function Fields({ fields }: { fields: FieldView[] }) {
  if (fields.length === 0) return null;
  const most = Math.max(1, ...fields.map((field) => Math.abs(field.weight)));
  return (
    <div className="scroll">
      <table className="grid evidence">
        <thead>
          <tr>
            <th>Field</th>
            <th>Compared</th>
            <th className="number">Bits</th>
          </tr>
        </thead>
        <tbody>
          {fields.map((field, index) => (
            <tr key={`${field.field}/${index}`}>
              <td>
                {field.field}
                <br />
                <span className="muted small">
                  {field.compare}
                  {field.similarity !== null && field.similarity < 1 ? ` ${Math.round(field.similarity * 100)}%` : ""}
                </span>
              </td>
              <td className="wrap values" dir="auto">
                <span className="left-ink">{plain(field.left)}</span>
                <br />
                <span className="right-ink">{plain(field.right)}</span>
              </td>
              <td className="number">
                {field.weight > 0 ? `+${bits(field.weight)}` : bits(field.weight)}
                <br />
                <svg width={48} height={10} viewBox="-24 0 48 10" aria-hidden>
                  <rect x={Math.min(0, (field.weight / most) * 22)} y={2} width={(Math.abs(field.weight) / most) * 22} height={6} fill="var(--accent)" />
                  <path d="M0 0V10" stroke="var(--edge)" />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Decision({ match, project }: { match: MatchDetail; project: string }) {
  const client = useQueryClient();
  const offline = useOffline();
  const role = useProject(project).data?.body.my_role;
  const decide = useMutation({
    mutationFn: (verb: "confirm" | "reject") => change<MatchDetail>("POST", `/matches/${match.id}/${verb}`, { body: {}, version: match.version }),
    onSuccess: (now) => {
      client.setQueryData<Answer<MatchDetail>>(keys.match(match.id), (old) => old && { ...old, body: now });
      patchMatch(client, match.job_id, match.id, now);
    },
    onError: () => client.invalidateQueries({ queryKey: keys.match(match.id) }),
  });
  const isOffline = offline !== undefined;
  const isFinal = match.status === "rejected" || match.status === "superseded";
  const mayConfirm = !isFinal && match.status !== "confirmed" && !isOffline && !decide.isPending;
  const mayReject = !isFinal && !isOffline && !decide.isPending;
  const isReader = role === undefined || role === "viewer" || role === "admin";
  useKeys({
    c: () => !isReader && mayConfirm && decide.mutate("confirm"),
    r: () => !isReader && mayReject && decide.mutate("reject"),
  });
  if (isReader) return null;
  const conflict = decide.error instanceof Problem && decide.error.status === 409;
  return (
    <div className="stack">
      <div className="row">
        <Button size="compact-md" disabled={!mayConfirm} loading={decide.isPending && decide.variables === "confirm"} onClick={() => decide.mutate("confirm")} title={offline ?? "Key C"}>
          Confirm
        </Button>
        <Button size="compact-md" variant="default" disabled={!mayReject} loading={decide.isPending && decide.variables === "reject"} onClick={() => decide.mutate("reject")} title={offline ?? "Key R"}>
          Reject
        </Button>
        {isOffline ? <span className="muted small">{offline}</span> : null}
      </div>
      {decide.error ? <Fault problem={decide.error} retry={conflict || isOffline ? undefined : () => decide.mutate(decide.variables)} /> : null}
    </div>
  );
}

function History({ match }: { match: MatchDetail }) {
  if (match.history.length === 0) return null;
  return (
    <ul className="muted small" aria-label="History">
      {match.history.map((entry) => (
        <li key={entry.at + entry.action}>
          {instant(entry.at)} · {entry.action.replace("match.", "")}
          {entry.reason ? ` · ${entry.reason}` : ""}
        </li>
      ))}
    </ul>
  );
}
