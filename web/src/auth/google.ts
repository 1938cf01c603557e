/** The part of Google's sign-in script that is used here: https://developers.google.com/identity/gsi/web/reference/js-reference */
const SCRIPT = "https://accounts.google.com/gsi/client";

export interface GoogleButtonOptions {
  theme: "outline" | "filled_black";
  text: "signin_with" | "continue_with";
  size: "large";
  width: number;
}

interface GoogleId {
  initialize(options: { client_id: string; nonce: string; callback: (answer: { credential: string }) => void }): void;
  renderButton(parent: HTMLElement, options: GoogleButtonOptions): void;
}

declare global {
  interface Window {
    google?: { accounts: { id: GoogleId } };
    trustedTypes?: {
      createPolicy(name: string, rules: { createScriptURL: (url: string) => string }): { createScriptURL(url: string): string };
    };
  }
}

let loading: Promise<GoogleId> | null = null;

/** Loads the script once, and tries again after a failure. */
export function loadGoogle(): Promise<GoogleId> {
  loading ??= load().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

function load(): Promise<GoogleId> {
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    const policy = window.trustedTypes?.createPolicy("google-sign-in", { createScriptURL: (url) => url });
    script.src = policy ? policy.createScriptURL(SCRIPT) : SCRIPT;
    script.async = true;
    script.onload = () => {
      if (window.google) done(window.google.accounts.id);
      else failed(new Error("Google's script did not start."));
    };
    script.onerror = () => {
      script.remove();
      failed(new Error("Google's script could not be loaded."));
    };
    document.head.append(script);
  });
}

/** The address in a credential, for display only. The server verifies the signature. */
export function addressIn(credential: string): string {
  try {
    const text = atob((credential.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"));
    const claims = JSON.parse(text) as { email?: unknown };
    return typeof claims.email === "string" ? claims.email : "";
  } catch {
    return "";
  }
}
