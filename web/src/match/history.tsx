import { useEffect, useState } from "react";
import { Problem } from "../api/problem";
import type { MatchDetail } from "../api/rest";
import { useSession } from "../auth/useSession";
import { instant } from "../shell/format";
import { Fault } from "../shell/parts";

/** A person's name. People who have left have none, which is not said of somebody whose name is not known yet. */
export function personOf(name: string | null | undefined): string {
  return name === undefined ? "…" : (name ?? "a former colleague");
}

/** Who decided what, and why. */
export function History({ match }: { match: MatchDetail }) {
  if (match.history.length === 0) return null;
  return (
    <ul className="muted small" aria-label="History">
      {match.history.map((entry) => (
        <li key={entry.at + entry.action} dir="auto">
          {instant(entry.at)} · {entry.actor.type === "system" ? "Tallyroom" : personOf(entry.actor.name)}
          {entry.actor.type === "token" ? " (by API token)" : ""} · {wordsOf(entry)}
          {entry.reason ? ` · ${entry.reason}` : ""}
        </li>
      ))}
    </ul>
  );
}

const WORDS: Partial<Record<string, string>> = {
  "match.confirm": "confirmed",
  "match.reject": "rejected",
  "match.undo": "took the decision back",
  "match.create": "matched by hand",
  "match.split": "split",
  "match.write_off": "wrote off",
  "match.ask_write_off": "asked to write it off",
  "match.extend": "extended",
  "match.supersede": "decided on another match instead",
  "match.comment": "commented",
  "match.assign": "said who is to look at this",
  "record.write_off": "wrote off",
  "matches.confirm": "confirmed, with many others",
  "matches.reject": "rejected, with many others",
  "matches.undo": "took the decision back, with many others",
};

const SIGNED: Partial<Record<string, string>> = {
  confirm: "to confirm it",
  match: "to match it by hand",
  undo: "to take it back",
  split: "to split it",
  write_off: "to write it off",
};

function wordsOf({ action, signed }: MatchDetail["history"][number]): string {
  const what = SIGNED[signed ?? ""];
  if (action === "match.sign") return what === undefined ? "signed" : `signed ${what}`;
  if (action === "match.unsign") return what === undefined ? "took a signature back" : `took the signature ${what} back`;
  return WORDS[action] ?? action.replace(/^match(es)?\./, "");
}

const MEANWHILE: Partial<Record<string, string>> = {
  "match.confirm": "confirmed this match",
  "matches.confirm": "confirmed this match",
  "match.reject": "rejected this match",
  "matches.reject": "rejected this match",
  "match.undo": "took the decision back",
  "matches.undo": "took the decision back",
  "match.split": "split this match",
  "match.write_off": "wrote this record off",
  "match.ask_write_off": "asked to write this record off",
  "match.extend": "extended this match",
  "match.supersede": "decided on another match instead",
  "match.sign": "signed this match",
  "match.unsign": "took a signature back",
};

/** Says who has done what to a match since it was read: the latest that is more than a word about it. */
export function Meanwhile({ before, now }: { before: MatchDetail; now: MatchDetail }) {
  const latest = now.history.slice(before.history.length).findLast(({ action }) => action in MEANWHILE);
  if (latest === undefined) return <>This match has changed meanwhile.</>;
  return (
    <>
      <strong>{latest.actor.type === "system" ? "Tallyroom" : personOf(latest.actor.name)}</strong> {MEANWHILE[latest.action]}{" "}
      <Ago at={latest.at} />
    </>
  );
}

/**
 * Says what somebody else has decided about the match while it was open here. Events come without names, so nothing is said
 * until the match has been read again.
 */
export function Told({ match }: { match: MatchDetail }) {
  const me = useSession()?.user.id;
  const [opened] = useState(match.history.length);
  const latest = match.history.slice(opened).findLast(({ action }) => action in MEANWHILE);
  const isNews = latest !== undefined && !(latest.actor.type === "user" && latest.actor.id === me);
  return (
    <p role="status" className={isNews ? "notice told" : undefined}>
      {isNews ? (
        <span>
          {latest.actor.type === "system" ? "Tallyroom" : personOf(latest.actor.name)} {MEANWHILE[latest.action]} <Ago at={latest.at} />
        </span>
      ) : null}
    </p>
  );
}

/** Why a decision was refused, with names where the server knows them. */
export function Refusal({ problem, retry }: { problem: Error; retry?: () => void }) {
  if (problem instanceof Problem && problem.code === "already_decided") return <Faster problem={problem} />;
  if (problem instanceof Problem && problem.code === "four_eyes") {
    return (
      <p className="notice fault" role="alert">
        <span>{problem.detail}</span>
      </p>
    );
  }
  return <Fault problem={problem} retry={retry} />;
}

/** Somebody else was faster. Says who, and how long ago. */
function Faster({ problem }: { problem: Problem }) {
  const { decided_by_name: name, decided_at: at, match_status: status } = problem.extensions;
  const isPlain = status === "confirmed" || status === "rejected"; // what else has happened, the server says in a sentence
  if (typeof name !== "string" || typeof at !== "string" || !isPlain) return <Fault problem={problem} />;
  return (
    <p className="notice fault" role="alert">
      <span>
        {name} {status} this <Ago at={at} />. Your decision was not saved.
      </span>
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
