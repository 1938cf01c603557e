import type { VaultView } from "../api/rest";

/** The stream of a vault. An administrator who is not a member may not follow it. */
export function streamOf(vault: VaultView): string | null {
  return vault.my_role === "admin" ? null : `vault:${vault.id}`;
}
