import type { MatchDetail, RecordView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count, money } from "../shell/format";
import { bits } from "./evidence";

const MOST = 4; // records; a runner-up with more would be longer than the match

/** The records that would fit nearly as well, beside those of the match. */
export function RunnerUp({ match }: { match: MatchDetail }) {
  const { runner_up } = match;
  if (runner_up === null) return null;
  const mine = new Set(match.records.map((record) => record.id));
  const others = runner_up.records.filter((id) => !mine.has(id)).slice(0, MOST);
  if (others.length === 0) return null;
  return (
    <section className="other" aria-label="Runner-up">
      <h3>Runner-up · score {bits(runner_up.score)}</h3>
      {others.map((id) => (
        <Other key={id} id={id} />
      ))}
    </section>
  );
}

function Other({ id }: { id: string }) {
  const record = useRead<RecordView>(keys.record(id), `/records/${id}`, null).data?.body;
  if (record === undefined) return null;
  return (
    <div>
      <p className="muted small">row {count(record.row + 1)}</p>
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
  );
}
