import { Button, Checkbox, PasswordInput, TextInput } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { Problem } from "../api/problem";
import { signIn, signInAndLink, signInWithGoogle } from "../api/session";
import { Fault } from "../shell/parts";
import { addressIn } from "./google";
import { GoogleButton, useGoogleClient } from "./GoogleButton";

/** Asks people to sign in, in place of a page. The address stays, so that people get to the page they wanted. */
export function SignIn({ lead }: { lead?: string }) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [remember, setRemember] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error | null>(null);
  /** Google's credential for an account that is not linked yet. */
  const [unlinked, setUnlinked] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const google = useGoogleClient();

  async function enter(work: () => Promise<unknown>): Promise<void> {
    setBusy(true);
    setProblem(null);
    try {
      await work();
    } catch (error) {
      setBusy(false);
      throw error;
    }
  }

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    try {
      await enter(() => (unlinked === null ? signIn(email, password, remember) : signInAndLink(email, password, remember, unlinked)));
    } catch (error) {
      // The password was right, but Google's credential is too old by now. Signing in without it works.
      if (error instanceof Problem && error.code === "google_token_invalid") giveUpLinking();
      setProblem(error as Error);
    }
  }

  async function answer(credential: string) {
    try {
      await enter(() => signInWithGoogle(credential, remember));
    } catch (error) {
      if (error instanceof Problem && error.code === "link_required") {
        setUnlinked(credential);
        setEmail(addressIn(credential));
        setPassword("");
        return;
      }
      setProblem(error as Error);
      setRound((n) => n + 1);
    }
  }

  function giveUpLinking() {
    setUnlinked(null);
    setRound((n) => n + 1);
  }

  return (
    <main className="sign-in">
      <form className="card form" onSubmit={(event) => void submit(event)}>
        <div className="title">
          <img src="/favicon.svg" alt="" width={32} height={32} />
          <h1>{unlinked === null ? "Sign in to Tallyroom" : "Link your Google account"}</h1>
        </div>
        {unlinked !== null ? (
          <p role="status">
            There is already an account with this address. Enter its password once; after that, you can sign in with Google.
          </p>
        ) : lead ? (
          <p className="muted">{lead}</p>
        ) : null}
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
          key={unlinked === null ? "sign in" : "link"}
          label="Password"
          autoComplete="current-password"
          required
          // eslint-disable-next-line jsx-a11y/no-autofocus -- the address is filled in, and only the password is missing
          autoFocus={unlinked !== null}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Checkbox label="Stay signed in on this device" checked={remember} onChange={(event) => setRemember(event.currentTarget.checked)} />
        <Button type="submit" fullWidth loading={busy}>
          {unlinked === null ? "Sign in" : "Sign in and link"}
        </Button>
        {unlinked !== null ? (
          <Button variant="default" fullWidth onClick={giveUpLinking}>
            Sign in without linking
          </Button>
        ) : google ? (
          <>
            <p className="or muted">or</p>
            <GoogleButton client={google} text="signin_with" round={round} onCredential={(credential) => void answer(credential)} />
          </>
        ) : null}
      </form>
    </main>
  );
}
