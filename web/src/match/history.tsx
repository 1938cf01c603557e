import { useEffect, useState } from "react";
import type { MatchDetail } from "../api/rest";
import { useSession } from "../auth/useSession";
import { instant } from "../shell/format";

/** A person's name. People who have left have none. */
export function personOf(name: string | null): string {
  return name ?? "a former colleague";
}

/** Who decided what, and why. */
export function History({ match }: { match: MatchDetail }) {
  if (match.history.length === 0) return null;
  return (
    <ul className="muted small" aria-label="History">
      {match.history.map((entry) => (
        <li key={entry.at + entry.action} dir="auto">
          {instant(entry.at)} · {entry.actor.type === "system" ? "Tallyroom" : personOf(entry.actor.name)}
          {entry.actor.type === "token" ? " (by API token)" : ""} · {WORDS[entry.action] ?? entry.action.replace("match.", "")}
          {entry.reason ? ` · ${entry.reason}` : ""}
        </li>
      ))}
    </ul>
  );
}

const WORDS: Record<string, string> = { "match.confirm": "confirmed", "match.reject": "rejected" };

/** Says that somebody else has decided the match while it was open here. */
export function Told({ match }: { match: MatchDetail }) {
  const me = useSession()?.user.id;
  const [opened] = useState(match.version);
  const isNews = match.version > opened && match.decided_by !== null && match.decided_by !== me && match.decided_at !== null;
  return (
    <p role="status" className={isNews ? "notice told" : undefined}>
      {isNews ? (
        <span>
          {personOf(match.decided_by_name)} {match.status} this <Ago at={match.decided_at ?? ""} />
        </span>
      ) : null}
    </p>
  );
}

/** Counts up by itself. Screen readers do not announce every change. */
function Ago({ at }: { at: string }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((now - Date.parse(at)) / 1000));
  const words = seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
  return <span aria-hidden>· {words} ago</span>;
}
