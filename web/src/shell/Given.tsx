import { IconUserCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { dropGiven, useGiven } from "../live/given";
import { count } from "./format";

/** Says on every screen that others have given this person matches to look at, and leads to the latest of them. */
export function Given({ me }: { me: string | undefined }) {
  const given = useGiven();
  const [latest] = given;
  const number = given.reduce((sum, one) => sum + (one.count ?? 1), 0);
  const noun = number === 1 ? "match for you" : "matches for you";
  return (
    <span role="status">
      {latest === undefined ? null : (
        <Link
          to="/projects/$project/review"
          params={{ project: latest.project_id }}
          search={{
            left: latest.left_source ?? undefined,
            right: latest.right_source ?? undefined,
            status: "all",
            assignee: latest.left_source === null ? undefined : me,
            m: latest.match_id ?? undefined,
          }}
          className="status"
          aria-label={`${count(number)} ${noun}`}
          title="Somebody has given it to you to look at"
          onClick={dropGiven}
        >
          <IconUserCheck size={16} aria-hidden /> {count(number)} <span className="word">{noun}</span>
        </Link>
      )}
    </span>
  );
}
