import type { Counts, JobProgress } from "../api/live";
import type { JobView, ProgressPoint } from "../api/rest";

type Job = Pick<JobView, "status" | "counts" | "progress" | "started_at" | "finished_at">;

const LIVE: JobView["status"][] = ["queued", "running", "paused", "cancelling"];

/** Whether a job may still change by itself. */
export function isLive({ status }: Pick<JobView, "status">): boolean {
  return LIVE.includes(status);
}

/** How far a job is: as it says at this moment while it is live, else as it was stored last. */
export function progressOf(job: Job, held: JobProgress | undefined): Partial<JobProgress> | null {
  return (isLive(job) ? held : undefined) ?? job.progress;
}

/** The share that is done, 0 to 1. */
export function shareOf(job: Job, progress: Partial<JobProgress> | null): number {
  return job.status === "completed" ? 1 : (progress?.fraction ?? 0);
}

/** Two ways bring the counts, the stored chunks and the state of the moment: the one that is ahead is shown. */
export function countsOf(job: Job, held: JobProgress | undefined): Counts {
  return isLive(job) && held && (held.counts.matches ?? 0) > (job.counts.matches ?? 0) ? held.counts : job.counts;
}

/** How long the run took, in seconds; null while there is no end. */
export function spentOf(job: Job): number | null {
  return job.started_at && job.finished_at ? (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 : null;
}

/** What the job does now, in a word or two. */
export function stageOf(job: Job, progress: Partial<JobProgress> | null): string {
  if (job.status === "completed") return "done";
  if (job.status !== "running") return job.status;
  return [progress?.stage ?? "starting", progress?.pass].filter(Boolean).join(" · ");
}

/** The greatest rate of a run, in records a second; at least 1, since it is a scale. */
export function mostOf(points: ProgressPoint[]): number {
  return Math.max(...points.map((point) => point.rate), 1);
}

/** The rate over a run as the path of an SVG of this size: time from left to right, the greatest rate 2 px below the top. */
export function ratePath(points: ProgressPoint[], width: number, height: number): string {
  const end = points.at(-1)?.at_s ?? 1;
  const most = mostOf(points);
  const bottom = height - 2;
  return points
    .map(({ at_s, rate }, index) => `${index === 0 ? "M" : "L"}${(at_s / end) * width} ${bottom - (rate / most) * (bottom - 2)}`)
    .join("");
}
