import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { googleNonce, signInMethods } from "../api/session";
import { useTheme } from "../shell/theme";
import { loadGoogle, type GoogleButtonOptions } from "./google";

const RENEW_MS = 9 * 60_000; // a nonce is valid for ten minutes
const WIDTH = 320;

interface Props {
  text: GoogleButtonOptions["text"];
  /** Increase this after a credential was used, so that the next one gets a new nonce. */
  round: number;
  onCredential: (credential: string) => void;
}

/** The client id for Google; null if sign-in with Google is off, undefined until that is known. */
export function useGoogleClient(): string | null | undefined {
  const methods = useQuery({ queryKey: ["methods"], queryFn: signInMethods, staleTime: Infinity, retry: 2 });
  return methods.isError ? null : methods.data && (methods.data.google?.client_id ?? null);
}

/** Google's button, which Google's script draws in a frame. */
export function GoogleButton({ client, text, round, onCredential }: Props & { client: string }) {
  const theme = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const answer = useRef(onCredential);
  const [nonces, setNonces] = useState(0);
  const [isBroken, setBroken] = useState(false);

  useEffect(() => {
    answer.current = onCredential;
  });

  useEffect(() => {
    let isGone = false;
    const renewing = setTimeout(() => setNonces((n) => n + 1), RENEW_MS);
    Promise.all([loadGoogle(), googleNonce()])
      .then(([google, nonce]) => {
        if (isGone || place.current === null) return;
        google.initialize({ client_id: client, nonce, callback: ({ credential }) => answer.current(credential) });
        google.renderButton(place.current, {
          theme: theme === "dark" ? "filled_black" : "outline",
          text,
          size: "large",
          width: WIDTH,
        });
        setBroken(false);
      })
      .catch(() => {
        if (!isGone) setBroken(true);
      });
    return () => {
      isGone = true;
      clearTimeout(renewing);
    };
  }, [client, text, theme, round, nonces]);

  return (
    <>
      <div ref={place} className="google" hidden={isBroken} />
      {isBroken ? (
        <p className="muted" role="status">
          Google cannot be reached from here. Use your password, or reload the page to try again.
        </p>
      ) : null}
    </>
  );
}
