import type { ReviewFilter } from "../api/rest";
import { oneOf, text } from "../shell/address";

const VIEWS = ["matches", "open"] as const;
export const STATUSES = ["suggested", "confirmed", "rejected", "superseded", "withdrawn"] as const;
const WRITTEN_OFF = "written_off";
const SORTS = ["-created", "score", "-score", "difference", "-difference", "amount", "-amount", "date", "-date"] as const;

/** What the address of a pair contains besides its project. */
export interface PairSearch {
  left?: string;
  right?: string;
  view?: (typeof VIEWS)[number];
  /** Without it, the suggestions: they are what waits for somebody. */
  status?: (typeof STATUSES)[number] | typeof WRITTEN_OFF | "all";
  q?: string;
  /** What is looked for among the open items of a side. */
  ql?: string;
  qr?: string;
  sort?: (typeof SORTS)[number];
  /** Only what is given to this person to look at. */
  assignee?: string;
  cursor?: string;
  /** How many matches come before the page that `cursor` names. */
  skip?: number;
  /** The match that is opened beside the list. */
  m?: string;
}

export function pairSearch(found: Record<string, unknown>): PairSearch {
  return {
    left: text(found["left"]),
    right: text(found["right"]),
    view: oneOf(VIEWS, found["view"]),
    status: oneOf([...STATUSES, WRITTEN_OFF, "all"], found["status"]),
    q: text(found["q"]),
    ql: text(found["ql"]),
    qr: text(found["qr"]),
    sort: oneOf(SORTS, found["sort"]),
    assignee: text(found["assignee"]),
    cursor: text(found["cursor"]),
    skip: whole(found["skip"]),
    m: text(found["m"]),
  };
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** The first page of a list. */
export const FIRST = { cursor: undefined, skip: undefined, m: undefined };

type Chosen = Partial<{ [name in "status" | "kind"]: NonNullable<ReviewFilter[name]> }>;

/** Which matches a list has, in the words of the server. What was written off are the confirmed matches of one side. */
export function chosenBy(status: PairSearch["status"]): Chosen {
  if (status === undefined || status === "all") return {};
  return status === WRITTEN_OFF ? { status: "confirmed", kind: "one_sided" } : { status };
}

/** A page of a list of matches, as the server is asked for it. */
export function queryOf({ left = "", right = "", status = "suggested", q, sort, assignee, cursor }: PairSearch, limit: number): string {
  const query = new URLSearchParams({ left_source: left, right_source: right, limit: String(limit) });
  for (const [name, value] of Object.entries({ ...chosenBy(status), q, sort, assignee, cursor })) {
    if (value) query.set(name, value);
  }
  return query.toString();
}
