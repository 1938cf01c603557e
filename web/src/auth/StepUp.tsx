import { Button, PasswordInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { Problem } from "../api/problem";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";

/** Whether the server wants to know again who this is before it goes on. */
export function needsPassword(error: Error | null): boolean {
  return error instanceof Problem && error.code === "step_up_required";
}

/** Asks for the password, then goes on with what needed it. */
export function StepUp({ isBusy, onConfirmed, onCancel }: { isBusy: boolean; onConfirmed: () => void; onCancel: () => void }) {
  const [password, setPassword] = useState("");
  const confirm = useMutation({
    mutationFn: () => change("POST", "/auth/reauth", { body: { password } }),
    onSuccess: onConfirmed,
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
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
        <ChangeButton type="submit" loading={confirm.isPending || isBusy}>
          Continue
        </ChangeButton>
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
