import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { change } from "../api/client";
import type { UserView } from "../api/rest";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";
import { GoogleButton, useGoogleClient } from "./GoogleButton";
import { needsPassword, StepUp } from "./StepUp";

/** Links your account to Google, or removes the link. Shown if sign-in with Google is on. */
export function GoogleAccount({ me }: { me: UserView }) {
  const client = useGoogleClient();
  const cache = useQueryClient();
  const [round, setRound] = useState(0);
  /** A credential means linking, and null means unlinking. */
  const save = useMutation({
    mutationFn: (credential: string | null) =>
      credential === null ? change("DELETE", "/me/google") : change("POST", "/me/google", { body: { credential } }),
    onSuccess: () => Promise.all([keys.me, keys.sessions].map((queryKey) => cache.invalidateQueries({ queryKey }))),
    onError: (error) => {
      if (!needsPassword(error)) setRound((n) => n + 1);
    },
  });
  if (!client) return null;
  const asks = needsPassword(save.error);
  return (
    <section className="card stack">
      <h2>Sign in with Google</h2>
      {save.error && !asks ? <Fault problem={save.error} /> : null}
      {asks ? (
        <StepUp
          isBusy={save.isPending}
          onConfirmed={() => save.mutate(save.variables ?? null)}
          onCancel={() => {
            save.reset();
            setRound((n) => n + 1);
          }}
        />
      ) : me.google_linked ? (
        <div className="row">
          <p>Your account is linked to a Google account.</p>
          <ChangeButton variant="default" loading={save.isPending} onClick={() => save.mutate(null)}>
            Unlink
          </ChangeButton>
        </div>
      ) : (
        <>
          <p className="muted">Link a Google account to sign in without your password. Your other sessions end.</p>
          <GoogleButton client={client} text="continue_with" round={round} onCredential={(credential) => save.mutate(credential)} />
        </>
      )}
    </section>
  );
}
