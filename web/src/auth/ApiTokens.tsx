import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { change } from "../api/client";
import type { ApiTokenList, ApiTokenView, Page_ProjectView_, UserView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { instant } from "../shell/format";
import { Empty, Fault, Reading } from "../shell/parts";
import { limitsOf, scopeWords } from "./apiToken";
import { ApiTokenForm } from "./ApiTokenForm";

/** Your API tokens, with which programs act for you. */
export function ApiTokens({ me }: { me: UserView }) {
  const tokens = useRead<ApiTokenList>(keys.apiTokens, "/me/api-tokens", null);
  const [isMaking, setMaking] = useState(false);
  const [revoked, setRevoked] = useState<ApiTokenView | null>(null);
  const make = (
    <Button leftSection={<IconPlus size={16} />} onClick={() => setMaking(true)}>
      New API token
    </Button>
  );
  const list = tokens.data?.body.items;
  return (
    <section className="card stack" aria-label="API tokens">
      <div className="title">
        <h2>API tokens</h2>
        <span className="spacer" />
        {list?.length ? make : null}
      </div>
      <Reading query={tokens} height={80}>
        {({ body }) =>
          body.items.length === 0 ? (
            <Empty title="No API tokens" action={make}>
              A token lets a script or a program do what you may do, within limits that you choose.
            </Empty>
          ) : (
            <Table tokens={body.items} revoke={setRevoked} />
          )
        }
      </Reading>
      {isMaking ? <ApiTokenForm me={me} close={() => setMaking(false)} /> : null}
      {revoked ? <Revoke token={revoked} close={() => setRevoked(null)} /> : null}
    </section>
  );
}

function Table({ tokens, revoke }: { tokens: ApiTokenView[]; revoke: (token: ApiTokenView) => void }) {
  const isLimited = tokens.some((token) => token.project_ids !== null);
  const projects = useRead<Page_ProjectView_>([...keys.projects, "names"], "/projects?limit=500", null, isLimited);
  const [openedAt] = useState(Date.now);
  const names = new Map(projects.data?.body.items.map((project) => [project.id, project.name]));
  return (
    <div className="scroll">
      <table className="grid">
        <thead>
          <tr>
            <th>Name</th>
            <th>May</th>
            <th>Limits</th>
            <th>Expires</th>
            <th>Last used</th>
            <th>
              <span className="visually-hidden">Revoke</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <td className="wrap token" dir="auto">
                {token.name}
                <div className="mono muted small">{token.prefix}…</div>
              </td>
              <td className="wrap words">{scopeWords(token.scopes)}</td>
              <td className="wrap words" dir="auto">
                {limitsOf(token, names).join(" · ") || "none"}
              </td>
              <td className="wrap">{Date.parse(token.expires_at) > openedAt ? instant(token.expires_at) : "expired"}</td>
              <td className="wrap">{token.last_used_at === null ? "never" : instant(token.last_used_at)}</td>
              <td className="number">
                <ChangeButton size="compact-sm" variant="default" onClick={() => revoke(token)} aria-label={`Revoke ${token.name}`}>
                  Revoke
                </ChangeButton>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Revoke({ token, close }: { token: ApiTokenView; close: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => change("DELETE", `/me/api-tokens/${token.id}`),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.apiTokens });
      close();
    },
  });
  return (
    <Dialog close={close} title="Revoke this token?">
      <div className="stack">
        {revoke.error ? <Fault problem={revoke.error} /> : null}
        <p dir="auto">
          <strong>{token.name}</strong> stops working at once, also where it is connected now. This cannot be undone.
        </p>
        <div className="row">
          <ChangeButton color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke token
          </ChangeButton>
          <Button variant="default" onClick={close} data-autofocus>
            Keep it
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
