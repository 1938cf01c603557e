import { Button, NativeSelect } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { get } from "../api/client";
import type { MatchDetail, MatchView, Page_MatchView_ } from "../api/rest";
import { useSession } from "../auth/useSession";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { focusRow, type Decided } from "../match/Decision";
import { pairOf } from "../match/evidence";
import { personOf } from "../match/history";
import { Match } from "../match/Match";
import { MatchTable } from "../match/MatchTable";
import { hasSigned } from "../match/signatures";
import { isWriteOff } from "../match/writeOff";
import { useMemberNames } from "../project/useMembers";
import { count } from "../shell/format";
import { Pager } from "../shell/Pager";
import { Empty, Reading } from "../shell/parts";
import { Bulk } from "./Bulk";
import { Find } from "./Find";
import { addDeed, dropDeed, SECOND } from "./own";
import { FIRST, pairSearch, queryOf, type PairSearch } from "./search";
import { Split, SplitButton } from "./Split";

const ROUTE = "/projects/$project/review";
const LIMIT = 50;
const SORTS = [
  { value: "", label: "as they were found" },
  { value: "-created", label: "latest found first" },
  { value: "-score", label: "best score first" },
  { value: "score", label: "lowest score first" },
  { value: "-difference", label: "largest difference first" },
  { value: "difference", label: "smallest difference first" },
  { value: "-amount", label: "largest amount first" },
  { value: "amount", label: "smallest amount first" },
  { value: "-date", label: "newest date first" },
  { value: "date", label: "oldest date first" },
];
const VERBS = { confirm: "confirmed", reject: "rejected", undo: "took back" };
const WRITE_OFFS = {
  confirm: (what: string) => `You wrote off ${what}.`,
  reject: (what: string) => `You rejected the write-off of ${what}.`,
  undo: (what: string, waits: boolean) => (waits ? `The write-off of ${what} waits again.` : `You took back the write-off of ${what}.`),
};

interface Props {
  project: string;
  /** The sign of the pair, if one of its matches was confirmed. */
  sign: 1 | -1 | null;
  say: (words: string) => void;
}

/** What is done with a page of matches once it has been read. */
type Arrival = "focus" | "first" | "last" | "undecided";
/** What to do on a page once it is there. The page before may be read once more until then. */
interface Expected {
  then: Arrival;
  cursor: string | undefined;
  /** The match that was open before, which may still be in the address. */
  from: string | undefined;
  /** What this person has just done, which stays said if there is nothing more to do. */
  words?: string;
}

