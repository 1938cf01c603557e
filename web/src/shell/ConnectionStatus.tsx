import { IconCircleFilled, IconClockExclamation, IconPlugConnectedX } from "@tabler/icons-react";
import { useConnection } from "../live/react";
import { clock } from "./format";

/** Says whether the page is live. Its space is reserved, so that nothing moves when the text changes. */
export function ConnectionStatus() {
  const { status, since, shown } = useConnection();
  const isLive = status === "live" || status === "resuming";
  const isBehind = status === "offline" || status === "delayed";
  return (
    <span className={`connection ${status === "offline" ? "bad" : "muted"}`}>
      {isLive ? <IconCircleFilled size={10} className="done" aria-hidden /> : null}
      {status === "offline" ? <IconPlugConnectedX size={16} aria-hidden /> : null}
      {status === "delayed" ? <IconClockExclamation size={16} aria-hidden /> : null}
      <span>
        <span role="status">
          {isLive ? "Live" : null}
          {status === "offline" && since !== null ? `Offline since ${clock(since)}` : null}
          {status === "delayed" ? "Updates delayed" : null}
          {isLive || isBehind ? null : "Connecting …"}
        </span>
        {/* Beside the status rather than in it, because screen readers would announce every change of the time. */}
        {isBehind && shown !== null ? <span className="shown"> · showing {clock(shown)}</span> : null}
      </span>
    </span>
  );
}
