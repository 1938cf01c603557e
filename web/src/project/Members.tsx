import { NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import type { MemberList, MemberView } from "../api/rest";
import { keys } from "../live/keys";
import { useOffline, useRead } from "../live/react";
import { ChangeButton } from "../shell/ChangeButton";
import { instant } from "../shell/format";
import { Fault, Reading, useTitle } from "../shell/parts";
import { useProject } from "./useProject";

const ROLES = ["viewer", "analyst", "controller", "owner"] as const;

/** The people who work in the project, and their roles. */
export function Members() {
  const { project } = useParams({ from: "/projects/$project" });
  useTitle("Members");
  return (
    <main className="page narrow">
      <h1>Members</h1>
      <MemberTable project={project} />
    </main>
  );
}

/** The members, and a form that adds one for people who may do that. */
export function MemberTable({ project }: { project: string }) {
  const client = useQueryClient();
  const mine = useProject(project).data?.body.my_role;
  const stream = () => (mine === "admin" ? null : `project:${project}`);
  const members = useRead<MemberList>(keys.members(project), `/projects/${project}/members`, stream);
  const offline = useOffline();
  const mayEdit = mine === "owner";
  const settle = { onSettled: () => client.invalidateQueries({ queryKey: keys.members(project) }) };
  const remove = useMutation({ mutationFn: (id: string) => change("DELETE", `/projects/${project}/members/${id}`), ...settle });
  const set = useMutation({
    mutationFn: ({ member, role }: { member: MemberView; role: string }) =>
      change("PUT", `/projects/${project}/members/${member.user_id}`, { body: { role, expires_at: member.expires_at } }),
    ...settle,
  });
  const problem = remove.error ?? set.error;
  return (
    <section className="stack" aria-label="Members of the project">
      {mayEdit || mine === "admin" ? <Add project={project} /> : null}
      {problem ? <Fault problem={problem} /> : null}
      <Reading query={members}>
        {({ body }) => (
          <div className="across">
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
                          data={[...ROLES]}
                          value={member.role}
                          disabled={offline !== undefined}
                          title={offline}
                          onChange={(event) => set.mutate({ member, role: event.currentTarget.value })}
                        />
                      ) : (
                        member.role
                      )}
                    </td>
                    <td>{member.expires_at ? instant(member.expires_at) : "–"}</td>
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
        )}
      </Reading>
    </section>
  );
}

function Add({ project }: { project: string }) {
  const client = useQueryClient();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<string>("analyst");
  const add = useMutation({
    mutationFn: () => change("POST", `/projects/${project}/members`, { body: { email, role } }),
    onSuccess: () => {
      setEmail("");
      return client.invalidateQueries({ queryKey: keys.members(project) });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className="filters" onSubmit={submit}>
      <TextInput label="E-mail address" type="email" required value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
      <NativeSelect label="Role" data={[...ROLES]} value={role} onChange={(event) => setRole(event.currentTarget.value)} />
      <ChangeButton type="submit" loading={add.isPending}>
        Add member
      </ChangeButton>
      {add.error ? <Fault problem={add.error} /> : null}
    </form>
  );
}