/** The matches of a pair. A decision leads on to the next match that waits for one, over pages. */
export function PairMatches({ project, sign, say }: Props) {
  const client = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate({ from: ROUTE });
  const search = useSearch({ from: ROUTE });
  const { q, sort, skip = 0, m } = search;
  const query = queryOf(search, LIMIT);
  const read = useRead<Page_MatchView_>(
    [...keys.pairMatches(project), query],
    `/projects/${project}/matches?${query}`,
    `project:${project}`,
  );
  const kept = useKept(read.data);
  const matches = { data: read.data ?? (read.error ? undefined : kept), error: read.error, refetch: read.refetch };
  const arrived = useHeld(keys.arrived(project)) ?? 0;
  const arrival = useRef<Expected | null>(null);
  const list = useRef<HTMLDivElement>(null);
  /** The match that is being split. Its dialog is not in the panel, which other things on the page would cover. */
  const [splitting, setSplitting] = useState<MatchDetail | null>(null);

  const change = (part: Partial<PairSearch>) => void navigate({ search: (old) => ({ ...old, ...FIRST, ...part }), replace: true });
  // The first opened match is a step that Back takes back. The ones after it are not.
  const open = (id: string | undefined) => {
    arrival.current = null; // Whoever opens a match does not want to be led to another one.
    void navigate({ search: (old) => ({ ...old, m: id }), replace: m !== undefined });
  };
  const go = (cursor: string | undefined, by: 1 | -1, then: Arrival = "focus", words?: string) => {
    arrival.current = { then, cursor, from: m, words };
    const before = by > 0 ? skip + (read.data?.body.items.length ?? LIMIT) : Math.max(0, skip - LIMIT);
    void navigate({ search: (old) => ({ ...old, cursor, skip: before || undefined, m: undefined }) });
  };
  const load = () => {
    client.setQueryData(keys.arrived(project), 0);
    void client.invalidateQueries({ queryKey: keys.pairMatches(project) });
  };
  const beyond = (by: 1 | -1) => {
    const cursor = by > 0 ? read.data?.body.next_cursor : read.data?.body.prev_cursor;
    if (cursor) go(cursor, by, by > 0 ? "first" : "last");
  };

  const me = useSession()?.user.id;
  const names = useMemberNames(project);
  const waitsForMe = (one: MatchView) => one.status === "suggested" && !hasSigned(one, me, "confirm");

  /** Opens the next match that waits for a decision: below, on the next page, or else from the start. */
  const goOn = (from: string, words: string) => {
    // Somebody who has opened another match while the decision was on its way stays there.
    if (pairSearch(router.state.location.search).m !== from || !read.data) return;
    const { items, next_cursor } = read.data.body;
    const waits = (one: MatchView) => one.id !== from && waitsForMe(one);
    const next = items.slice(items.findIndex((one) => one.id === from) + 1).find(waits);
    if (next) {
      open(next.id);
      focusRow(next.id);
    } else if (next_cursor) {
      go(next_cursor, 1, "undecided", words);
    } else if (items.some(waits) || search.cursor || arrived > 0) {
      arrival.current = { then: "undecided", cursor: undefined, from, words };
      load();
      void navigate({ search: (old) => ({ ...old, ...FIRST }) });
    } else {
      say(`${words} That was the last one here that waits for a decision.`);
      focusRow(from);
    }
  };
  const decided: Decided = (now, verb) => {
    if (verb === "unsign") {
      say(`You took your signature for ${pairOf(now.records)} back.`);
      dropDeed(now.id);
      focusRow(now.id);
      return;
    }
    // Over a limit of the project the first signature changes nothing yet.
    const isSigned = verb === "undo" ? now.status === "confirmed" : now.status === "suggested";
    const what = pairOf(now.records);
    const done = isWriteOff(now) ? WRITE_OFFS[verb](what, now.status === "suggested") : `You ${VERBS[verb]} ${what}.`;
    const words = isSigned ? `You signed for ${what}. ${SECOND}` : done;
    say(words);
    if (isSigned) addDeed({ project, words, of: "signature", id: now.id });
    else if (verb === "undo") for (const id of [now.id, ...now.records.map((record) => record.id)]) dropDeed(id);
    else addDeed({ project, words, of: "match", id: now.id, status: now.status, version: now.version });
    if (verb === "undo") focusRow(now.id);
    else goOn(now.id, words);
  };

  /** Goes on to the first part of a match that was split. Parts are new, so they are looked for among the newest matches. */
  const splitUp = async (now: MatchDetail, parts: number, out: number) => {
    if (now.status !== "superseded") {
      const signed = `You signed for splitting ${pairOf(now.records)}. ${SECOND}`;
      say(signed);
      addDeed({ project, words: signed, of: "signature", id: now.id });
      focusRow(now.id);
      return;
    }
    const taken = `${count(out)} ${out === 1 ? "record" : "records"}`;
    const words =
      parts > 1
        ? `You split ${pairOf(now.records)} into ${count(parts)}${out > 0 ? `, and opened ${taken} again` : ""}.`
        : `You took ${taken} out of ${pairOf(now.records)}.`;
    say(words);
    addDeed({ project, words, of: "match", id: now.id, status: now.status, version: now.version });
    const ids = new Set(now.records.map((record) => record.id));
    const newest = queryOf({ ...search, status: "all", q: undefined, cursor: undefined, sort: "-created" }, parts + LIMIT);
    const found = await get<Page_MatchView_>(`/projects/${project}/matches?${newest}`).catch(() => null);
    const part = found?.body.items.findLast((one) => one.id !== now.id && one.records.some((record) => ids.has(record.id)));
    load();
    // Somebody who has opened another match meanwhile stays there.
    if (part === undefined || pairSearch(router.state.location.search).m !== now.id) return;
    open(part.id);
    focusRow(part.id);
  };

  const arrive = useEffectEvent((page: Page_MatchView_) => {
    const expected = arrival.current;
    if (expected === null || expected.cursor !== search.cursor) return;
    arrival.current = null;
    // Whoever has opened a match meanwhile, also with Back, stays there.
    const { then, from, words } = expected;
    if (m !== undefined && m !== from) return;
    const waiting = page.items.find(waitsForMe);
    const target = then === "last" ? page.items.at(-1) : then === "undecided" ? waiting : page.items[0];
    list.current?.scrollIntoView({ block: "start" });
    if (target === undefined) say([words, "Nothing is left here that waits for a decision."].filter(Boolean).join(" "));
    else if (then !== "focus") void navigate({ search: (old) => ({ ...old, m: target.id }), replace: true });
    if (target !== undefined) focusRow(target.id);
  });
  const page = read.isFetching ? undefined : read.data?.body;
  useEffect(() => {
    if (page) arrive(page);
  }, [page]);
  const isEmpty = page !== undefined && isNothing(page);
  const loadFirst = useEffectEvent(load);
  useEffect(() => {
    // An empty list is not being worked on, so the first rows are loaded without a click.
    if (isEmpty && arrived > 0) loadFirst();
  }, [isEmpty, arrived]);

  return (
    <section className="stack" aria-label="Matches" ref={list} aria-busy={read.data === undefined}>
      <div className="filters">
        <Find label="Find" value={q ?? ""} find={(words) => change({ q: words })} hasKey />
        <NativeSelect
          label="Order"
          data={SORTS}
          value={sort ?? ""}
          onChange={(event) => change({ sort: (event.currentTarget.value || undefined) as PairSearch["sort"] })}
        />
        <Mine project={project} search={search} change={change} />
        {/* While another list is being read, the number on the screen is not that of what is looked for. */}
        <Bulk
          project={project}
          search={search}
          total={read.data?.body.total ?? null}
          isEmpty={matches.data === undefined || isNothing(matches.data.body)}
          say={say}
        />
        <span className="arrived" aria-live="polite">
          {arrived > 0 && !isEmpty ? (
            <Button size="compact-sm" variant="light" onClick={load}>
              {count(arrived)} new · Load
            </Button>
          ) : null}
        </span>
        <span className="spacer" />
        {matches.data && !isNothing(matches.data.body) ? (
          <Pager page={matches.data.body} noun={["match", "matches"]} skip={skip} go={go} />
        ) : null}
      </div>
      <Reading query={matches} height={600}>
        {({ body }) =>
          isNothing(body) && !m ? (
            <None search={search} clear={() => change({ q: undefined, assignee: undefined, status: "all" })} />
          ) : (
            <div className={m ? "split" : undefined}>
              <div>
                {isNothing(body) ? (
                  <None search={search} clear={() => change({ q: undefined, assignee: undefined, status: "all" })} />
                ) : (
                  <>
                    <MatchTable
                      matches={body.items}
                      skip={skip}
                      total={body.total}
                      opened={m}
                      open={open}
                      names={names}
                      load={load}
                      beyond={beyond}
                    />
                    <Pager page={body} noun={["match", "matches"]} skip={skip} go={go} />
                  </>
                )}
              </div>
              {m ? (
                <Match
                  key={m}
                  id={m}
                  project={project}
                  stream={null}
                  sign={sign}
                  left={search.left}
                  open={open}
                  close={() => {
                    open(undefined);
                    focusRow(m);
                  }}
                  decided={decided}
                  say={say}
                  more={(match) => <SplitButton match={match} project={project} open={() => setSplitting(match)} />}
                />
              ) : null}
            </div>
          )
        }
      </Reading>
      {splitting ? (
        <Split
          match={splitting}
          project={project}
          sign={sign}
          close={() => {
            setSplitting(null);
            focusRow(splitting.id);
          }}
          done={(now, parts, out) => {
            setSplitting(null);
            void splitUp(now, parts, out);
          }}
        />
      ) : null}
    </section>
  );
}

