import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import type { Page_VaultView_, VaultView } from "../api/rest";
import { keys } from "../live/keys";
import { useFollowed, useRead } from "../live/react";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { count, instant } from "../shell/format";
import { Empty, Fault, Reading, RoleLost, useTitle } from "../shell/parts";

/** The vaults of a project that this person may use. */
export function Vaults() {
  const { project } = useParams({ from: "/projects/$project" });
  const role = useProject(project).data?.body.my_role;
  const vaults = useRead<Page_VaultView_>(keys.vaults(project), `/projects/${project}/vaults?limit=100`, `project:${project}`);
  // A grant that runs out ends its stream, which nothing on the project's tells.
  useFollowed((vaults.data?.body.items ?? []).filter((one) => one.my_role !== "admin").map((one) => `vault:${one.id}`));
  const [isOpen, setOpen] = useState(false);
  useTitle("Vaults");
  const mayCreate = role === "controller" || role === "owner";
  const create = mayCreate ? (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen(true)}>
      New vault
    </Button>
  ) : null;
  return (
    <main className="page">
      <div className="title">
        <h1>Vaults</h1>
        <span className="spacer" />
        {create}
      </div>
      <Reading query={vaults}>
        {({ body }) =>
          body.items.length === 0 ? (
            <Empty title="No vaults yet" action={create}>
              A vault keeps the credentials of this project. Only its own members can reveal them.
            </Empty>
          ) : (
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th className="number">Entries</th>
                    <th>Your role</th>
                    <th>Changed</th>
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((vault) => (
                    <tr key={vault.id}>
                      <td className="cut" dir="auto">
                        <Link to="/projects/$project/vaults/$vault" params={{ project, vault: vault.id }}>
                          {vault.name}
                        </Link>
                      </td>
                      <td className="number">{count(vault.entry_count)}</td>
                      <td>{vault.my_role.replace("_", " ")}</td>
                      <td className="muted">{instant(vault.updated_at)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Reading>
      {isOpen ? <Create project={project} mayCreate={mayCreate} close={() => setOpen(false)} /> : null}
    </main>
  );
}

function Create({ project, mayCreate, close }: { project: string; mayCreate: boolean; close: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [key] = useState(newKey);
  const create = useMutation({
    mutationFn: () => change<VaultView>("POST", `/projects/${project}/vaults`, { body: { name }, key }),
    onSuccess: async (vault) => {
      await client.invalidateQueries({ queryKey: keys.vaults(project) });
      await navigate({ to: "/projects/$project/vaults/$vault", params: { project, vault: vault.id } });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog close={close} title="New vault">
      <form className="form" onSubmit={submit}>
        {create.error ? <Fault problem={create.error} /> : null}
        <TextInput label="Name" required data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        {mayCreate ? (
          <ChangeButton type="submit" loading={create.isPending}>
            Create vault
          </ChangeButton>
        ) : (
          <RoleLost />
        )}
      </form>
    </Dialog>
  );
}
