import { Checkbox, NativeSelect } from "@mantine/core";
import { useRef, useState } from "react";
import type { OpenItem, Page_OpenItem_ } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { namesOf } from "../match/evidence";
import { count, money } from "../shell/format";
import { Pager } from "../shell/Pager";
import { Reading } from "../shell/parts";
import { Find } from "./Find";
import type { Side } from "./hand";

const LIMIT = 50;
const SORTS = [
  { value: "date", label: "oldest first" },
  { value: "-date", label: "newest first" },
  { value: "-amount", label: "largest amount first" },
  { value: "amount", label: "smallest amount first" },
];

interface Props {
  project: string;
  /** The two sources, as a query. */
  sides: string;
  side: Side;
  chosen: ReadonlyMap<string, OpenItem>;
  toggle: (item: OpenItem) => void;
}

/** What is open on one side. Arrows move, Space chooses. */
export function OpenList({ project, sides, side, chosen, toggle }: Props) {
  const [q, setQ] = useState("");
  const [sort, setSort] = useState("date");
  const [page, setPage] = useState<{ cursor: string; skip: number } | null>(null);
  const query = new URLSearchParams(`${sides}&side=${side}&sort=${sort}&limit=${LIMIT}`);
  if (q) query.set("q", q);
  if (page) query.set("cursor", page.cursor);
  const read = useRead<Page_OpenItem_>(
    [...keys.openItems(project), query.toString()],
    `/projects/${project}/open-items?${query.toString()}`,
    `project:${project}`,
    true,
    false,
  );
  const name = side === "left" ? "Open left" : "Open right";
  return (
    <section className="open" aria-label={name}>
      <div className="filters">
        <Find
          label={`Find in ${side}`}
          value={q}
          find={(words) => {
            setQ(words ?? "");
            setPage(null);
          }}
        />
        <NativeSelect
          label="Order"
          data={SORTS}
          value={sort}
          onChange={(event) => {
            setSort(event.currentTarget.value);
            setPage(null);
          }}
        />
      </div>
      <Reading query={read} height={400}>
        {({ body }) => (
          <>
            <Pager
              page={body}
              noun={["open item", "open items"]}
              skip={page?.skip ?? 0}
              go={(cursor, by) => setPage(cursor ? { cursor, skip: Math.max(0, (page?.skip ?? 0) + by * LIMIT) } : null)}
            />
            <Items items={body.items} side={side} name={name} chosen={chosen} toggle={toggle} />
          </>
        )}
      </Reading>
    </section>
  );
}

interface ItemsProps {
  items: OpenItem[];
  side: Side;
  name: string;
  chosen: ReadonlyMap<string, OpenItem>;
  toggle: (item: OpenItem) => void;
}

function Items({ items, side, name, chosen, toggle }: ItemsProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [stop, setStop] = useState<string | null>(null);
  if (items.length === 0) return <p className="muted">Nothing is open here.</p>;
  const at = Math.max(
    0,
    items.findIndex((item) => item.id === stop),
  );
  const move = (to: number) => {
    const item = items[Math.min(items.length - 1, Math.max(0, to))];
    if (!item) return;
    setStop(item.id);
    body.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(item.id)}"] input`)?.focus();
  };
  const moves: Partial<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  return (
    <div className="scroll list">
      <table className="grid matches">
        <caption className="visually-hidden">{name}</caption>
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">Chosen</span>
            </th>
            <th className={`${side}-ink`}>Record</th>
            <th className={`number ${side}-ink`}>Amount</th>
            <th>Date</th>
          </tr>
        </thead>
        <tbody ref={body}>
          {items.map((item, index) => (
            <tr key={item.id} data-id={item.id} aria-selected={chosen.has(item.id)} className="clickable" onClick={() => toggle(item)}>
              <td>
                <Checkbox
                  aria-label={`Choose ${wordsOf(item)}, ${money(item.amount)}`}
                  checked={chosen.has(item.id)}
                  tabIndex={index === at ? 0 : -1}
                  onClick={(event) => event.stopPropagation()}
                  onFocus={() => setStop(item.id)}
                  onChange={() => toggle(item)}
                  onKeyDown={(event) => {
                    const to = moves[event.key];
                    if (to === undefined) return;
                    event.preventDefault();
                    move(to);
                  }}
                />
              </td>
              <td className="cut" dir="auto">
                {wordsOf(item)}
                <div className="muted small cut">{moreOf(item)}</div>
              </td>
              <td className="number">{money(item.amount)}</td>
              <td className="mono">
                {item.record?.date ?? item.remainder?.since.slice(0, 10) ?? "–"}
                <div className="muted small">{item.age_days === null ? "" : `${count(item.age_days)} d`}</div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What an open item is called. */
export function wordsOf(item: OpenItem): string {
  return item.record ? (namesOf(item.record)[0] ?? "") : "Remainder of a match";
}

function moreOf(item: OpenItem): string {
  if (item.record) return namesOf(item.record)[1] ?? "\u00a0";
  return "What a confirmed match has left open";
}
