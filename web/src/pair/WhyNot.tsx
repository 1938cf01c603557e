import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Explain, JobView, OpenItem, Page_JobView_ } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { bits, compared, plain, signed } from "../match/evidence";
import { percent } from "../shell/format";
import { Reading } from "../shell/parts";

interface Props {
  project: string;
  /** The sources of the room. */
  left: string;
  right: string;
  items: OpenItem[];
}

/** Why the newest reconciliation did not match the two records that are chosen. It is asked for only when it is opened. */
export function WhyNot({ project, left, right, items }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [one, other] = (["left", "right"] as const).map((side) => items.find((item) => item.side === side && item.match_id === null));
  if (items.length !== 2 || !one || !other) return null;
  return (
    <details className="fold" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Why were these two not matched?</summary>
      {isOpen ? <Newest key={`${one.id}/${other.id}`} {...{ project, left, right }} records={[one.id, other.id]} /> : null}
    </details>
  );
}

interface NewestProps extends Omit<Props, "items"> {
  records: [left: string, right: string];
}

/** Asks the newest finished reconciliation of the two sources, whichever of them is its left one. */
function Newest({ project, left, right, records }: NewestProps) {
  const jobs = useRead<Page_JobView_>(
    [...keys.jobs(project), "completed"],
    `/projects/${project}/jobs?status=completed&limit=200`,
    `project:${project}`,
  );
  return (
    <Reading query={jobs} height={80}>
      {({ body }) => {
        const job = body.items.find((one) => isOver(one, left, right) || isOver(one, right, left));
        if (!job) return <p className="muted">No reconciliation of these two sources has finished yet.</p>;
        const isTurned = !isOver(job, left, right);
        return (
          <>
            {isTurned ? <p className="muted">In that reconciliation, left and right were the other way round.</p> : null}
            <Why job={job} project={project} records={isTurned ? [records[1], records[0]] : records} />
          </>
        );
      }}
    </Reading>
  );
}

function isOver(job: JobView, left: string, right: string): boolean {
  return job.left_source === left && job.right_source === right;
}

function Why({ job, project, records }: { job: JobView; project: string; records: [string, string] }) {
  const query = new URLSearchParams({ left: records[0], right: records[1] }).toString();
  const why = useRead<Explain>([...keys.job(job.id), "explain", query], `/jobs/${job.id}/explain?${query}`, null);
  return (
    <Reading query={why} height={80}>
      {({ body }) => (
        <section className="stack" aria-label="Why these two were not matched">
          <p dir="auto">
            <strong>{body.sentence}</strong>
          </p>
          {body.competitor ? (
            <p>
              {body.competitor.pass === null ? "A match made by hand" : `A match of the pass “${body.competitor.pass}”`} holds the{" "}
              {body.competitor.side} record
              {body.competitor.score === null ? "" : `, with ${bits(body.competitor.score)} bits in total`}.{" "}
              <Link
                to="/projects/$project/review"
                params={{ project }}
                search={{ left: job.left_source, right: job.right_source, status: "all", m: body.competitor.match_id }}
              >
                Open it
              </Link>
            </p>
          ) : null}
          <Fields why={body} />
          {body.passes.length > 1 ? (
            <ol className="listed" dir="auto" aria-label="What each pass made of them">
              {body.passes.map((pass) => (
                <li key={pass.pass}>
                  <strong>{pass.pass}:</strong> {pass.sentence}
                </li>
              ))}
            </ol>
          ) : null}
          {body.unknown.map((sentence) => (
            <p key={sentence} className="muted">
              {sentence}
            </p>
          ))}
        </section>
      )}
    </Reading>
  );
}

/** The values that the deciding pass compares, with their weights where those are kept: the parts of the total. */
function Fields({ why }: { why: Explain }) {
  if (why.fields.length === 0) return null;
  const isWeighed = why.weight !== null;
  const gates = why.gates.filter((gate) => gate.pass === why.pass);
  return (
    <div className="scroll">
      <table className="grid evidence">
        <caption className="visually-hidden">What the pass {why.pass} compares</caption>
        <thead>
          <tr>
            <th>Field</th>
            <th>Compared</th>
            <th>Condition</th>
            {isWeighed ? <th className="number">Bits</th> : null}
          </tr>
        </thead>
        <tbody>
          {isWeighed ? (
            <tr>
              <td>at the start</td>
              <td className="wrap values muted">any two records</td>
              <td />
              <td className="number">{why.prior === null ? "–" : signed(why.prior)}</td>
            </tr>
          ) : null}
          {why.fields.map((field, index) => {
            const gate = gates.find((one) => one.field === field.field && one.compare === field.compare);
            return (
              <tr key={`${field.field}/${String(index)}`}>
                <td>
                  {field.field}
                  <br />
                  <span className="muted small">
                    {compared({ ...field, similarity: null })}
                    {field.similarity === null ? "" : ` ${percent(field.similarity)}`}
                  </span>
                </td>
                <td className="wrap values" dir="auto">
                  <span className="left-ink">{plain(field.left)}</span>
                  <br />
                  <span className="right-ink">{plain(field.right)}</span>
                </td>
                <td>{gate === undefined ? "adds evidence" : gate.ok ? "holds" : <strong>fails</strong>}</td>
                {isWeighed ? <td className="number">{field.weight === null ? "–" : signed(field.weight)}</td> : null}
              </tr>
            );
          })}
        </tbody>
        {isWeighed ? (
          <tfoot>
            <tr>
              <th scope="row">total</th>
              <td />
              <td />
              <td className="number">
                <strong>{bits(why.weight)}</strong>
              </td>
            </tr>
          </tfoot>
        ) : null}
      </table>
    </div>
  );
}
