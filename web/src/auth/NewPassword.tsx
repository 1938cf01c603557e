import { Button, PasswordInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import type { SignedIn } from "../api/rest";
import { adopt, signOut } from "../api/session";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";

/** Changes your own password, which ends all your other sessions. With a lead, it is shown instead of every other page. */
export function NewPassword({ title, lead }: { title: string; lead?: string }) {
  const client = useQueryClient();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const save = useMutation({
    mutationFn: () => change<SignedIn>("POST", "/auth/password/change", { body: { current_password: current, new_password: next } }),
    onSuccess: (answer) => {
      adopt(answer);
      setCurrent("");
      setNext("");
      return client.invalidateQueries({ queryKey: keys.sessions });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="card form" onSubmit={submit}>
      {lead ? <h1>{title}</h1> : <h2>{title}</h2>}
      {lead ? <p className="muted">{lead}</p> : null}
      {save.error ? <Fault problem={save.error} /> : null}
      {save.isSuccess ? <p role="status">Your password has been changed. All your other sessions have ended.</p> : null}
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        required
        value={current}
        onChange={(event) => setCurrent(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password"
        description="At least 15 characters; a sentence is fine"
        autoComplete="new-password"
        required
        value={next}
        onChange={(event) => setNext(event.currentTarget.value)}
      />
      <div className="row">
        <ChangeButton type="submit" loading={save.isPending}>
          Change password
        </ChangeButton>
        {lead ? (
          <Button variant="default" onClick={() => void signOut()}>
            Sign out
          </Button>
        ) : null}
      </div>
    </form>
  );
}
