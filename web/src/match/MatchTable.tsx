import { useEffect, useRef } from "react";
import type { MatchRecordView, MatchView } from "../api/rest";
import { money } from "../shell/format";
import { PLACE, useKeys } from "../shell/keys";
import { Status } from "../shell/parts";
import { Delta } from "./Delta";
import { total } from "./difference";
import { bits, namesOf, sideOf } from "./evidence";
import { waitingOf } from "./signatures";

const HINTS: Partial<Record<MatchView["ambiguity"], string>> = { ambiguous: "close call", interchangeable: "any one fits" };

interface Props {
  matches: MatchView[];
  opened: string | undefined;
  open: (id: string | undefined) => void;
  /** Loads what is new. */
  load: () => void;
  /** Goes on to the next page, or back, from the last row or the first. */
  beyond?: (by: 1 | -1) => void;
}

/** Matches in two lines each, with both amounts and both dates side by side. One can be opened with a key or a click. */
export function MatchTable({ matches, opened, open, load, beyond }: Props) {
  const table = useRef<HTMLTableElement>(null);
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    // The row may have been drawn only now.
    if (wanted.current !== null && wanted.current === opened) rowOf(table.current, opened)?.focus();
    wanted.current = null;
  }, [opened]);
  const show = (match: MatchView) => {
    wanted.current = match.id;
    open(match.id);
    rowOf(table.current, match.id)?.focus();
  };
  const step = (by: 1 | -1) => {
    const at = matches.findIndex((match) => match.id === opened);
    const next = matches[at === -1 ? 0 : at + by];
    if (next) show(next);
    else beyond?.(by);
  };
  const jump = (to: number) => {
    const match = matches.at(to);
    if (match) show(match);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Escape: () => {
      rowOf(table.current, opened)?.focus();
      open(undefined);
    },
    l: load,
  });
  useKeys({ Home: () => jump(0), End: () => jump(-1) }, true);
  return (
    <div className="scroll list" {...PLACE}>
      <table className="grid matches" ref={table}>
        <thead>
          <tr>
            <th>Status</th>
            <th className="left-ink">Left</th>
            <th className="number left-ink">
              Amount
              <br />
              date
            </th>
            <th className="number">
              <abbr title="Left minus right">Difference</abbr>
              <br />
              <abbr title="Days from the left date to the right one">days</abbr>
            </th>
            <th className="number right-ink">
              Amount
              <br />
              date
            </th>
            <th className="right-ink">Right</th>
            <th className="number extra">Score</th>
          </tr>
        </thead>
        <tbody>
          {matches.map((match, index) => (
            <Row
              key={match.id}
              match={match}
              isOpened={match.id === opened}
              // The tab key stops at only one row: the opened one, or else the first.
              isStop={matches.some((one) => one.id === opened) ? match.id === opened : index === 0}
              open={() => show(match)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function rowOf(table: HTMLElement | null, id: string | undefined): HTMLElement | null {
  return id === undefined ? null : (table?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? null);
}

function Row({ match, isOpened, isStop, open }: { match: MatchView; isOpened: boolean; isStop: boolean; open: () => void }) {
  const left = sideOf(match.records, "left");
  const right = sideOf(match.records, "right");
  return (
    <tr
      className="clickable"
      data-id={match.id}
      tabIndex={isStop ? 0 : -1}
      aria-selected={isOpened}
      onClick={() => {
        // Selecting text does not count as a click.
        if (window.getSelection()?.toString() === "") open();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") open();
      }}
    >
      <td>
        <Status of={match.status} />
        {waitingOf(match).length > 0 ? <div className="small extra">signed once</div> : null}
        {HINTS[match.ambiguity] ? <div className="muted small extra">{HINTS[match.ambiguity]}</div> : null}
      </td>
      <Words records={left} />
      <Amount records={left} />
      <td className="number">
        <Delta left={left} right={right} known={match.difference} />
      </td>
      <Amount records={right} />
      <Words records={right} />
      <td className="number muted extra">{bits(match.score)}</td>
    </tr>
  );
}

/** The amount of a side above its date: the sum of its records, or the first amount if they cannot be added. */
function Amount({ records }: { records: MatchRecordView[] }) {
  return (
    <td className="number">
      {money(total(records) ?? records[0]?.amount ?? null)}
      <div className="muted mono">{records[0]?.date ?? "–"}</div>
    </td>
  );
}

function Words({ records }: { records: MatchRecordView[] }) {
  const [first, second] = records[0] ? namesOf(records[0]) : ["–"];
  return (
    <td className="cut" dir="auto">
      {first}
      {records.length > 1 ? <span className="muted"> +{records.length - 1}</span> : null}
      <div className="muted small cut">{second ?? "\u00a0"}</div>
    </td>
  );
}
