import { IconLoader } from "@tabler/icons-react";
import { useMutationState } from "@tanstack/react-query";
import { useEffect, useRef, type MouseEvent } from "react";
import type { MatchRecordView, MatchView } from "../api/rest";
import { useSession } from "../auth/useSession";
import { count, money } from "../shell/format";
import { PLACE, useKeys } from "../shell/keys";
import { Status } from "../shell/parts";
import { DECIDING, type Deciding } from "./Decision";
import { Delta } from "./Delta";
import { total } from "./difference";
import { bits, namesOf, sideOf } from "./evidence";
import { personOf } from "./history";
import { waitingOf } from "./signatures";
import { isWriteOff, statusOf } from "./writeOff";

const DOING: Record<Deciding["verb"], string> = { confirm: "confirming …", reject: "rejecting …", undo: "taking back …" };
const HINT = "matches-hint";
const STILL_PX = 5; // A mouse that moves further while its button is down selects text.
const HINTS: Partial<Record<MatchView["ambiguity"], string>> = { ambiguous: "close call", interchangeable: "any one fits" };

interface Props {
  matches: MatchView[];
  /** How many matches come before these, and how many there are in all; null if they are too many to count. */
  skip?: number;
  total?: number | null;
  opened: string | undefined;
  open: (id: string | undefined) => void;
  /** The members of the project, by their ids, for who is to look at a match. */
  names: ReadonlyMap<string, string>;
  /** Loads what is new. */
  load: () => void;
  /** Goes on to the next page, or back, from the last row or the first. */
  beyond?: (by: 1 | -1) => void;
}

/** Matches in two lines each, with both amounts and both dates side by side. One can be opened with a key or a click. */
export function MatchTable({ matches, skip = 0, total: all = null, opened, open, names, load, beyond }: Props) {
  const me = useSession()?.user.id;
  const table = useRef<HTMLTableElement>(null);
  const wanted = useRef<string | null>(null);
  const deciding = new Map(
    useMutationState({
      filters: { mutationKey: DECIDING, status: "pending" },
      select: ({ options, state }) => [options.mutationKey?.[1] as string, (state.variables as Deciding).verb] as const,
    }),
  );
  useEffect(() => {
    // The row may have been drawn only now, and on a phone the opened match would cover it.
    const row = rowOf(table.current, opened);
    row?.scrollIntoView({ block: "nearest" });
    if (wanted.current !== null && wanted.current === opened) row?.focus({ preventScroll: true });
    wanted.current = null;
  }, [opened]);
  const show = (match: MatchView) => {
    wanted.current = match.id;
    open(match.id);
    rowOf(table.current, match.id)?.focus();
  };
  const press = (event: MouseEvent) => {
    const id = idAt(event.target);
    if (id === undefined || event.button !== 0) return;
    const release = (end: globalThis.MouseEvent) => {
      const isStill = Math.hypot(end.clientX - event.clientX, end.clientY - event.clientY) <= STILL_PX;
      // If another order or page came while the button was down, the browser sees no click. What was pressed is meant.
      if (isStill && idAt(end.target) !== id) open(id);
    };
    document.addEventListener("mouseup", release, { once: true });
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
      <p id={HINT} className="visually-hidden">
        Arrows go from match to match and open each beside the list. Enter opens one, Escape closes it.
      </p>
      <table
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role -- arrows move from row to row
        role="grid"
        className="grid matches two-sided"
        aria-label="Matches"
        aria-describedby={HINT}
        aria-rowcount={all === null ? -1 : all + 1}
        ref={table}
        onMouseDown={press}
      >
        <thead>
          <tr aria-rowindex={1}>
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
              doing={deciding.get(match.id)}
              holder={match.assignee === null ? undefined : match.assignee === me ? "you" : (names.get(match.assignee) ?? personOf(null))}
              place={skip + index + 2}
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

function idAt(target: EventTarget | null): string | undefined {
  return target instanceof Element ? target.closest<HTMLElement>("tr[data-id]")?.dataset["id"] : undefined;
}

interface RowProps {
  match: MatchView;
  /** What this person is deciding, before the server has answered. */
  doing: Deciding["verb"] | undefined;
  /** Who is to look at it. */
  holder: string | undefined;
  /** Where it stands among all rows, counted from 1 with the head. */
  place: number;
  isOpened: boolean;
  isStop: boolean;
  open: () => void;
}

function Row({ match, doing, holder, place, isOpened, isStop, open }: RowProps) {
  const left = sideOf(match.records, "left");
  const right = sideOf(match.records, "right");
  const isOff = isWriteOff(match);
  return (
    <tr
      className="clickable"
      data-id={match.id}
      aria-rowindex={place}
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
      <td className="center">
        {doing ? (
          <span className="status">
            <IconLoader size={15} aria-hidden />
            {DOING[doing]}
          </span>
        ) : (
          <Status of={statusOf(match)} />
        )}
        {holder ? (
          <div className={holder === "you" ? "small holder" : "muted small holder"} dir="auto">
            for {holder}
          </div>
        ) : null}
        {isOff && match.status !== "confirmed" ? <div className="muted small extra">write-off</div> : null}
        {match.extends ? <div className="muted small extra">extends a match</div> : null}
        {waitingOf(match).length > 0 ? <div className="small extra">signed once</div> : null}
        {HINTS[match.ambiguity] ? <div className="muted small extra">{HINTS[match.ambiguity]}</div> : null}
      </td>
      {isOff && left.length === 0 ? <NoPartner code={match.difference_reason} /> : <Words records={left} />}
      <Amount records={left} />
      <td className="number center">
        {isOff ? <span className="muted">–</span> : <Delta left={left} right={right} known={match.difference} />}
      </td>
      <Amount records={right} isEnd />
      {isOff && right.length === 0 ? <NoPartner code={match.difference_reason} isEnd /> : <Words records={right} isEnd />}
      <td className="number muted extra">{bits(match.score)}</td>
    </tr>
  );
}

interface SideProps {
  records: MatchRecordView[];
  /** Whether it stands at the end of a card, on a phone. */
  isEnd?: boolean;
}

/** The amount of a side above its date: the sum of its records, or the first amount if they cannot be added. */
function Amount({ records, isEnd = false }: SideProps) {
  return (
    <td className={isEnd ? "number end" : "number"}>
      {money(total(records) ?? records[0]?.amount ?? null)}
      <div className="muted mono">{records[0]?.date ?? "–"}</div>
    </td>
  );
}

/** The side on which what was written off has no partner, and the reason code. */
function NoPartner({ code, isEnd = false }: { code: string | null; isEnd?: boolean }) {
  return (
    <td className={isEnd ? "cut muted end" : "cut muted"}>
      no partner
      <div className="small cut">{code?.replaceAll("_", " ")}</div>
    </td>
  );
}

/** What a side is called. Records that the match takes over from the one that it extends come last, and are called so. */
function Words({ records, isEnd = false }: SideProps) {
  const added = records.filter((record) => !record.from_base);
  const shown = added[0] ?? records[0];
  const [first, second] = shown ? namesOf(shown) : ["–"];
  const matched = records.length - added.length;
  const base = matched === 0 ? "" : added.length > 0 ? `added to ${count(matched)} matched before · ` : "matched before · ";
  return (
    <td className={isEnd ? "cut end" : "cut"} dir="auto">
      {first}
      {records.length > 1 ? <span className="muted"> +{records.length - 1}</span> : null}
      <div className="muted small cut">
        {base}
        {second ?? "\u00a0"}
      </div>
    </td>
  );
}
