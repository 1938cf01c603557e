import { NativeSelect, PasswordInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { EntryCreate, EntryView, VaultView } from "../api/rest";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { Fault, RoleLost } from "../shell/parts";

const RENEWALS = [
  { value: "", label: "never" },
  { value: "30", label: "every 30 days" },
  { value: "90", label: "every 90 days" },
  { value: "180", label: "every 180 days" },
  { value: "365", label: "every year" },
];

/** The form for a new entry. Until it is sent, the secret is kept only in the form. */
export function EntryForm({ vault, mayWrite, close }: { vault: VaultView; mayWrite: boolean; close: (made: EntryView | null) => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [username, setUsername] = useState("");
  const [secret, setSecret] = useState("");
  const [url, setUrl] = useState("");
  const [notes, setNotes] = useState("");
  const [renewal, setRenewal] = useState("");
  const [key, setKey] = useState(newKey);
  const create = useMutation({
    mutationFn: () => {
      const body: EntryCreate = { name, secret };
      if (username) body.username = username;
      if (url) body.url = url;
      if (notes) body.notes = notes;
      if (renewal) body.rotation_interval_days = Number(renewal);
      return change<EntryView>("POST", `/vaults/${vault.id}/entries`, { body, key });
    },
    onSuccess: async (entry) => {
      await client.invalidateQueries({ queryKey: keys.vault(vault.id) });
      close(entry);
    },
    // A form that was refused and corrected is a new request. One whose response was lost is the same request, sent again.
    onError: (error) => {
      if (error instanceof Problem && error.status >= 400 && error.status < 500) setKey(newKey());
    },
  });
  const fault = (pointer: string) => (create.error instanceof Problem ? create.error.fault(pointer) : undefined);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog close={() => close(null)} title="New entry">
      <form className="form" onSubmit={submit} autoComplete="off">
        {create.error ? <Fault problem={create.error} /> : null}
        <TextInput
          label="Name"
          required
          data-autofocus
          value={name}
          error={fault("/name")}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="User name (optional)"
          autoComplete="off"
          value={username}
          error={fault("/username")}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label="Secret"
          required
          autoComplete="new-password"
          value={secret}
          error={fault("/secret")}
          onChange={(event) => setSecret(event.currentTarget.value)}
        />
        <TextInput
          label="Address (optional)"
          placeholder="https://"
          value={url}
          error={fault("/url")}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TextInput
          label="Notes (optional)"
          description="Encrypted like the secret"
          autoComplete="off"
          value={notes}
          error={fault("/notes")}
          onChange={(event) => setNotes(event.currentTarget.value)}
        />
        <NativeSelect label="Renew" data={RENEWALS} value={renewal} onChange={(event) => setRenewal(event.currentTarget.value)} />
        {mayWrite ? (
          <ChangeButton type="submit" loading={create.isPending}>
            Create entry
          </ChangeButton>
        ) : (
          <RoleLost />
        )}
      </form>
    </Dialog>
  );
}