/** Whether a list has nothing. A page of a search may be empty although the search goes on. */
function isNothing({ items, next_cursor, prev_cursor }: Page_MatchView_): boolean {
  return items.length === 0 && next_cursor === null && prev_cursor === null;
}

/** The data of the last reading, until the next one has come, so that nothing on the page is taken away meanwhile. */
function useKept<T>(data: T | undefined): T | undefined {
  const [kept, setKept] = useState(data);
  if (data !== undefined && data !== kept) setKept(data);
  return data ?? kept;
}

interface MineProps {
  project: string;
  search: PairSearch;
  change: (part: Partial<PairSearch>) => void;
}

/** What is given to this person to look at: how many of it wait, and a switch that leaves out everything else. */
function Mine({ project, search, change }: MineProps) {
  const me = useSession()?.user.id;
  const names = useMemberNames(project);
  const { left, right, assignee } = search;
  const query = queryOf({ left, right, assignee: me }, 1);
  const path = `/projects/${project}/matches?${query}`;
  const read = useRead<Page_MatchView_>([...keys.mine(project), query], path, `project:${project}`, me !== undefined, false);
  const number = read.data?.body.total ?? 0;
  if (number === 0 && assignee === undefined) return null;
  const words = assignee === undefined || assignee === me ? `For you ${count(number)}` : `For ${personOf(names.get(assignee) ?? null)}`;
  return (
    <Button
      size="compact-sm"
      mb={5}
      variant={assignee === undefined ? "default" : "light"}
      aria-pressed={assignee !== undefined}
      title={assignee === undefined ? "Shows only what is given to you to look at" : "Shows everything again"}
      onClick={() => change({ assignee: assignee === undefined ? me : undefined })}
    >
      {words}
    </Button>
  );
}

function None({ search, clear }: { search: PairSearch; clear: () => void }) {
  const { q, status = "suggested", assignee } = search;
  const all = (
    <Button variant="default" onClick={clear}>
      Show all matches
    </Button>
  );
  if (q) {
    return (
      <Empty title={`Nothing found for “${q}”`} action={all}>
        References and all columns of the files are searched.
      </Empty>
    );
  }
  if (assignee) {
    return (
      <Empty title={status === "all" ? "Nothing is given to this person" : `Nothing ${status} is given to this person`} action={all}>
        Controllers choose in a match who is to look at it.
      </Empty>
    );
  }
  if (status === "suggested") {
    return (
      <Empty title="Nothing waits for a decision" action={all}>
        New suggestions come with the next reconciliation of these two sources.
      </Empty>
    );
  }
  return (
    <Empty
      title={status === "all" ? "No matches yet" : status === "written_off" ? "Nothing is written off" : `No ${status} matches`}
      action={status === "all" ? undefined : all}
    >
      {status === "all" ? "Start a reconciliation of these two sources, or match open records by hand." : "There may be others."}
    </Empty>
  );
}
