import { IconAdjustments, IconArrowsJoin2, IconFileSpreadsheet, IconKey, IconListCheck, IconUsers } from "@tabler/icons-react";
import { Link, Outlet, useParams } from "@tanstack/react-router";
import { Fault, Skeleton } from "../shell/parts";
import { Here } from "./Here";
import { Outside } from "./Outside";
import { useProject } from "./useProject";

/** The frame of a project, with links to its parts at the side. Its stream is followed as long as the frame is shown. */
export function Project() {
  const { project: id } = useParams({ from: "/projects/$project" });
  const { vault } = useParams({ strict: false });
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
  // The contents are requested only once the project has been read, so that a stranger gets one refusal and not five.
  if (project.data === undefined) {
    return (
      <div className="frame">
        <nav className="sidebar" aria-label="Project" />
        <main className="page">
          <Skeleton />
        </main>
      </div>
    );
  }
  const isOutside = project.data.body.my_role === "admin";
  return (
    <div className="frame">
      <nav className="sidebar" aria-label="Project">
        <p className="label" dir="auto">
          {project.data.body.name}
        </p>
        {isOutside ? null : (
          <>
            <Link to="/projects/$project/jobs" params={params}>
              <IconArrowsJoin2 size={16} aria-hidden /> Reconciliations
            </Link>
            <Link to="/projects/$project/review" params={params} search={{}}>
              <IconListCheck size={16} aria-hidden /> Review
            </Link>
            <Link to="/projects/$project/sources" params={params}>
              <IconFileSpreadsheet size={16} aria-hidden /> Sources
            </Link>
            <Link to="/projects/$project/vaults" params={params}>
              <IconKey size={16} aria-hidden /> Vaults
            </Link>
          </>
        )}
        <Link to="/projects/$project/members" params={params}>
          <IconUsers size={16} aria-hidden /> Members
        </Link>
        {isOutside ? null : (
          <Link to="/projects/$project/settings" params={params}>
            <IconAdjustments size={16} aria-hidden /> Settings
          </Link>
        )}
        {isOutside ? null : <Here project={id} />}
      </nav>
      {/* A vault has its own rights, and an administrator may choose its members. */}
      {isOutside && vault === undefined ? <Outside project={project.data.body} /> : <Outlet />}
    </div>
  );
}
