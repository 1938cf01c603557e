import { IconCircleFilled, IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { useConnection } from "../live/react";
import { clock } from "./format";

const SILENT_MS = 5000; // a short gap is resumed without a word

/** Whether what is shown is live. The place is reserved, so that nothing moves when it speaks. */
export function ConnectionStatus() {
  const { status, since } = useConnection();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (status !== "offline") return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [status]);
  if (status === "offline" && since !== null && now - since >= SILENT_MS) {
    return (
      <span className="connection bad" role="status">
        <IconPlugConnectedX size={16} aria-hidden /> Offline since {clock(since)} · reconnecting
      </span>
    );
  }
  return (
    <span className="connection muted" role="status">
      {status === "live" ? (
        <>
          <IconCircleFilled size={10} className="done" aria-hidden /> Live
        </>
      ) : (
        "Connecting …"
      )}
    </span>
  );
}
