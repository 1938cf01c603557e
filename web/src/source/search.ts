import { oneOf, text } from "../shell/address";

export const TABS = ["profile", "mapping", "records", "rejects", "left-out"] as const;

/** What the address of a source contains besides its id. */
export interface SourceSearch {
  tab?: (typeof TABS)[number];
  cursor?: string;
  /** For which reason the rows were left out that are listed. */
  reason?: string;
}

export function sourceSearch(found: Record<string, unknown>): SourceSearch {
  return { tab: oneOf(TABS, found["tab"]), cursor: text(found["cursor"]), reason: text(found["reason"]) };
}
