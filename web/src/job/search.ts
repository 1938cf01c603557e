import { oneOf, text } from "../shell/address";

const VIEWS = ["matches", "left", "right"] as const;
export const STATUSES = ["suggested", "confirmed", "rejected", "superseded", "withdrawn"] as const;

/** What the address of a job contains besides its id. */
export interface JobSearch {
  view?: (typeof VIEWS)[number];
  /** Without it, the suggestions: they are what waits for somebody. */
  status?: (typeof STATUSES)[number] | "all";
  pass?: string;
  sort?: string;
  cursor?: string;
  /** The match that is opened beside the list. */
  m?: string;
}

export function jobSearch(found: Record<string, unknown>): JobSearch {
  return {
    view: oneOf(VIEWS, found["view"]),
    status: oneOf([...STATUSES, "all"], found["status"]),
    pass: text(found["pass"]),
    sort: text(found["sort"]),
    cursor: text(found["cursor"]),
    m: text(found["m"]),
  };
}
