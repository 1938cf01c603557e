import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import type { MemberList, VaultMemberList, VaultView } from "../api/rest";
import { keys } from "../live/keys";
import { useOffline, useRead } from "../live/react";
import { ChangeButton } from "../shell/ChangeButton";
import { instant } from "../shell/format";
import { Fault, Reading } from "../shell/parts";
import { streamOf } from "./stream";

const ROLES = [
  { value: "viewer", label: "viewer: sees names" },
  { value: "reader", label: "reader: reveals secrets" },
  { value: "editor", label: "editor: changes entries" },
  { value: "vault_manager", label: "manager: chooses members" },
];

/** Who may use a vault. Its managers choose from the members of the project. */
export function VaultMembers({ vault }: { vault: VaultView }) {
  const client = useQueryClient();
  const key = [...keys.vault(vault.id), "members"];
  const members = useRead<VaultMemberList>(key, `/vaults/${vault.id}/members`, () => streamOf(vault));
  const offline = useOffline();
  const mayEdit = vault.my_role === "vault_manager" || vault.my_role === "admin";
  const settle = { onSettled: () => client.invalidateQueries({ queryKey: key }) };
  const remove = useMutation({ mutationFn: (id: string) => change("DELETE", `/vaults/${vault.id}/members/${id}`), ...settle });
  const put = useMutation({
    mutationFn: ({ id, role, end }: { id: string; role: string; end: string | null }) =>
      change("PUT", `/vaults/${vault.id}/members/${id}`, { body: { role, expires_at: end } }),
    ...settle,
  });
  const problem = remove.error ?? put.error;
  return (
    <section className="stack" aria-label="Members of the vault">
      {problem ? <Fault problem={problem} /> : null}
      <Reading query={members}>
        {({ body }) => (
          <>
            {mayEdit ? (
              <Add
                vault={vault}
                known={body.items.map((member) => member.user_id)}
                add={(id, role) => put.mutate({ id, role, end: null })}
              />
            ) : null}
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th>Person</th>
                    <th>Role</th>
                    <th>Until</th>
                    <th />
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((member) => (
                    <tr key={member.user_id}>
                      <td dir="auto">{member.display_name}</td>
                      <td>
                        {mayEdit ? (
                          <NativeSelect
                            aria-label={`Role of ${member.display_name}`}
                            size="xs"
                            data={ROLES}
                            value={member.role}
                            disabled={offline !== undefined}
                            title={offline}
                            onChange={(event) =>
                              put.mutate({ id: member.user_id, role: event.currentTarget.value, end: member.expires_at })
                            }
                          />
                        ) : (
                          member.role.replace("_", " ")
                        )}
                      </td>
                      <td>{instant(member.expires_at)}</td>
                      <td className="number">
                        {mayEdit ? (
                          <ChangeButton size="compact-sm" variant="default" onClick={() => remove.mutate(member.user_id)}>
                            Remove
                          </ChangeButton>
                        ) : null}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </>
        )}
      </Reading>
    </section>
  );
}

function Add({ vault, known, add }: { vault: VaultView; known: string[]; add: (id: string, role: string) => void }) {
  const project = useRead<MemberList>(keys.members(vault.project_id), `/projects/${vault.project_id}/members`, () =>
    vault.my_role === "admin" ? null : `project:${vault.project_id}`,
  );
  const [person, setPerson] = useState("");
  const [role, setRole] = useState("reader");
  const others = project.data?.body.items.filter((member) => !known.includes(member.user_id)) ?? [];
  if (others.length === 0) return null;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    add(person, role);
    setPerson("");
  };
  return (
    <form className="filters" onSubmit={submit}>
      <NativeSelect
        label="Member of the project"
        data={[{ value: "", label: "Choose …" }, ...others.map((member) => ({ value: member.user_id, label: member.display_name }))]}
        value={person}
        onChange={(event) => setPerson(event.currentTarget.value)}
      />
      <NativeSelect label="Role" data={ROLES} value={role} onChange={(event) => setRole(event.currentTarget.value)} />
      <ChangeButton type="submit" disabled={!person}>
        Add
      </ChangeButton>
    </form>
  );
}
