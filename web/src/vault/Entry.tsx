import { ActionIcon } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { change } from "../api/client";
import type { EntryView, VaultView } from "../api/rest";
import { keys } from "../live/keys";
import { usePresence, useRead } from "../live/react";
import { LookedAt } from "../project/Here";
import { ChangeButton } from "../shell/ChangeButton";
import { instant } from "../shell/format";
import { Fault, Reading, Status } from "../shell/parts";
import { Secret } from "./Secret";

/** One entry: what everybody may see of it, its secret on demand, and the way into the trash and back. */
export function Entry({ id, vault, close }: { id: string; vault: VaultView; close: () => void }) {
  const client = useQueryClient();
  const stream = `vault:${vault.id}`;
  const entry = useRead<EntryView>([...keys.vault(vault.id), "entry", id], `/entries/${id}`, stream);
  usePresence(stream, { entry: id });
  const move = useMutation({
    mutationFn: (verb: "trash" | "restore") =>
      verb === "trash"
        ? change("DELETE", `/entries/${id}`, { version: entry.data?.body.version })
        : change("POST", `/entries/${id}/restore`, { body: {}, version: entry.data?.body.version }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.vault(vault.id) }),
  });
  const mayRead = vault.my_role !== "viewer" && vault.my_role !== "admin";
  const mayWrite = vault.my_role === "editor" || vault.my_role === "vault_manager";
  return (
    <aside className="panel stack" aria-label="Entry">
      <Reading query={entry} height={220}>
        {({ body }) => (
          <>
            <div className="row">
              <h2 dir="auto">{body.name}</h2>
              {body.trashed_at ? <span className="muted">in the trash</span> : <Status of={body.state} />}
              <span className="spacer" />
              <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={close}>
                <IconX size={16} />
              </ActionIcon>
            </div>
            <LookedAt project={vault.project_id} stream={stream} what="entry" id={id} />
            {body.trashed_at ? null : mayRead ? (
              // A new version may have another secret, so the old one disappears from the screen.
              <Secret key={body.version} entry={body} />
            ) : (
              <p className="muted">Your role does not allow you to reveal secrets.</p>
            )}
            <dl className="facts">
              <dt>User name</dt>
              <dd dir="auto">{body.username ?? "–"}</dd>
              <dt>Address</dt>
              <dd dir="auto" className="break">
                {body.url ?? "–"}
              </dd>
              <dt>Renew by</dt>
              <dd>{instant(body.rotation_due_at)}</dd>
              <dt>Expires</dt>
              <dd>{instant(body.expires_at)}</dd>
              <dt>Version</dt>
              <dd>
                {body.version} · {instant(body.updated_at)}
              </dd>
            </dl>
            {move.error ? <Fault problem={move.error} /> : null}
            {mayWrite ? (
              <ChangeButton
                size="compact-sm"
                variant="default"
                loading={move.isPending}
                onClick={() => move.mutate(body.trashed_at ? "restore" : "trash")}
              >
                {body.trashed_at ? "Take out of the trash" : "Move to the trash"}
              </ChangeButton>
            ) : null}
          </>
        )}
      </Reading>
    </aside>
  );
}
