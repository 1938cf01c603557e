import { Button } from "@mantine/core";
import type { MatchView } from "../api/rest";
import { useProject } from "../project/useProject";
import { count, money } from "../shell/format";
import { balancesOf, signFor } from "./balance";
import { isZero } from "./difference";
import { namesOf, pairOf } from "./evidence";
import { sentencesOf } from "./outcome";
import { isWriteOff, sentenceOf as writeOffWords } from "./writeOff";

/** The element that says what confirming books, for the button that confirms. */
export const OUTCOME = "outcome";
const MOST = 3; // records by name

interface Props {
  match: MatchView;
  project: string;
  /** The sign of the pair, if it is known here. */
  sign: 1 | -1 | null;
  /** Opens another match beside the list. */
  open: (id: string) => void;
}

/** What confirming does: to the match that this one extends, and with a difference between the sides. */
export function Outcome({ match, project, sign, open }: Props) {
  const reasons = useProject(project).data?.body.reason_codes ?? [];
  const sentences = isWriteOff(match) ? [writeOffWords(match, reasons)] : sentencesOf(match, signFor(sign, match), reasons);
  if (sentences.length === 0 && match.extends === null) return null;
  return (
    <div id={OUTCOME} className="outcome lines">
      {match.extends ? <Extension match={match} base={match.extends.match_id} sign={sign} open={open} /> : null}
      {sentences.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  );
}

interface ExtensionProps {
  match: MatchView;
  base: string;
  sign: 1 | -1 | null;
  open: (id: string) => void;
}

/** Which match this one extends, and what becomes of that one. */
function Extension({ match, base, sign, open }: ExtensionProps) {
  const before = match.records.filter((record) => record.from_base);
  const added = match.records.filter((record) => !record.from_base);
  // The match has the sign of its pair, which its first records need not show.
  const rests = balancesOf(before, signFor(sign, match)).filter(({ difference }) => !isZero(difference.amount));
  const rest = rests.map(({ difference }) => money(difference)).join(" and ");
  const name = before.length === 0 ? "another match" : pairOf(before);
  const more = added.map((record) => `${namesOf(record)[0] ?? ""} (${money(record.amount)})`);
  const all = more.length > MOST ? `${more.slice(0, MOST).join(", ")} and ${count(more.length - MOST)} more` : more.join(", ");
  return (
    <>
      <p>
        <strong>Extends a match:</strong>{" "}
        {match.status === "confirmed"
          ? `it has taken the place of ${name}, and added ${all}.`
          : `it adds ${all} to ${name}, which is confirmed${rest ? ` and has left ${rest} open` : ""}.`}{" "}
        {match.status === "suggested" ? "Confirming puts this match in the place of that one. Undo brings that one back." : ""}
        {match.status === "confirmed" ? "Taking this back brings that one back." : ""}
      </p>
      <Button size="compact-sm" variant="default" onClick={() => open(base)}>
        Open the match that it extends
      </Button>
    </>
  );
}
