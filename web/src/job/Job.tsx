import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { change } from "../api/client";
import type { JobView, PlanView, ProgressCurve, SourceView, Summary } from "../api/rest";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { Matches } from "../match/Matches";
import { Unmatched } from "../match/Unmatched";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { compact, count, duration, instant, percent } from "../shell/format";
import { Bar, Fault, Figure, Reading, Status, useTitle } from "../shell/parts";
import { Flow } from "./Flow";
import { countsOf, isLive, openCountsOf, progressOf, shareOf, spentOf, stageOf } from "./progress";
import { ProofTable } from "./ProofTable";
import { RatePath } from "./RatePath";

/** One reconciliation: its progress, where the records went, and its matches. */
export function Job() {
  const { project, job: id } = useParams({ from: "/projects/$project/jobs/$job" });
  const { view = "matches" } = useSearch({ from: "/projects/$project/jobs/$job" });
  const job = useRead<JobView>(keys.job(id), `/jobs/${id}`, `job:${id}`);
  return (
    <main className="page">
      <Reading query={job}>
        {({ body }) => (
          <>
            <Head job={body} project={project} />
            <Progress job={body} />
            <Result job={body} />
            {body.plan.id && body.plan.version ? <Passes id={body.plan.id} version={body.plan.version} /> : null}
            <Tabs job={body} view={view} />
            {view === "matches" ? <Matches job={body} /> : <Unmatched job={body} side={view} />}
          </>
        )}
      </Reading>
    </main>
  );
}

/** It is read once for all parts of the page that show it. */
function useSummary(job: JobView) {
  return useRead<Summary>(keys.summary(job.id), `/jobs/${job.id}/summary`, `job:${job.id}`, job.started_at !== null, false);
}

