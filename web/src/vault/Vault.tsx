import { Link, useParams, useSearch } from "@tanstack/react-router";
import type { VaultView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count } from "../shell/format";
import { Reading, useTitle } from "../shell/parts";
import { Entries } from "./Entries";
import { streamOf } from "./stream";
import { VaultMembers } from "./VaultMembers";

/** A vault: its entries, and who may use them. */
export function Vault() {
  const { project, vault: id } = useParams({ from: "/projects/$project/vaults/$vault" });
  const { tab = "entries" } = useSearch({ from: "/projects/$project/vaults/$vault" });
  const vault = useRead<VaultView>(keys.vault(id), `/vaults/${id}`, streamOf);
  useTitle(vault.data?.body.name);
  return (
    <main className="page">
      <Reading query={vault}>
        {({ body }) => (
          <>
            <div className="title">
              <h1 dir="auto">{body.name}</h1>
              <span className="muted">
                {body.my_role === "admin"
                  ? "you are not a member: you see its name and its members"
                  : `your role: ${body.my_role.replace("_", " ")}`}
              </span>
            </div>
            <nav className="tabs" aria-label="Parts of the vault">
              {body.my_role === "admin" ? null : (
                <Link
                  to="/projects/$project/vaults/$vault"
                  params={{ project, vault: id }}
                  search={{ tab: "entries" }}
                  aria-current={tab === "entries" ? "page" : undefined}
                >
                  Entries {count(body.entry_count)}
                </Link>
              )}
              <Link
                to="/projects/$project/vaults/$vault"
                params={{ project, vault: id }}
                search={{ tab: "members" }}
                aria-current={tab === "members" || body.my_role === "admin" ? "page" : undefined}
              >
                Members
              </Link>
            </nav>
            {tab === "entries" && body.my_role !== "admin" ? <Entries vault={body} /> : <VaultMembers vault={body} />}
          </>
        )}
      </Reading>
    </main>
  );
}
