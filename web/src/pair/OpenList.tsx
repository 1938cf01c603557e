import { Button, Checkbox, NativeSelect } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState, type KeyboardEvent } from "react";
import type { OpenItem, Page_OpenItem_ } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import type { Side } from "../match/balance";
import { useMembers } from "../project/useMembers";
import { count, money } from "../shell/format";
import { Pager } from "../shell/Pager";
import { Reading } from "../shell/parts";
import { steady, useSteady } from "../shell/steady";
import { useClaimOf } from "./claims";
import { Find } from "./Find";
import { namesOfItem } from "./openItem";
import { useOwnChange } from "./own";

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

const ROUTE = "/projects/$project/review";

/** What is open on one side. Arrows move, Space chooses. What is looked for is in the address, so that an export has it too. */
export function OpenList({ project, sides, side, chosen, toggle }: Props) {
  const navigate = useNavigate({ from: ROUTE });
  const { ql, qr } = useSearch({ from: ROUTE });
  const q = side === "left" ? ql : qr;
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
  const changedAt = useOwnChange();
  const isFresh = !read.isFetching && read.dataUpdatedAt >= changedAt;
  const [shown, load] = useSteady<OpenItem, Page_OpenItem_>(`${query.toString()} ${changedAt}`, read.data?.body, isFresh);
  const name = side === "left" ? "Open left" : "Open right";
  return (
    <section className="open" aria-label={name}>
      <div className="filters">
        <Find
          label={`Find in ${side}`}
          value={q ?? ""}
          find={(words) => {
            void navigate({ search: (old) => ({ ...old, [side === "left" ? "ql" : "qr"]: words }), replace: true });
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
        {({ body: now }) => {
          const { page: body, gone, isChanged } = shown ?? steady(now, now);
          return (
            <>
              <div className="counted">
                <Pager
                  page={{ ...body, items: body.items.filter(({ id }) => !gone.has(id)) }}
                  noun={["open item", "open items"]}
                  skip={page?.skip ?? 0}
                  go={(cursor, by) => setPage(cursor ? { cursor, skip: Math.max(0, (page?.skip ?? 0) + by * LIMIT) } : null)}
                />
                {/* Beside the pager, so that nothing moves when it appears. */}
                <span className="arrived" aria-live="polite">
                  {isChanged ? (
                    <Button size="compact-sm" variant="light" onClick={load}>
                      Changed by others · Load
                    </Button>
                  ) : null}
                </span>
              </div>
              <Items project={project} items={body.items} gone={gone} side={side} name={name} chosen={chosen} toggle={toggle} />
            </>
          );
        }}
      </Reading>
    </section>
  );
}

interface ItemsProps {
  project: string;
  items: OpenItem[];
  /** Those that are open no longer. They keep their places until the list is loaded again. */
  gone: ReadonlySet<string>;
  side: Side;
  name: string;
  chosen: ReadonlyMap<string, OpenItem>;
  toggle: (item: OpenItem) => void;
}

function Items({ project, items, gone, side, name, chosen, toggle }: ItemsProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [stop, setStop] = useState<string | null>(null);
  const claimOf = useClaimOf(project);
  const names = new Map(useMembers(project).map((member) => [member.user_id, member.display_name]));
  const holderOf = (item: OpenItem) => {
    const claim = claimOf(item);
    return claim && (names.get(claim.user_id) ?? "Somebody");
  };
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
            <Item
              key={item.id}
              item={item}
              isChosen={chosen.has(item.id)}
              isGone={gone.has(item.id)}
              holder={holderOf(item)}
              isStop={index === at}
              toggle={() => toggle(item)}
              stop={() => setStop(item.id)}
              onKeyDown={(event) => {
                const to = moves[event.key];
                if (to === undefined) return;
                event.preventDefault();
                move(to);
              }}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ItemProps {
  item: OpenItem;
  isChosen: boolean;
  isGone: boolean;
  /** Who else works on it. */
  holder: string | null;
  isStop: boolean;
  toggle: () => void;
  stop: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}

function Item({ item, isChosen, isGone, holder, isStop, toggle: change, stop, onKeyDown }: ItemProps) {
  const [first, more, date] = namesOfItem(item);
  const toggle = () => (isGone && !isChosen ? undefined : change());
  return (
    <tr data-id={item.id} aria-selected={isChosen} className="clickable" onClick={toggle}>
      <td>
        <Checkbox
          aria-label={`Choose ${item.match_id === null ? "" : "the remainder of "}${first}, ${money(item.amount)}`}
          checked={isChosen}
          aria-disabled={isGone && !isChosen}
          tabIndex={isStop ? 0 : -1}
          onClick={(event) => event.stopPropagation()}
          onFocus={stop}
          onChange={toggle}
          onKeyDown={onKeyDown}
        />
      </td>
      <td className="cut" dir="auto">
        {first}
        <div className="muted small cut">{isGone ? "no longer open" : holder ? `${holder} works on it` : more}</div>
      </td>
      <td className="number">{money(item.amount)}</td>
      <td className="mono">
        {date ?? "–"}
        <div className="muted small">{item.age_days === null ? "" : `${count(item.age_days)} d`}</div>
      </td>
    </tr>
  );
}
