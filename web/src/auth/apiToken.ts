import type { ApiTokenCreate, ApiTokenView } from "../api/rest";

export type Scope = ApiTokenCreate["scopes"][number];

/** What a token may be allowed to do: in a word for the list, and in a sentence for the form. */
export const SCOPES: Record<Scope, { word: string; sentence: string }> = {
  read: { word: "read", sentence: "See projects, sources, records, plans, jobs and matches." },
  write: { word: "change", sentence: "Upload files, change records and plans, and run jobs." },
  review: { word: "review", sentence: "Confirm and reject matches." },
  events: {
    word: "live events",
    sentence: "Follow what happens, over sockets or with polls. What it may follow, it must also be allowed to read or list.",
  },
  "vault:list": { word: "list vaults", sentence: "See vaults and their entries, without the secrets." },
  "vault:reveal": { word: "reveal secrets", sentence: "Read the secrets of entries. Each reveal is recorded." },
  "vault:write": { word: "change vaults", sentence: "Create vaults, and create, change and rotate entries." },
};

export const LIVES = [
  { value: "7", label: "in 7 days" },
  { value: "30", label: "in 30 days" },
  { value: "90", label: "in 90 days" },
  { value: "365", label: "in a year" },
];

export function scopeWords(scopes: Scope[]): string {
  return scopes.map((scope) => SCOPES[scope].word).join(", ");
}

export function isOfVaults(scope: Scope): boolean {
  return scope.startsWith("vault:");
}

/** When a token made now ends. A year ends a minute early, in case this clock is ahead of the server's. */
export function endOf(days: number, now: number): string {
  return new Date(now + days * 86_400_000 - 60_000).toISOString();
}

/** The networks that were typed, separated by commas, spaces or lines. Null stands for no limit. */
export function networksOf(text: string): string[] | null {
  const found = text.split(/[\s,]+/).filter((part) => part !== "");
  return found.length === 0 ? null : found;
}

/** What narrows a token down besides its scopes. Projects whose name is unknown here are counted. */
export function limitsOf(token: ApiTokenView, names: Map<string, string>): string[] {
  const found: string[] = [];
  if (token.project_ids) found.push(`only ${listed(token.project_ids, names, "project")}`);
  if (token.vault_ids) found.push(`only ${counted(token.vault_ids.length, "vault")}`);
  if (token.networks) found.push(`from ${token.networks.join(", ")}`);
  return found;
}

function listed(ids: string[], names: Map<string, string>, noun: string): string {
  const known = ids.flatMap((id) => names.get(id) ?? []);
  const others = ids.length - known.length;
  return [...known, ...(others > 0 ? [counted(others, known.length > 0 ? `other ${noun}` : noun)] : [])].join(", ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
