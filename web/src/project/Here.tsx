import { useSearch } from "@tanstack/react-router";
import { useOthers, usePresence, type Other } from "../live/react";
import { initials } from "../shell/format";
import { useMembers } from "./useMembers";

const MOST_SHOWN = 8;

/** Who else has this project open, and what they are doing there. Nothing is shown to somebody who is alone. */
export function Here({ project }: { project: string }) {
  const { m } = useSearch({ strict: false });
  usePresence(`project:${project}`, typeof m === "string" ? { match: m } : {});
  const others = useOthers(`project:${project}`);
  return others.length > 0 ? <Others project={project} others={others} /> : null;
}

function Others({ project, others }: { project: string; others: Other[] }) {
  const names = new Map(useMembers(project).map((member) => [member.user_id, member.display_name]));
  const shown = others.slice(0, MOST_SHOWN);
  return (
    <section className="here" aria-label="Here now">
      <p className="label">Here now</p>
      <ul>
        {shown.map(({ user_id, state, visible }) => {
          const name = names.get(user_id) ?? "Somebody";
          return (
            <li key={user_id} className={visible ? undefined : "away"}>
              <span className="avatar" aria-hidden>
                {initials(name)}
              </span>
              <span dir="auto">
                {name}
                <span className="muted">{visible ? doingOf(state) : ", in another tab"}</span>
              </span>
            </li>
          );
        })}
        {others.length > shown.length ? <li className="muted">and {others.length - shown.length} more</li> : null}
      </ul>
    </section>
  );
}

/** Whoever else has the same match or entry open, as a line for its panel. A vault has a stream of its own. */
export function LookedAt({ project, what, id, stream = `project:${project}` }: Looked & { stream?: string }) {
  const others = useOthers(stream).filter(({ state, visible }) => visible && state?.[what] === id);
  return others.length > 0 ? <Lookers project={project} what={what} others={others} /> : null;
}

interface Looked {
  project: string;
  what: "match" | "entry";
  id: string;
}

function Lookers({ project, what, others }: Omit<Looked, "id"> & { others: Other[] }) {
  const names = new Map(useMembers(project).map((member) => [member.user_id, member.display_name]));
  const said = others.map(({ user_id }) => names.get(user_id) ?? "Somebody");
  return (
    <p className="lookers" role="note">
      {new Intl.ListFormat("en").format(said)} {said.length === 1 ? "is" : "are"} looking at this {what} too.
    </p>
  );
}

function doingOf(state: Other["state"]): string {
  return state?.["match"] === undefined ? "" : ", reviewing";
}
