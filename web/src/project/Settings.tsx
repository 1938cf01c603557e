import { ActionIcon, Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useRef, useState, type SubmitEvent } from "react";
import { change, type Answer } from "../api/client";
import { Problem } from "../api/problem";
import type { Money, ProjectView } from "../api/rest";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault, Reading, useTitle } from "../shell/parts";
import { changesOf, draftOf, isChanged, LIMITS, type Draft } from "./settings";
import { useProject } from "./useProject";

/** What holds for everybody in the project: its name and time zone, who may decide on how much, and the reason codes. */
export function Settings() {
  const { project } = useParams({ from: "/projects/$project" });
  useTitle("Settings");
  return (
    <main className="page narrow">
      <h1>Settings</h1>
      <Reading query={useProject(project)}>{({ body }) => <Form project={body} />}</Reading>
    </main>
  );
}

function Form({ project }: { project: ProjectView }) {
  const client = useQueryClient();
  const [base, setBase] = useState(project);
  const [draft, setDraft] = useState(() => draftOf(project));
  const start = draftOf(base);
  const changed = isChanged(start, draft);
  const take = (newest: ProjectView) => {
    setBase(newest);
    setDraft(draftOf(newest));
  };
  // Others' changes show at once, unless something is being typed here.
  if (!changed && base !== project) take(project);
  const save = useMutation({
    mutationFn: () => change<ProjectView>("PATCH", `/projects/${project.id}`, { body: changesOf(start, draft), version: base.version }),
    onSuccess: (now) => {
      take(now);
      client.setQueryData<Answer<ProjectView>>(keys.project(project.id), (old) => old && { ...old, body: now });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.project(project.id) }),
  });
  const fault = (pointer: string) => (save.error instanceof Problem ? save.error.fault(pointer) : undefined);
  const set = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (changed) save.mutate();
  };
  const drop = () => {
    save.reset();
    take(project);
  };
  const isOwner = project.my_role === "owner";
  const isOvertaken = save.error instanceof Problem && save.error.code === "version_conflict";
  return (
    <form className="form settings" onSubmit={submit} autoComplete="off">
      {isOwner ? null : (
        <p role="note" className="small">
          Only an owner of the project changes these.
        </p>
      )}
      {save.error ? <Fault problem={save.error} /> : null}
      {isOvertaken ? (
        <Button variant="default" onClick={drop}>
          Drop what I typed and show what is there now
        </Button>
      ) : null}
      <fieldset className="plain" disabled={!isOwner}>
        <TextInput
          label="Name"
          required
          value={draft.name}
          error={fault("/name")}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <Textarea
          label="Description (optional)"
          autosize
          minRows={2}
          maxRows={8}
          value={draft.description}
          error={fault("/description")}
          onChange={(event) => set({ description: event.currentTarget.value })}
        />
        <NativeSelect
          label="Time zone"
          data={zones(draft.timezone)}
          value={draft.timezone}
          error={fault("/timezone")}
          onChange={(event) => set({ timezone: event.currentTarget.value })}
        />
        <h2>Limits</h2>
        {LIMITS.map(({ field, label, meaning }) => (
          <Limit
            key={field}
            label={label}
            meaning={meaning}
            value={draft.limits[field]}
            fault={(part) => fault(`/${field}${part}`)}
            onChange={(value) => set({ limits: { ...draft.limits, [field]: value } })}
          />
        ))}
        <h2>Reason codes</h2>
        <Reasons reasons={draft.reasons} fault={(part) => fault(`/reason_codes${part}`)} onChange={(reasons) => set({ reasons })} />
      </fieldset>
      {isOwner ? (
        <div className="filters">
          <ChangeButton type="submit" loading={save.isPending} disabled={!changed}>
            Save settings
          </ChangeButton>
          <span role="status" className="small muted">
            {save.isSuccess && !changed ? "Saved." : ""}
          </span>
        </div>
      ) : null}
    </form>
  );
}

interface LimitProps {
  label: string;
  meaning: string;
  value: Money;
  fault: (part: string) => string | undefined;
  onChange: (value: Money) => void;
}

function Limit({ label, meaning, value, fault, onChange }: LimitProps) {
  return (
    <fieldset className="plain limit">
      <legend>{label}</legend>
      <p className="small muted">{meaning}</p>
      <div className="filters">
        <TextInput
          aria-label={`${label}: amount`}
          placeholder="no limit"
          inputMode="decimal"
          value={value.amount}
          error={fault("/amount") ?? fault("")}
          onChange={(event) => onChange({ ...value, amount: event.currentTarget.value })}
        />
        <TextInput
          aria-label={`${label}: currency`}
          placeholder="EUR"
          maxLength={3}
          required={value.amount.trim() !== ""}
          value={value.currency}
          error={fault("/currency")}
          onChange={(event) => onChange({ ...value, currency: event.currentTarget.value })}
        />
      </div>
    </fieldset>
  );
}

interface ReasonsProps {
  reasons: Draft["reasons"];
  fault: (part: string) => string | undefined;
  onChange: (reasons: Draft["reasons"]) => void;
}

function Reasons({ reasons, fault, onChange }: ReasonsProps) {
  const table = useRef<HTMLTableElement>(null);
  const change = (place: number, part: Partial<Draft["reasons"][number]>) =>
    onChange(reasons.map((reason, n) => (n === place ? { ...reason, ...part } : reason)));
  const add = () => {
    onChange([...reasons, { code: "", label: "", account: "" }]);
    // The new row is there after this turn.
    setTimeout(() => table.current?.querySelector<HTMLInputElement>("tbody tr:last-child input")?.focus());
  };
  return (
    <>
      <p className="small muted">
        Why a record is written off, or a difference booked. The code stays in exports; people choose by the label.
      </p>
      {fault("") ? <p className="small bad">{fault("")}</p> : null}
      <div className="across">
        <table className="grid" ref={table}>
          <thead>
            <tr>
              <th>Code</th>
              <th>Label</th>
              <th>Account (optional)</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {reasons.map((reason, place) => (
              <tr key={place}>
                {(["code", "label", "account"] as const).map((part) => (
                  <td key={part}>
                    <TextInput
                      aria-label={`${part === "code" ? "Code" : part === "label" ? "Label" : "Account"} of reason ${place + 1}`}
                      size="xs"
                      required={part !== "account"}
                      value={reason[part]}
                      error={fault(`/${place}/${part}`)}
                      onChange={(event) => change(place, { [part]: event.currentTarget.value })}
                    />
                  </td>
                ))}
                <td className="number">
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    aria-label={`Remove reason ${place + 1}`}
                    onClick={() => onChange(reasons.filter((_, n) => n !== place))}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Button size="compact-sm" variant="default" leftSection={<IconPlus size={14} />} onClick={add}>
        Add a reason
      </Button>
    </>
  );
}

/** The time zones that this browser knows, and the one that is set. */
function zones(current: string): string[] {
  const known = Intl.supportedValuesOf("timeZone");
  return [...new Set(["UTC", current, ...known])];
}
