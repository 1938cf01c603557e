import { oneOf, text } from "../shell/address";

const TABS = ["entries", "members"] as const;
export const STATES = ["ok", "due_soon", "due", "expired"] as const;

/** What the address of a vault contains besides its id. */
export interface VaultSearch {
  tab?: (typeof TABS)[number];
  q?: string;
  state?: (typeof STATES)[number];
  trashed?: boolean;
  cursor?: string;
  /** The entry that is opened beside the list. */
  e?: string;
}

export function vaultSearch(found: Record<string, unknown>): VaultSearch {
  return {
    tab: oneOf(TABS, found["tab"]),
    q: text(found["q"]),
    state: oneOf(STATES, found["state"]),
    trashed: found["trashed"] === true ? true : undefined,
    cursor: text(found["cursor"]),
    e: text(found["e"]),
  };
}
