import { Button } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircle,
  IconCircleCheckFilled,
  IconCircleHalf2,
  IconCircleX,
  IconClock,
  IconLoader,
  IconPlayerPause,
  IconRefresh,
  type Icon,
} from "@tabler/icons-react";
import type { UseQueryResult } from "@tanstack/react-query";
import { useEffect, type ReactNode } from "react";
import { Problem } from "../api/problem";

/** An error: what happened, what to do, and the id to quote. Data that has been read before stays on the page. */
export function Fault({ problem, retry }: { problem: Error; retry?: () => void }) {
  const known = problem instanceof Problem ? problem : null;
  return (
    <div className="notice fault" role="alert">
      <IconAlertTriangle size={18} className="bad" aria-hidden />
      <div>
        <p>
          <strong>{known?.title ?? "Something went wrong"}</strong>
        </p>
        {known && known.detail === known.title ? null : <p>{known ? known.detail : problem.message}</p>}
        {known?.errors.map((error) => (
          <p key={error.pointer + error.code} className="small">
            <code>{error.pointer}</code> {error.message}
          </p>
        ))}
        {known?.requestId ? (
          <p className="small muted">
            Request <code>{known.requestId}</code>
          </p>
        ) : null}
        {retry ? (
          <Button size="compact-sm" variant="default" leftSection={<IconRefresh size={14} />} onClick={retry} mt={6}>
            Retry
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** Replaces a form's button if the person's role changed while the form was open. What was typed can still be read. */
export function RoleLost() {
  return (
    <p className="small" role="alert">
      Your role was changed and no longer allows this.
    </p>
  );
}

export function Empty({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p>{children}</p>
      {action ? <div className="row">{action}</div> : null}
    </div>
  );
}

/** A placeholder in the final size. CSS shows it only when reading takes a moment. */
export function Skeleton({ height = 200 }: { height?: number }) {
  return <div className="skeleton" role="status" aria-label="Loading" style={{ height }} />;
}

/** Shows a query that is loading, has failed, or has data, in the same way in every view. */
export function Reading<T>({
  query,
  height,
  children,
}: {
  query: { data: T | undefined; error: Problem | null; refetch: UseQueryResult<T, Problem>["refetch"] };
  height?: number;
  children: (data: T) => ReactNode;
}) {
  if (query.data === undefined) {
    if (query.error) return <Fault problem={query.error} retry={() => void query.refetch()} />;
    return <Skeleton height={height} />;
  }
  return (
    <>
      {query.error ? <Fault problem={query.error} retry={() => void query.refetch()} /> : null}
      {children(query.data)}
    </>
  );
}

const ICONS: Partial<Record<string, readonly [Icon, tone: string]>> = {
  suggested: [IconCircleHalf2, ""],
  confirmed: [IconCircleCheckFilled, "done"],
  rejected: [IconCircleX, "muted"],
  superseded: [IconCircleX, "muted"],
  withdrawn: [IconCircleX, "muted"],
  written_off: [IconCircleCheckFilled, "done"],
  open: [IconCircle, ""],
  matched: [IconCircleCheckFilled, "done"],
  queued: [IconClock, "muted"],
  running: [IconLoader, ""],
  paused: [IconPlayerPause, "muted"],
  cancelling: [IconLoader, "muted"],
  cancelled: [IconCircleX, "muted"],
  failed: [IconAlertTriangle, "bad"],
  completed: [IconCircleCheckFilled, "done"],
  pending: [IconClock, "muted"],
  loading: [IconLoader, ""],
  needs_mapping: [IconAlertTriangle, "bad"],
  ready: [IconCircleCheckFilled, "done"],
  ok: [IconCircleCheckFilled, "done"],
  due_soon: [IconClock, ""],
  due: [IconAlertTriangle, "bad"],
  expired: [IconAlertTriangle, "bad"],
};

/** Sets the title of the browser's tab. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    if (title) document.title = `${title} · Tallyroom`;
    return () => {
      document.title = "Tallyroom";
    };
  }, [title]);
}

/** A status, as an icon and a word, never by colour alone. */
export function Status({ of }: { of: string }) {
  const [Icon, tone] = ICONS[of] ?? [IconCircle, ""];
  return (
    <span className="status">
      <Icon size={15} className={tone} aria-hidden />
      {of.replace("_", " ")}
    </span>
  );
}

export function Figure({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A bar for a share from 0 to 1. */
export function Bar({ share, label }: { share: number; label: string }) {
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <i style={{ transform: `scaleX(${Math.min(1, Math.max(0, share))})` }} />
    </div>
  );
}

/** A table that may be wider than the page. The keyboard can scroll it too. */
export function Wide({ label, children }: { label: string; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reached by keyboard (WCAG 2.1.1)
    <div className="scroll" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