/** What each pass of the plan does, in plain words. A version of a plan never changes. */
function Passes({ id, version }: { id: string; version: number }) {
  const [isOpen, setOpen] = useState(false);
  const found = useRead<PlanView>(keys.plan(id, version), `/plans/${id}?version=${version}`, null, isOpen);
  return (
    <details className="fold" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What each pass does</summary>
      <ol className="listed" dir="auto">
        {found.data?.body.sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ol>
    </details>
  );
}

function Tabs({ job, view }: { job: JobView; view: "matches" | "left" | "right" }) {
  const counts = openCountsOf(job, useSummary(job).data?.body);
  const tabs = [
    ["matches", `Matches ${count(counts.matches ?? 0)}`],
    ["left", `Open left ${count(counts.open_left ?? 0)}`],
    ["right", `Open right ${count(counts.open_right ?? 0)}`],
  ] as const;
  return (
    <nav className="tabs" aria-label="Results">
      {tabs.map(([name, words]) => (
        <Link key={name} to="." search={{ view: name }} aria-current={view === name ? "page" : undefined}>
          {words}
        </Link>
      ))}
    </nav>
  );
}

function Head({ job, project }: { job: JobView; project: string }) {
  const client = useQueryClient();
  const left = useRead<SourceView>(keys.source(job.left_source), `/sources/${job.left_source}`, `project:${project}`);
  const right = useRead<SourceView>(keys.source(job.right_source), `/sources/${job.right_source}`, `project:${project}`);
  useTitle(left.data && right.data ? `${left.data.body.name} ↔ ${right.data.body.name}` : undefined);
  const mayRun = can(useProject(project).data?.body.my_role, "job.run");
  const act = useMutation({
    mutationFn: (verb: "pause" | "resume" | "cancel" | "retry") => change<JobView>("POST", `/jobs/${job.id}/${verb}`),
    onSettled: () => client.invalidateQueries({ queryKey: keys.job(job.id) }),
  });
  return (
    <>
      <div className="title">
        <h1 dir="auto">
          <span className="left-ink">{left.data?.body.name ?? "…"}</span> ↔{" "}
          <span className="right-ink">{right.data?.body.name ?? "…"}</span>
        </h1>
        <Status of={job.status} />
        <span className="muted">{instant(job.started_at)}</span>
        <span className="spacer" />
        <Link
          to="/projects/$project/review"
          params={{ project }}
          search={{ left: job.left_source, right: job.right_source }}
          className="button"
          title="Decide on what all reconciliations of these two sources have found"
        >
          {job.counts.suggested ? `Review ${count(job.counts.suggested)}` : "Open the books"}
        </Link>
        {mayRun && (job.status === "running" || job.status === "paused") ? (
          <ChangeButton
            size="compact-md"
            variant="default"
            loading={act.isPending}
            onClick={() => act.mutate(job.status === "paused" ? "resume" : "pause")}
          >
            {job.status === "paused" ? "Resume" : "Pause"}
          </ChangeButton>
        ) : null}
        {mayRun && isLive(job) && job.status !== "cancelling" ? (
          <ChangeButton size="compact-md" variant="default" loading={act.isPending} onClick={() => act.mutate("cancel")}>
            Cancel
          </ChangeButton>
        ) : null}
        {mayRun && (job.status === "failed" || job.status === "cancelled") ? (
          <ChangeButton size="compact-md" variant="default" loading={act.isPending} onClick={() => act.mutate("retry")}>
            Retry
          </ChangeButton>
        ) : null}
      </div>
      {act.error ? <Fault problem={act.error} /> : null}
      {job.problem ? (
        <div className="notice fault" role="alert">
          <div>
            <p>
              <strong>{String(job.problem["title"])}</strong>
            </p>
            <p>{String(job.problem["detail"])}</p>
          </div>
        </div>
      ) : null}
    </>
  );
}

function Progress({ job }: { job: JobView }) {
  const held = useHeld(keys.progress(job.id));
  const progress = progressOf(job, held);
  const share = shareOf(job, progress);
  const summary = useSummary(job).data?.body;
  const counts = isLive(job) ? countsOf(job, held) : openCountsOf(job, summary);
  const spent = spentOf(job);
  const isDone = job.status === "completed";
  const curve = useRead<ProgressCurve>([...keys.job(job.id), "curve", job.status], `/jobs/${job.id}/progress?points=300`, null, isDone);
  return (
    <section className="card stack" aria-label="Progress">
      <div className="row">
        <strong className="number">{percent(share)}</strong>
        <span className="muted">{stageOf(job, progress)}</span>
        <span className="spacer" />
        {isDone ? null : (
          <span className="muted number">
            {progress?.rate ? `${compact(progress.rate)} records/s` : ""}{" "}
            {progress?.eta_seconds != null ? `· ${duration(progress.eta_seconds)} left` : ""}
          </span>
        )}
        {isDone && spent !== null ? <span className="muted number">took {duration(spent)}</span> : null}
      </div>
      {isDone ? null : <Bar share={share} label="Reconciliation" />}
      <dl className="figures">
        <Figure label="Confirmed">{count(counts.confirmed ?? 0)}</Figure>
        <Figure label="Suggested">{count(counts.suggested ?? 0)}</Figure>
        <Figure label="Open left">{count(counts.open_left ?? 0)}</Figure>
        <Figure label="Open right">{count(counts.open_right ?? 0)}</Figure>
        {isDone && curve.data ? <RatePath points={curve.data.body.items} /> : null}
      </dl>
    </section>
  );
}

function Result({ job }: { job: JobView }) {
  const held = useHeld(keys.progress(job.id));
  const summary = useSummary(job);
  if (!summary.isEnabled) return null;
  return (
    <Reading query={summary} height={520}>
      {({ body }) => <Where summary={body} isRunning={isLive(job)} passes={progressOf(job, held)?.passes ?? 0} />}
    </Reading>
  );
}

function Where({ summary, isRunning, passes }: { summary: Summary; isRunning: boolean; passes: number }) {
  const [isOpen, setOpen] = useState(isRunning);
  return (
    <section className="card stack" aria-label="Where the records went">
      {/* Whoever opens a finished reconciliation wants its matches, which should begin on the first screen. */}
      <details className="fold" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Where the records went, pass by pass</summary>
        <Flow flow={summary.flow} passes={isRunning ? passes : 0} />
      </details>
      {summary.notes.map((note) => (
        <p key={note} role="note">
          {note}
        </p>
      ))}
      <ProofTable proof={summary.proof} isRunning={isRunning} />
    </section>
  );
}
