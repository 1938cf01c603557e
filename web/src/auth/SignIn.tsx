import { Button, Checkbox, PasswordInput, TextInput } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { signIn } from "../api/session";
import { Fault } from "../shell/parts";

/** Asks for e-mail and password in place of a page. The address stays, so that people land on the page that they wanted. */
export function SignIn({ lead }: { lead?: string }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error | null>(null);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signIn(email, password, remember);
    } catch (error) {
      setProblem(error as Error);
      setBusy(false);
    }
  }

  return (
    <main className="sign-in">
      <form className="card form" onSubmit={(event) => void submit(event)}>
        <div className="title">
          <img src="/favicon.svg" alt="" width={32} height={32} />
          <h1>Sign in to Tallyroom</h1>
        </div>
        {lead ? <p className="muted">{lead}</p> : null}
        {problem ? <Fault problem={problem} /> : null}
        <TextInput
          label="E-mail address"
          type="email"
          autoComplete="username"
          required
          // eslint-disable-next-line jsx-a11y/no-autofocus -- there is nothing else to do on this page
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Checkbox label="Stay signed in on this device" checked={remember} onChange={(event) => setRemember(event.currentTarget.checked)} />
        <Button type="submit" fullWidth loading={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
