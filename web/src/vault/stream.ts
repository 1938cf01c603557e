import type { VaultView } from "../api/rest";

/** The stream of a vault, which an administrator who is no member of it may not follow. */
export function streamOf(vault: VaultView): string | null {
  return vault.my_role === "admin" ? null : `vault:${vault.id}`;
}
