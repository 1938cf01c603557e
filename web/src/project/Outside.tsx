import type { ProjectView } from "../api/rest";
import { count } from "../shell/format";
import { Figure, useTitle } from "../shell/parts";
import { MemberTable } from "./Members";

/** A project as seen by an administrator who is not a member: its name, counts and members, and a way to add one. */
export function Outside({ project }: { project: ProjectView }) {
  const { counts } = project;
  useTitle(project.name);
  return (
    <main className="page narrow">
      <h1 dir="auto">{project.name}</h1>
      <div className="notice">
        <p>
          You are not a member of this project. As an administrator you see its name, its counts and its members, and you can add a member.
          Its records, reconciliations and vaults are for members only.
        </p>
      </div>
      <dl className="figures">
        <Figure label="Sources">{count(counts.sources)}</Figure>
        <Figure label="Running">{count(counts.jobs_running)}</Figure>
        <Figure label="To review">{count(counts.to_review)}</Figure>
        <Figure label="Open left">{count(counts.open_left)}</Figure>
        <Figure label="Open right">{count(counts.open_right)}</Figure>
      </dl>
      <h2>Members</h2>
      <MemberTable project={project.id} />
    </main>
  );
}
