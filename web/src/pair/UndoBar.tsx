import { Button } from "@mantine/core";
import { IconArrowBackUp } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import { keys } from "../live/keys";
import { useOffline } from "../live/react";
import { useKeys, useKeysOn } from "../shell/keys";
import { dropDeed, undo, useLastDeed, type Deed } from "./own";

interface Props {
  project: string;
  said: string;
  say: (words: string) => void;
}

/** Says what this person has just done, and undoes the last decision. It stays until everything has been undone. */
export function UndoBar({ project, said, say }: Props) {
  const client = useQueryClient();
  const offline = useOffline();
  const deed = useLastDeed(project);
  const keysOn = useKeysOn();
  const back = useMutation({
    mutationFn: (deed: Deed) => undo(deed),
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
      if (deed.of === "match") void client.invalidateQueries({ queryKey: keys.match(deed.id) });
      for (const key of [keys.pairMatches(project), keys.books(project), keys.openItems(project)]) {
        void client.invalidateQueries({ queryKey: key });
      }
    },
  });
  const may = deed !== undefined && offline === undefined && !back.isPending;
  useKeys({ u: () => may && back.mutate(deed) });
  return (
    <div className="undo">
      <p role="status">{said}</p>
      {deed ? (
        <Button
          size="compact-sm"
          variant="default"
          disabled={offline !== undefined}
          loading={back.isPending}
          leftSection={<IconArrowBackUp size={14} />}
          title={offline ?? (keysOn ? `${deed.words} Key U` : deed.words)}
          aria-keyshortcuts={keysOn ? "u" : undefined}
          onClick={() => may && back.mutate(deed)}
        >
          Undo
        </Button>
      ) : null}
    </div>
  );
}
