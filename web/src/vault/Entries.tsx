import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus, IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { EntryView, Page_EntryView_, VaultView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { instant } from "../shell/format";
import { Pager } from "../shell/Pager";
import { Empty, Reading, Status } from "../shell/parts";
import { Entry } from "./Entry";
import { EntryForm } from "./EntryForm";
import { STATES, type VaultSearch } from "./search";

const ROUTE = "/projects/$project/vaults/$vault";
const CHOICES = [{ value: "", label: "all" }, ...STATES.map((state) => ({ value: state, label: state.replace("_", " ") }))];

/** The entries of a vault: names and dates, never a secret. One is opened beside the list. */
export function Entries({ vault }: { vault: VaultView }) {
  const navigate = useNavigate({ from: ROUTE });
  const { q, state, trashed, cursor, e } = useSearch({ from: ROUTE });
  const [isOpen, setOpen] = useState(false);
  const query = new URLSearchParams({ limit: "50" });
  for (const [name, value] of Object.entries({ q, state, cursor, trashed: trashed ? "true" : undefined }))
    if (value) query.set(name, value);
  const entries = useRead<Page_EntryView_>(
    [...keys.vault(vault.id), "entries", query.toString()],
    `/vaults/${vault.id}/entries?${query.toString()}`,
    `vault:${vault.id}`,
  );
  const change = (part: Partial<VaultSearch>) =>
    void navigate({ search: (old) => ({ ...old, cursor: undefined, ...part }), replace: true });
  const open = (id: string | undefined) => void navigate({ search: (old) => ({ ...old, e: id }), replace: true });
  const mayWrite = vault.my_role === "editor" || vault.my_role === "vault_manager";
  const create =
    mayWrite && !trashed ? (
      <Button leftSection={<IconPlus size={16} />} onClick={() => setOpen(true)}>
        New entry
      </Button>
    ) : null;
  return (
    <section className="stack" aria-label="Entries">
      <div className="filters">
        <Find value={q ?? ""} find={(text) => change({ q: text || undefined })} />
        <NativeSelect
          label="State"
          data={CHOICES}
          value={state ?? ""}
          onChange={(event) => change({ state: (event.currentTarget.value || undefined) as VaultSearch["state"] })}
        />
        <NativeSelect
          label="Show"
          data={[
            { value: "", label: "entries" },
            { value: "trash", label: "the trash" },
          ]}
          value={trashed ? "trash" : ""}
          onChange={(event) => change({ trashed: event.currentTarget.value ? true : undefined, e: undefined })}
        />
        <span className="spacer" />
        {create}
      </div>
      <Reading query={entries}>
        {({ body }) => (
          <div className={e ? "split" : undefined}>
            {body.items.length === 0 ? (
              <None isFiltered={[q, state].some(Boolean)} isTrash={Boolean(trashed)} />
            ) : (
              <div>
                <List entries={body.items} opened={e} open={open} />
                <Pager
                  page={body}
                  noun={["entry", "entries"]}
                  go={(next) => void navigate({ search: (old) => ({ ...old, cursor: next, e: undefined }) })}
                />
              </div>
            )}
            {e ? <Entry key={e} id={e} vault={vault} close={() => open(undefined)} /> : null}
          </div>
        )}
      </Reading>
      {isOpen ? (
        <EntryForm
          vault={vault}
          mayWrite={mayWrite}
          close={(made) => {
            setOpen(false);
            if (made) open(made.id);
          }}
        />
      ) : null}
    </section>
  );
}

function None({ isFiltered, isTrash }: { isFiltered: boolean; isTrash: boolean }) {
  if (isFiltered) return <Empty title="No entries with this filter">Clear the search or the state to see the others.</Empty>;
  if (isTrash) return <Empty title="The trash is empty">Deleted entries stay here for 30 days.</Empty>;
  return <Empty title="No entries yet">An entry has a name, a secret, and a date by which to renew it.</Empty>;
}

/** Searches while somebody types, after a short pause. */
function Find({ value, find }: { value: string; find: (text: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => find(text), 300);
    return () => clearTimeout(timer);
  });
  return (
    <TextInput
      label="Find"
      leftSection={<IconSearch size={15} />}
      value={text}
      maxLength={256}
      onChange={(event) => setText(event.currentTarget.value)}
    />
  );
}

function List({ entries, opened, open }: { entries: EntryView[]; opened: string | undefined; open: (id: string) => void }) {
  return (
    <div className="scroll">
      <table className="grid">
        <thead>
          <tr>
            <th>Name</th>
            <th>User name</th>
            <th>State</th>
            <th>Renew by</th>
            <th className="extra">Changed</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id} className="clickable" aria-selected={entry.id === opened} onClick={() => open(entry.id)}>
              <td className="cut" dir="auto">
                <button type="button" className="link" onClick={() => open(entry.id)}>
                  {entry.name}
                </button>{" "}
                {entry.tags.map((tag) => (
                  <span key={tag} className="tag">
                    {tag}
                  </span>
                ))}
              </td>
              <td className="cut muted" dir="auto">
                {entry.username ?? "–"}
              </td>
              <td>
                <Status of={entry.state} />
              </td>
              <td>{instant(entry.rotation_due_at ?? entry.expires_at)}</td>
              <td className="muted extra">{instant(entry.updated_at)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
