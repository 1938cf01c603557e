import { NativeSelect } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import type { JobCreate, JobView, Page_JobView_, Page_PlanView_, Page_SourceView_ } from "../api/rest";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { PairLinks, pairsOf } from "../pair/PairLinks";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { count, instant, percent } from "../shell/format";
import { Bar, Empty, Fault, Reading, Status, useTitle } from "../shell/parts";

/** The reconciliations of a project, and the form that starts one. */
export function Jobs() {
  const { project } = useParams({ from: "/projects/$project" });
  const jobs = useRead<Page_JobView_>(keys.jobs(project), `/projects/${project}/jobs?limit=100`, `project:${project}`);
  const sources = useRead<Page_SourceView_>(keys.sources(project), `/projects/${project}/sources?limit=100`, `project:${project}`);
  const names = new Map(sources.data?.body.items.map((source) => [source.id, source.name]));
  const mayRun = can(useProject(project).data?.body.my_role, "job.run");
  useTitle("Reconciliations");
  return (
    <main className="page">
      <h1>Reconciliations</h1>
      {mayRun ? (
        <Reading query={sources} height={60}>
          {({ body }) => <Start project={project} sources={body.items.filter((source) => source.status === "ready")} />}
        </Reading>
      ) : null}
      <Reading query={jobs}>
        {({ body }) =>
          body.items.length === 0 ? (
            <Empty title="Nothing reconciled yet">
              {mayRun
                ? "Choose the two sides above. A plan is suggested from their columns."
                : "Only analysts of this project can start reconciliations."}
            </Empty>
          ) : (
            <>
              <PairLinks project={project} pairs={pairsOf(body.items)} sources={sources.data?.body.items ?? []} />
              <div className="scroll">
                <table className="grid">
                  <thead>
                    <tr>
                      <th>Sides</th>
                      <th>Status</th>
                      <th>Progress</th>
                      <th className="number">Confirmed</th>
                      <th className="number">Suggested</th>
                      <th className="number">Open left</th>
                      <th className="number">Open right</th>
                      <th>Started</th>
                    </tr>
                  </thead>
                  <tbody>
                    {body.items.map((job) => (
                      <Row key={job.id} job={job} names={names} />
                    ))}
                  </tbody>
                </table>
              </div>
            </>
          )
        }
      </Reading>
    </main>
  );
}

function Row({ job, names }: { job: JobView; names: Map<string, string> }) {
  const progress = useHeld(keys.progress(job.id));
  const isRunning = job.status === "running" || job.status === "queued";
  const counts = isRunning && progress ? progress.counts : job.counts;
  const share = job.status === "completed" ? 1 : (progress?.fraction ?? 0);
  return (
    <tr>
      <td className="cut" dir="auto">
        <Link to="/projects/$project/jobs/$job" params={{ project: job.project_id, job: job.id }}>
          {names.get(job.left_source) ?? "…"} ↔ {names.get(job.right_source) ?? "…"}
        </Link>
      </td>
      <td>
        <Status of={job.status} />
      </td>
      <td style={{ minWidth: 120 }}>
        {isRunning ? <Bar share={share} label="Progress" /> : job.status === "completed" ? percent(1) : "–"}
      </td>
      <td className="number">{count(counts.confirmed ?? 0)}</td>
      <td className="number">{count(counts.suggested ?? 0)}</td>
      <td className="number">{count(counts.open_left ?? 0)}</td>
      <td className="number">{count(counts.open_right ?? 0)}</td>
      <td className="muted">{instant(job.started_at ?? job.created_at)}</td>
    </tr>
  );
}

function Start({ project, sources }: { project: string; sources: { id: string; name: string }[] }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [left, setLeft] = useState("");
  const [right, setRight] = useState("");
  const [plan, setPlan] = useState("");
  const plans = useRead<Page_PlanView_>(keys.plans(project), `/projects/${project}/plans?limit=100`, `project:${project}`);
  const start = useMutation({
    mutationFn: () => {
      const body: JobCreate = { left_source: left, right_source: right };
      if (plan) body.plan = plan;
      return change<JobView>("POST", `/projects/${project}/jobs`, { body });
    },
    onSuccess: async (job) => {
      await client.invalidateQueries({ queryKey: keys.jobs(project) });
      await navigate({ to: "/projects/$project/jobs/$job", params: { project, job: job.id } });
    },
  });
  if (sources.length < 2) {
    return (
      <div className="notice">
        <p>
          A reconciliation needs two loaded sources.{" "}
          <Link to="/projects/$project/sources" params={{ project }}>
            Add sources
          </Link>
        </p>
      </div>
    );
  }
  const options = [{ value: "", label: "Choose …" }, ...sources.map((source) => ({ value: source.id, label: source.name }))];
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <form className="filters" onSubmit={submit}>
      <NativeSelect label="Left side" data={options} value={left} onChange={(event) => setLeft(event.currentTarget.value)} />
      <NativeSelect label="Right side" data={options} value={right} onChange={(event) => setRight(event.currentTarget.value)} />
      <NativeSelect
        label="Plan"
        data={[
          { value: "", label: "suggested from the columns" },
          ...(plans.data?.body.items ?? []).map((one) => ({ value: one.id, label: one.name })),
        ]}
        value={plan}
        onChange={(event) => setPlan(event.currentTarget.value)}
      />
      <ChangeButton
        type="submit"
        disabled={!left || !right || left === right}
        loading={start.isPending}
        leftSection={<IconPlayerPlay size={16} />}
      >
        Reconcile
      </ChangeButton>
      {start.error ? <Fault problem={start.error} /> : null}
    </form>
  );
}
