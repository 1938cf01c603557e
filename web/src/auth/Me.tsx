import { useMutation, useQueryClient } from "@tanstack/react-query";
import { change } from "../api/client";
import type { SessionList, UserView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { ChangeButton } from "../shell/ChangeButton";
import { instant } from "../shell/format";
import { Fault, Reading, useTitle } from "../shell/parts";
import { ApiTokens } from "./ApiTokens";
import { GoogleAccount } from "./GoogleAccount";
import { NewPassword } from "./NewPassword";

/** Your own account: name, Google, API tokens, sessions, password. */
export function Me() {
  const me = useRead<UserView>(keys.me, "/me", null);
  useTitle("Account");
  return (
    <main className="page narrow">
      <Reading query={me} height={60}>
        {({ body }) => (
          <>
            <div className="title">
              <h1>{body.display_name}</h1>
              <span className="muted">
                {body.email} · {body.role}
              </span>
            </div>
            <GoogleAccount me={body} />
            <ApiTokens me={body} />
          </>
        )}
      </Reading>
      <Sessions />
      <NewPassword title="Change the password" />
    </main>
  );
}

function Sessions() {
  const client = useQueryClient();
  const sessions = useRead<SessionList>(keys.sessions, "/auth/sessions", null);
  const end = useMutation({
    mutationFn: (id: string) => change("DELETE", `/auth/sessions/${id}`),
    onSettled: () => client.invalidateQueries({ queryKey: keys.sessions }),
  });
  return (
    <section className="card stack">
      <h2>Signed in on</h2>
      {end.error ? <Fault problem={end.error} /> : null}
      <Reading query={sessions}>
        {({ body }) => (
          <div className="scroll">
            <table className="grid">
              <thead>
                <tr>
                  <th>Client</th>
                  <th>Network</th>
                  <th>Since</th>
                  <th>Last used</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {body.items.map((row) => (
                  <tr key={row.id}>
                    <td>
                      {row.client} {row.current ? <strong>· this one</strong> : null}
                    </td>
                    <td className="mono">{row.network}</td>
                    <td>{instant(row.created_at)}</td>
                    <td>{instant(row.last_used_at)}</td>
                    <td className="number">
                      {row.current ? null : (
                        <ChangeButton
                          size="compact-sm"
                          variant="default"
                          loading={end.isPending && end.variables === row.id}
                          onClick={() => end.mutate(row.id)}
                        >
                          End session
                        </ChangeButton>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Reading>
    </section>
  );
}
