import { useEffect, useState, type ReactNode } from "react";
import { Problem } from "../api/problem";
import { isPasswordExpired, resume } from "../api/session";
import { useLive } from "../live/react";
import { Fault } from "../shell/parts";
import { NewPassword } from "./NewPassword";
import { SignIn } from "./SignIn";
import { useSessionState } from "./useSession";

/**
 * Shows the page to people who are signed in, and asks everybody else to sign in, at the address they came for.
 *
 * When a session ends by itself, the page stays mounted but hidden, so that what was typed is still there after signing
 * in again. When somebody signs out, every tab unmounts the page.
 */
export function Gate({ children }: { children: ReactNode }) {
  const live = useLive();
  const { session, lost } = useSessionState();
  const [isKnown, setKnown] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const user = session?.user.id ?? null;
  /** Who the page was last for. It outlives the session. */
  const [shownTo, setShownTo] = useState(user);
  if (user !== null && user !== shownTo) setShownTo(user);
  const mustChange = session !== null && isPasswordExpired(session);

  useEffect(() => {
    if (isKnown || problem) return;
    resume()
      .then(() => setKnown(true))
      .catch((error: unknown) => setProblem(error instanceof Problem ? error : Problem.offline()));
  }, [isKnown, problem]);

  useEffect(() => {
    if (user !== null && !mustChange) live.start();
  }, [live, user, mustChange]);

  if (problem) {
    return (
      <main className="sign-in">
        <div className="card">
          <Fault problem={problem} retry={() => setProblem(null)} />
        </div>
      </main>
    );
  }
  if (!isKnown && session === null) return <div role="status" aria-label="Loading" />;
  if (mustChange) {
    return (
      <main className="sign-in">
        <NewPassword title="Choose a new password" lead="Your password has expired. Choose a new one to continue." />
      </main>
    );
  }
  const isKept = session === null && lost && shownTo !== null;
  if (session === null && !isKept) return <SignIn />;
  return (
    <>
      {isKept ? <SignIn lead="Your session has ended. Sign in again to continue where you were." /> : null}
      <div key={user ?? shownTo} hidden={isKept} className="gate">
        {children}
      </div>
    </>
  );
}
