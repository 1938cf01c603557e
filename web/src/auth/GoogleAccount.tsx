import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { Problem } from "../api/problem";
import type { UserView } from "../api/rest";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";
import { GoogleButton, useGoogleClient } from "./GoogleButton";

/** Links your account to Google, or removes the link. Shown if sign-in with Google is on. */
export function GoogleAccount({ me }: { me: UserView }) {
  const client = useGoogleClient();
  const cache = useQueryClient();
  const [round, setRound] = useState(0);
  const [password, setPassword] = useState("");
  /** A credential means linking, and null means unlinking. */
  const save = useMutation({
    mutationFn: (credential: string | null) =>
      credential === null ? change("DELETE", "/me/google") : change("POST", "/me/google", { body: { credential } }),
    onSuccess: () => {
      setPassword("");
      return Promise.all([keys.me, keys.sessions].map((queryKey) => cache.invalidateQueries({ queryKey })));
    },
    onError: (error) => {
      if (!needsPassword(error)) setRound((n) => n + 1);
    },
  });
  const confirm = useMutation({
    mutationFn: () => change("POST", "/auth/reauth", { body: { password } }),
    onSuccess: () => save.mutateAsync(save.variables ?? null),
  });
  if (!client) return null;
  const asks = needsPassword(save.error);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <section className="card stack">
      <h2>Sign in with Google</h2>
      {save.error && !asks ? <Fault problem={save.error} /> : null}
      {asks ? (
        <form className="form" onSubmit={submit}>
          <p role="status">Enter your password to go on.</p>
          {confirm.error ? <Fault problem={confirm.error} /> : null}
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            required
            // eslint-disable-next-line jsx-a11y/no-autofocus -- the person has just asked for this, and only the password is missing
            autoFocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <div className="row">
            <ChangeButton type="submit" loading={confirm.isPending || save.isPending}>
              Continue
            </ChangeButton>
            <Button
              variant="default"
              onClick={() => {
                save.reset();
                setRound((n) => n + 1);
              }}
            >
              Cancel
            </Button>
          </div>
        </form>
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

function needsPassword(error: Error | null): boolean {
  return error instanceof Problem && error.code === "step_up_required";
}
