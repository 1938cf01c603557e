import { Button, Checkbox, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { ApiTokenCreate, ApiTokenMade, UserView } from "../api/rest";
import { signOut } from "../api/session";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { Fault } from "../shell/parts";
import { endOf, isOfVaults, LIVES, networksOf, SCOPES, type Scope } from "./apiToken";
import { ProjectChoice, VaultChoice } from "./ApiTokenLimits";
import { needsPassword, StepUp } from "./StepUp";

/** What the form holds until it is sent. */
interface Draft {
  name: string;
  days: string;
  scopes: Scope[];
  projects: string[] | null;
  vaults: string[] | null;
  networks: string;
}

const EMPTY: Draft = { name: "", days: "90", scopes: ["read"], projects: null, vaults: null, networks: "" };

/** Makes a token and shows it once. The token lives in this component's state and nowhere else. */
export function ApiTokenForm({ me, close }: { me: UserView; close: () => void }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(EMPTY);
  const [key, setKey] = useState(newKey);
  const [problem, setProblem] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [token, setToken] = useState<string | null>(null);

  async function make() {
    setBusy(true);
    setProblem(null);
    try {
      const made = await change<ApiTokenMade>("POST", "/me/api-tokens", { body: bodyOf(draft), key });
      // Without a token, this was the second response to a request whose first one was lost.
      setToken((made as Partial<ApiTokenMade>).token ?? "");
      void client.invalidateQueries({ queryKey: keys.apiTokens });
    } catch (error) {
      if (error instanceof Problem && error.status >= 400 && error.status < 500) setKey(newKey());
      setProblem(error as Error);
    } finally {
      setBusy(false);
    }
  }

  const asks = needsPassword(problem);
  return (
    <Dialog
      close={close}
      title={token === null ? "New API token" : draft.name}
      closeOnClickOutside={false}
      closeOnEscape={token === null}
      size="lg"
    >
      {token !== null ? (
        <Shown token={token} close={close} />
      ) : asks && me.has_password ? (
        <StepUp isBusy={isBusy} onConfirmed={() => void make()} onCancel={() => setProblem(null)} />
      ) : asks ? (
        <SignInAgain />
      ) : (
        <Fields draft={draft} problem={problem} isBusy={isBusy} set={(part) => setDraft({ ...draft, ...part })} make={() => void make()} />
      )}
    </Dialog>
  );
}

function bodyOf(draft: Draft): ApiTokenCreate {
  const body: ApiTokenCreate = { name: draft.name, scopes: draft.scopes, expires_at: endOf(Number(draft.days), Date.now()) };
  const networks = networksOf(draft.networks);
  if (draft.projects) body.project_ids = draft.projects;
  if (draft.vaults && draft.scopes.some(isOfVaults)) body.vault_ids = draft.vaults;
  if (networks) body.networks = networks;
  return body;
}

interface FieldsProps {
  draft: Draft;
  problem: Error | null;
  isBusy: boolean;
  set: (part: Partial<Draft>) => void;
  make: () => void;
}

function Fields({ draft, problem, isBusy, set, make }: FieldsProps) {
  const fault = (pointer: string) => (problem instanceof Problem ? problem.fault(pointer) : undefined);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    make();
  };
  const toggle = (scope: Scope, on: boolean) =>
    set({ scopes: on ? [...draft.scopes, scope] : draft.scopes.filter((other) => other !== scope) });
  const isIncomplete = draft.scopes.length === 0 || draft.projects?.length === 0 || draft.vaults?.length === 0;
  return (
    <form className="form" onSubmit={submit}>
      {problem ? <Fault problem={problem} /> : null}
      <TextInput
        label="Name"
        description="What it is for, such as Month end"
        required
        data-autofocus
        maxLength={256}
        value={draft.name}
        error={fault("/name")}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <NativeSelect label="Expires" data={LIVES} value={draft.days} onChange={(event) => set({ days: event.currentTarget.value })} />
      <fieldset className="plain lines">
        <legend className="muted small">It may</legend>
        {(Object.keys(SCOPES) as Scope[]).map((scope) => (
          <Checkbox
            key={scope}
            label={<code>{scope}</code>}
            description={SCOPES[scope].sentence}
            checked={draft.scopes.includes(scope)}
            onChange={(event) => toggle(scope, event.currentTarget.checked)}
          />
        ))}
      </fieldset>
      <ProjectChoice chosen={draft.projects} choose={(projects) => set({ projects, vaults: null })} />
      {draft.scopes.some(isOfVaults) ? (
        <VaultChoice projects={draft.projects} chosen={draft.vaults} choose={(vaults) => set({ vaults })} />
      ) : null}
      <Textarea
        label="Networks (optional)"
        description="Addresses that it may be used from, such as 203.0.113.0/24; otherwise from everywhere"
        rows={1}
        value={draft.networks}
        error={networksOf(draft.networks)
          ?.map((_, at) => fault(`/networks/${at}`))
          .find(Boolean)}
        onChange={(event) => set({ networks: event.currentTarget.value })}
      />
      <ChangeButton type="submit" loading={isBusy} disabled={isIncomplete}>
        Make token
      </ChangeButton>
    </form>
  );
}

function Shown({ token, close }: { token: string; close: () => void }) {
  const [said, setSaid] = useState("Copy it now: it is not shown again.");
  if (token === "")
    return (
      <div className="stack">
        <p role="status">The token was made, but the response that showed it was lost. Revoke it and make another.</p>
        <Button onClick={close}>Close</Button>
      </div>
    );
  const copy = () =>
    copied(token).then(
      () => setSaid("Copied. It is not shown again."),
      () => setSaid("This browser does not let the page copy. Select the token and copy it."),
    );
  return (
    <div className="stack">
      <div className="secret">
        <code aria-label="API token">{token}</code>
      </div>
      <p role="status">{said}</p>
      <div className="row">
        <Button
          leftSection={<IconCopy size={16} />}
          onClick={() => void copy()}
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the button that had the focus is gone, and this is what to do next
          autoFocus
        >
          Copy
        </Button>
        <Button variant="default" onClick={close}>
          Done
        </Button>
      </div>
      <p className="muted small">Keep it like a password. Whoever has it can do what it allows, until it expires or you revoke it here.</p>
    </div>
  );
}

/** Over plain HTTP on another machine than this one, a page has no clipboard. */
async function copied(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}

function SignInAgain() {
  return (
    <div className="stack">
      <p role="status">You signed in more than five minutes ago. Sign out, sign in with Google again, and make the token then.</p>
      <Button onClick={() => void signOut()}>Sign out</Button>
    </div>
  );
}
