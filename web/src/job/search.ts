import { oneOf, text } from "../shell/address";

const VIEWS = ["matches", "left", "right"] as const;
export const STATUSES = ["suggested", "confirmed", "rejected", "superseded"] as const;

/** What the address of a job contains besides its id. */
export interface JobSearch {
  view?: (typeof VIEWS)[number];
  status?: (typeof STATUSES)[number];
  pass?: string;
  sort?: string;
  cursor?: string;
  /** The match that is opened beside the list. */
  m?: string;
}

export function jobSearch(found: Record<string, unknown>): JobSearch {
  return {
    view: oneOf(VIEWS, found["view"]),
    status: oneOf(STATUSES, found["status"]),
    pass: text(found["pass"]),
    sort: text(found["sort"]),
    cursor: text(found["cursor"]),
    m: text(found["m"]),
  };
}
