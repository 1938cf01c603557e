import { Checkbox } from "@mantine/core";
import type { Page_ProjectView_, Page_VaultView_, ProjectView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { Reading } from "../shell/parts";

const MOST = 50; // projects or vaults that a token may be limited to

interface Choice {
  /** The ids that are chosen; null stands for no limit. */
  chosen: string[] | null;
  choose: (ids: string[] | null) => void;
}

/** Which projects a token is limited to. */
export function ProjectChoice({ chosen, choose }: Choice) {
  return (
    <Limit label="Only in certain projects" name="Projects" isOn={chosen !== null} set={(on) => choose(on ? [] : null)}>
      <Projects chosen={chosen ?? []} choose={choose} />
    </Limit>
  );
}

/** Which vaults a token is limited to, of the projects that it is limited to. */
export function VaultChoice({ projects, chosen, choose }: Choice & { projects: string[] | null }) {
  const all = useProjects(chosen !== null);
  const offered = (all.data?.body.items ?? []).filter((project) => projects === null || projects.includes(project.id)).slice(0, MOST);
  return (
    <Limit label="Only certain vaults" name="Vaults" isOn={chosen !== null} set={(on) => choose(on ? [] : null)}>
      {offered.map((project) => (
        <Vaults key={project.id} project={project} chosen={chosen ?? []} choose={choose} />
      ))}
    </Limit>
  );
}

interface LimitProps {
  label: string;
  name: string;
  isOn: boolean;
  set: (on: boolean) => void;
  children: React.ReactNode;
}

function Limit({ label, name, isOn, set, children }: LimitProps) {
  return (
    <div>
      <Checkbox label={label} checked={isOn} onChange={(event) => set(event.currentTarget.checked)} />
      {isOn ? (
        <fieldset className="choices" aria-label={name}>
          {children}
        </fieldset>
      ) : null}
    </div>
  );
}

function useProjects(isOn: boolean) {
  return useRead<Page_ProjectView_>([...keys.projects, "names"], "/projects?limit=500", null, isOn);
}

function Projects({ chosen, choose }: { chosen: string[]; choose: (ids: string[]) => void }) {
  return (
    <Reading query={useProjects(true)} height={32}>
      {({ body }) =>
        body.items.length === 0 ? (
          <p className="muted">You have no projects.</p>
        ) : (
          body.items.map((project) => <One key={project.id} id={project.id} label={project.name} chosen={chosen} choose={choose} />)
        )
      }
    </Reading>
  );
}

function Vaults({ project, chosen, choose }: { project: ProjectView; chosen: string[]; choose: (ids: string[]) => void }) {
  const vaults = useRead<Page_VaultView_>([...keys.vaults(project.id), "names"], `/projects/${project.id}/vaults?limit=500`, null);
  return (
    <Reading query={vaults} height={32}>
      {({ body }) =>
        body.items.length === 0 ? (
          <p className="muted">You have no vaults in {project.name}.</p>
        ) : (
          body.items.map((vault) => (
            <One key={vault.id} id={vault.id} label={`${vault.name} · ${project.name}`} chosen={chosen} choose={choose} />
          ))
        )
      }
    </Reading>
  );
}

function One({ id, label, chosen, choose }: { id: string; label: string; chosen: string[]; choose: (ids: string[]) => void }) {
  const isChosen = chosen.includes(id);
  return (
    <Checkbox
      label={<span dir="auto">{label}</span>}
      checked={isChosen}
      disabled={!isChosen && chosen.length >= MOST}
      onChange={() => choose(isChosen ? chosen.filter((other) => other !== id) : [...chosen, id])}
    />
  );
}
