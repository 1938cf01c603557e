import { Button } from "@mantine/core";
import { IconCopy, IconEye, IconEyeOff } from "@tabler/icons-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { change } from "../api/client";
import type { EntryView, RevealView } from "../api/rest";
import type { Connection } from "../live/connection";
import { useLive, useOffline } from "../live/react";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";

const SHOWN_S = 30;
const LOST: Connection["status"][] = ["resuming", "offline", "signed-out"];

/**
 * A secret lives in this component's state and nowhere else: no cache, no address, no storage, no log. It disappears after
 * 30 seconds, when the tab is hidden, and when the connection or the session is lost.
 */
export function Secret({ entry }: { entry: EntryView }) {
  const live = useLive();
  const offline = useOffline();
  const [shown, setShown] = useState<RevealView["fields"] | null>(null);
  const [left, setLeft] = useState(0);
  const [problem, setProblem] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const turn = useRef(0);

  const hide = useCallback(() => {
    turn.current += 1; // a response that is still on its way must not be shown either
    setShown(null);
    setBusy(false);
  }, []);

  useEffect(() => {
    const onVisibility = () => document.hidden && hide();
    document.addEventListener("visibilitychange", onVisibility);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      turn.current += 1;
    };
  }, [hide]);
  useEffect(
    () =>
      live.onConnection(() => {
        if (LOST.includes(live.connection.status)) hide();
      }),
    [live, hide],
  );
  useEffect(() => {
    if (shown === null) return;
    const end = Date.now() + SHOWN_S * 1000;
    const timer = setInterval(() => {
      const seconds = Math.ceil((end - Date.now()) / 1000);
      if (seconds <= 0) hide();
      else setLeft(seconds);
    }, 250);
    return () => clearInterval(timer);
  }, [shown, hide]);

  async function reveal() {
    const mine = ++turn.current;
    setBusy(true);
    setProblem(null);
    try {
      const fields = entry.has_notes ? ["secret", "notes"] : ["secret"];
      const found = await change<RevealView>("POST", `/entries/${entry.id}/reveal`, { body: { fields } });
      if (turn.current !== mine) return;
      setShown(found.fields);
      setLeft(SHOWN_S);
    } catch (error) {
      if (turn.current === mine) setProblem(error as Error);
    } finally {
      if (turn.current === mine) setBusy(false);
    }
  }

  return (
    <div className="stack">
      <div className="secret">
        {shown ? <code aria-label="Secret">{shown["secret"]}</code> : <span aria-label="Secret, hidden">••••••••••</span>}
      </div>
      <div className="row">
        {shown ? (
          <>
            <Button size="compact-sm" variant="default" leftSection={<IconEyeOff size={14} />} onClick={hide}>
              Hide
            </Button>
            <Copy text={shown["secret"] ?? ""} />
            <span className="muted number" aria-hidden>
              0:{String(left).padStart(2, "0")}
            </span>
          </>
        ) : (
          <ChangeButton size="compact-sm" leftSection={<IconEye size={14} />} loading={isBusy} onClick={() => void reveal()}>
            Reveal
          </ChangeButton>
        )}
      </div>
      {shown?.["notes"] ? <p className="notes">{shown["notes"]}</p> : null}
      <p className="muted small">{offline ?? "Each reveal is recorded with your name."}</p>
      {problem ? <Fault problem={problem} /> : null}
    </div>
  );
}

/** Copies, and clears the clipboard 30 seconds later, or as soon as the page has the focus again after that. */
function Copy({ text }: { text: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard.writeText(text).then(() => {
      setCopied(true);
      setTimeout(clear, SHOWN_S * 1000);
    });
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconCopy size={14} />}
      onClick={copy}
      title="The clipboard is cleared after 30 seconds, but a clipboard manager may keep a copy"
    >
      {isCopied ? "Copied" : "Copy"}
    </Button>
  );
}

function clear(): void {
  navigator.clipboard.writeText("").catch(() => {
    window.addEventListener("focus", () => void navigator.clipboard.writeText("").catch(() => undefined), { once: true });
  });
}
