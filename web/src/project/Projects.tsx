import { Button, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import type { Page_ProjectView_, ProjectView, UserView } from "../api/rest";
import { useSession } from "../auth/useSession";
import { keys } from "../live/keys";
import { useFollowed, useRead } from "../live/react";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { count } from "../shell/format";
import { Empty, Fault, Figure, Reading, useTitle } from "../shell/parts";

/** The first screen: a person's projects, and what is waiting in them. */
export function Projects() {
  const projects = useRead<Page_ProjectView_>(keys.projects, "/projects?limit=100", null);
  // Decisions, jobs and files change the numbers on a card.
  useFollowed((projects.data?.body.items ?? []).filter((one) => one.my_role !== "admin").map((one) => `project:${one.id}`));
  const [isOpen, setOpen] = useState(false);
  const signedIn = useSession()?.user;
  const me = useRead<UserView>(keys.me, "/me", null).data?.body ?? signedIn;
  const may = me?.role !== "user";
  useTitle("Projects");
  const create = may ? (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen(true)}>
      New project
    </Button>
  ) : null;
  return (
    <main className="page">
      <div className="title">
        <h1>Projects</h1>
        <span className="spacer" />
        {create}
      </div>
      <Reading query={projects}>
        {({ body }) =>
          body.items.length === 0 ? (
            <Empty title="No projects yet" action={create}>
              A project holds two sides of records, their reconciliations and the vaults beside them.
              {may ? "" : " Ask a manager to add you to one."}
            </Empty>
          ) : (
            <div className="cards">
              {body.items.map((project) => (
                <Card key={project.id} project={project} />
              ))}
            </div>
          )
        }
      </Reading>
      {isOpen ? <Create close={() => setOpen(false)} /> : null}
    </main>
  );
}

function Card({ project }: { project: ProjectView }) {
  const { counts } = project;
  return (
    <Link to="/projects/$project/jobs" params={{ project: project.id }} className="card stack">
      <div>
        <h2 dir="auto">{project.name}</h2>
        <p className="muted" dir="auto">
          {project.description || "\u00a0"}
        </p>
      </div>
      <dl className="figures">
        <Figure label="To review">{count(counts.to_review)}</Figure>
        <Figure label="Running">{count(counts.jobs_running)}</Figure>
        <Figure label="Sources">{count(counts.sources)}</Figure>
      </dl>
    </Link>
  );
}

function Create({ close }: { close: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [key] = useState(() => newKey());
  const create = useMutation({
    mutationFn: () => change<ProjectView>("POST", "/projects", { body: { name, description }, key }),
    onSuccess: async (project) => {
      await client.invalidateQueries({ queryKey: keys.projects });
      await navigate({ to: "/projects/$project/sources", params: { project: project.id } });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog close={close} title="New project">
      <form className="form" onSubmit={submit}>
        {create.error ? <Fault problem={create.error} /> : null}
        <TextInput label="Name" required data-autofocus value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label="Description (optional)" value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        <ChangeButton type="submit" loading={create.isPending}>
          Create project
        </ChangeButton>
      </form>
    </Dialog>
  );
}
