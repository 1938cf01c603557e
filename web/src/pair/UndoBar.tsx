import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Problem } from "../api/problem";
import { keys } from "../live/keys";
import { useOffline } from "../live/react";
import { useKeys, useKeysOn } from "../shell/keys";
import { dropDeed, undo, useLastDeed, type Undoable } from "./own";
import { FIRST } from "./search";

interface Props {
  project: string;
  said: string;
  say: (words: string) => void;
}

const NO_UNDO = "There is no undo for that as a whole, but what waits again can be decided again.";

/** Says what this person has just done, and undoes the last decision. It stays until everything has been undone. */
export function UndoBar({ project, said, say }: Props) {
  const client = useQueryClient();
  const offline = useOffline();
  const deed = useLastDeed(project);
  const keysOn = useKeysOn();
  const back = useMutation({
    mutationFn: (deed: Undoable) => undo(deed),
    onSuccess: (count, deed) => {
      dropDeed(deed.id);
      say(deed.of === "decision" ? `Undone: ${deed.words} ${count} matches are as they were before.` : `Undone: ${deed.words}`);
    },
    onError: (error, deed) => {
      // A conflict does not go away, so the decision before it is offered next.
      if (error instanceof Problem && error.status === 409) dropDeed(deed.id);
      say(`Not undone: ${error.message}`);
    },
    onSettled: (_count, _error, deed) => {
      if (deed.of === "match" || deed.of === "signature") void client.invalidateQueries({ queryKey: keys.match(deed.id) });
      for (const key of [keys.pairMatches(project), keys.books(project), keys.openItems(project)]) {
        void client.invalidateQueries({ queryKey: key });
      }
    },
  });
  const isTaken = deed?.of === "taken back";
  const undoBack = () => {
    if (deed === undefined || offline !== undefined || back.isPending) return;
    if (deed.of === "taken back") say(`${deed.words} ${NO_UNDO}`);
    else back.mutate(deed);
  };
  useKeys({ u: undoBack });
  return (
    <div className="undo">
      <p role="status">{said}</p>
      {/* The page was loaded again, or left meanwhile. */}
      {said === "" && deed && !isTaken ? <p className="muted">{deed.words}</p> : null}
      {isTaken ? <TakenBack words={said.startsWith(deed.words) ? "" : deed.words} drop={() => dropDeed(deed.id)} /> : null}
      {deed && !isTaken ? (
        <Button
          size="compact-sm"
          variant="default"
          flex="none"
          disabled={offline !== undefined}
          loading={back.isPending}
          leftSection={<IconArrowBackUp size={14} />}
          title={offline ?? (keysOn ? `${deed.words} Key U` : deed.words)}
          aria-keyshortcuts={keysOn ? "u" : undefined}
          onClick={undoBack}
        >
          Undo
        </Button>
      ) : null}
    </div>
  );
}

/** Many decisions were taken back at once. An older decision is offered for Undo only after somebody has seen this. */
function TakenBack({ words, drop }: { words: string; drop: () => void }) {
  const navigate = useNavigate({ from: "/projects/$project/review" });
  return (
    <>
      <p className="muted">
        {words} {NO_UNDO}
      </p>
      <Button
        size="compact-sm"
        variant="default"
        flex="none"
        onClick={() => void navigate({ search: (old) => ({ ...old, ...FIRST, status: undefined, view: undefined }) })}
      >
        Review them
      </Button>
      <Button size="compact-sm" variant="subtle" flex="none" onClick={drop}>
        Dismiss
      </Button>
    </>
  );
}
