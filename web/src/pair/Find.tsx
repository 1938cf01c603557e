import { TextInput } from "@mantine/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useKeys } from "../shell/keys";

const PAUSE_MS = 350;
const MOST = 200; // characters, as the server allows

interface Props {
  label: string;
  value: string;
  find: (words: string | undefined) => void;
  /** Whether the key `/` leads here. */
  hasKey?: boolean;
}

/** A field that searches after a pause in typing, or at once with Enter. */
export function Find({ label, value, find, hasKey = false }: Props) {
  const field = useRef<HTMLInputElement>(null);
  /** What is being typed; null while the address says what is shown. */
  const [typed, setTyped] = useState<string | null>(null);
  const search = useEffectEvent((words: string) => {
    if (words.trim() !== value) find(words.trim() || undefined);
  });
  useEffect(() => {
    if (typed === null) return;
    const timer = setTimeout(() => search(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  useKeys(hasKey ? { "/": () => field.current?.focus() } : {});
  return (
    <TextInput
      ref={field}
      type="search"
      label={label}
      maxLength={MOST}
      value={typed ?? value}
      aria-keyshortcuts={hasKey ? "/" : undefined}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => {
        if (typed !== null && typed.trim() !== value) find(typed.trim() || undefined);
        setTyped(null);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && typed !== null && typed.trim() !== value) find(typed.trim() || undefined);
      }}
    />
  );
}
