import { IconArrowsJoin2, IconFileSpreadsheet, IconKey, IconUsers } from "@tabler/icons-react";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import type { ProjectView } from "../api/rest";
import { keys } from "../live/effects";
import { useRead } from "../live/react";
import { Fault, Skeleton } from "../shell/parts";

export function useProject(id: string) {
  return useRead<ProjectView>(keys.project(id), `/projects/${id}`, `project:${id}`);
}

/** The frame of a project: its parts at the side, its stream followed as long as one is inside. */
export function Project() {
  const { project: id } = useParams({ from: "/projects/$project" });
  const project = useProject(id);
  if (project.error && project.data === undefined) {
    return (
      <main className="page narrow">
        <Fault problem={project.error} retry={() => void project.refetch()} />
        <Link to="/">All projects</Link>
      </main>
    );
  }
  const params = { project: id };
  return (
    <div className="frame">
      <nav className="sidebar" aria-label="Project">
        <p className="label" dir="auto">
          {project.data?.body.name ?? "\u00a0"}
        </p>
        <Link to="/projects/$project/jobs" params={params}>
          <IconArrowsJoin2 size={16} aria-hidden /> Reconciliations
        </Link>
        <Link to="/projects/$project/sources" params={params}>
          <IconFileSpreadsheet size={16} aria-hidden /> Sources
        </Link>
        <Link to="/projects/$project/vaults" params={params}>
          <IconKey size={16} aria-hidden /> Vaults
        </Link>
        <Link to="/projects/$project/members" params={params}>
          <IconUsers size={16} aria-hidden /> Members
        </Link>
      </nav>
      {project.data === undefined ? (
        // One refusal is enough: what is inside is asked for once the project is there.
        <main className="page">
          <Skeleton />
        </main>
      ) : (
        <Outlet />
      )}
    </div>
  );
}
