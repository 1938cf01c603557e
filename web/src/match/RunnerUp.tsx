import type { MatchDetail, MatchRecordView, RecordView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count, money } from "../shell/format";
import { bits, namesOf, sideOf } from "./evidence";

const MOST = 4; // records; a runner-up with more would be longer than the match

type Recorded = Pick<MatchRecordView, "id" | "row" | "data" | "amount" | "date" | "reference">;

/** The match beside the records that would fit nearly as well, side by side in two columns. */
export function RunnerUp({ match }: { match: MatchDetail }) {
  const { runner_up, records } = match;
  if (runner_up === null) return null;
  const own = new Map(records.map((record) => [record.id, record]));
  const others = runner_up.records.filter((id) => !own.has(id));
  if (others.length === 0) return null;
  const shared = records.filter((record) => runner_up.records.includes(record.id));
  return (
    <div className="scroll">
      <table className="grid beside">
        <caption className="visually-hidden">This match and the runner-up</caption>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">Side</span>
            </th>
            <th>This match</th>
            <th>Runner-up</th>
          </tr>
        </thead>
        <tbody>
          {(["left", "right"] as const).map((side) => (
            <tr key={side}>
              <th scope="row" className={`${side}-ink`}>
                {side}
              </th>
              <td className="wrap">
                {sideOf(records, side).map((record) => (
                  <Short key={record.id} record={record} />
                ))}
              </td>
              <td className="wrap">
                {sideOf(shared, side).length > 0 ? <p className="muted">the same</p> : null}
                {others.slice(0, MOST).map((id) => (
                  <Other key={id} id={id} source={(side === "left" ? match.left_source : match.right_source) ?? ""} />
                ))}
              </td>
            </tr>
          ))}
          {others.length > MOST ? (
            <tr>
              <td />
              <td />
              <td className="muted">and {count(others.length - MOST)} more</td>
            </tr>
          ) : null}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">score</th>
            <td>
              <strong>{bits(match.score)}</strong>
            </td>
            <td>
              <strong>{bits(runner_up.score)}</strong>
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

/** A record of the runner-up, in the row of its side. */
function Other({ id, source }: { id: string; source: string }) {
  const record = useRead<RecordView>(keys.record(id), `/records/${id}`, null).data?.body;
  return record?.source_id === source ? <Short record={record} /> : null;
}

/** The same of every record, so that one can compare line by line. */
function Short({ record }: { record: Recorded }) {
  const [first, second] = namesOf(record);
  return (
    <div>
      <p className="number">
        <strong>{money(record.amount)}</strong>
      </p>
      <p className="mono">{record.date ?? "–"}</p>
      <p dir="auto">{first}</p>
      {second === undefined ? null : (
        <p dir="auto" className="muted small">
          {second}
        </p>
      )}
    </div>
  );
}
