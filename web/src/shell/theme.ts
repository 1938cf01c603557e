import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";
const listeners = new Set<() => void>();

function theme(): Theme {
  return document.documentElement.dataset["mantineColorScheme"] === "dark" ? "dark" : "light";
}

export function setTheme(chosen: Theme): void {
  document.documentElement.dataset["mantineColorScheme"] = chosen;
  try {
    localStorage.setItem("tallyroom-theme", chosen);
  } catch {
    // Storage is blocked, so the choice is kept only for this page.
  }
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, theme);
}
