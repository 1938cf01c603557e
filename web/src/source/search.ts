import { oneOf, text } from "../shell/address";

export const TABS = ["profile", "mapping", "records", "rejects"] as const;

/** What the address of a source contains besides its id. */
export interface SourceSearch {
  tab?: (typeof TABS)[number];
  cursor?: string;
}

export function sourceSearch(found: Record<string, unknown>): SourceSearch {
  return { tab: oneOf(TABS, found["tab"]), cursor: text(found["cursor"]) };
}
