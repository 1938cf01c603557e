import type { Counts, JobProgress } from "../api/live";
import type { JobView, ProgressPoint, Summary } from "../api/rest";

type Job = Pick<JobView, "status" | "counts" | "progress" | "started_at" | "finished_at">;

const LIVE: JobView["status"][] = ["queued", "running", "paused", "cancelling"];

/** Whether a job may still change by itself. */
export function isLive({ status }: Pick<JobView, "status">): boolean {
  return LIVE.includes(status);
}

/**
 * The progress of a job: the newest value from the socket while the job is live, otherwise the one that was stored last, also
 * of a job that is paused.
 */
export function progressOf(job: Job, held: JobProgress | undefined): Partial<JobProgress> | null {
  return (isLive(job) && job.status !== "paused" ? held : undefined) ?? job.progress;
}

/** The share of the work that is done, 0 to 1. */
export function shareOf(job: Job, progress: Partial<JobProgress> | null): number {
  return job.status === "completed" ? 1 : (progress?.fraction ?? 0);
}

/** Counts arrive in two ways, with stored chunks and with the progress on the socket. Whichever are ahead are shown. */
export function countsOf(job: Job, held: JobProgress | undefined): Counts {
  return isLive(job) && held && (held.counts.matches ?? 0) > (job.counts.matches ?? 0) ? held.counts : job.counts;
}

/**
 * The counts of a job with what is open of its records by now. A job that has ended counts only its own matches; its summary
 * knows what others have matched since.
 */
export function openCountsOf(job: Job, summary: Pick<Summary, "counts"> | undefined): Counts {
  if (summary === undefined || isLive(job)) return job.counts;
  const { open_left, open_right } = summary.counts;
  return { ...job.counts, open_left, open_right };
}

/** How long the run took, in seconds; null until it has ended. */
export function spentOf(job: Job): number | null {
  return job.started_at && job.finished_at ? (Date.parse(job.finished_at) - Date.parse(job.started_at)) / 1000 : null;
}

/** What the job is doing, in a word or two. */
export function stageOf(job: Job, progress: Partial<JobProgress> | null): string {
  if (job.status === "completed") return "done";
  if (job.status === "paused") return progress?.pass ? `paused in ${progress.pass}` : "paused";
  if (job.status !== "running") return job.status;
  return [progress?.stage ?? "starting", progress?.pass].filter(Boolean).join(" · ");
}

/** The highest rate of a run, in records per second; at least 1, so that it can be used as a divisor. */
export function mostOf(points: ProgressPoint[]): number {
  return Math.max(...points.map((point) => point.rate), 1);
}

/** The rate over a run, as an SVG path: time from left to right, with 2 px left free above the highest rate. */
export function ratePath(points: ProgressPoint[], width: number, height: number): string {
  const end = points.at(-1)?.at_s ?? 1;
  const most = mostOf(points);
  const bottom = height - 2;
  return points
    .map(({ at_s, rate }, index) => `${index === 0 ? "M" : "L"}${(at_s / end) * width} ${bottom - (rate / most) * (bottom - 2)}`)
    .join("");
}
