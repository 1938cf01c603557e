import { useEffect, useEffectEvent, useSyncExternalStore } from "react";

/** Marks an element whose keys act only while the focus is inside it, such as a list or its panel. */
export const PLACE = { "data-keys": "" };
const FIELDS = "input:not([type=checkbox]), textarea, select, [contenteditable], [role=dialog]";

const STORED = "tallyroom-keys";
const listeners = new Set<() => void>();
let isOn = stored();

function stored(): boolean {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true; // Storage is blocked.
  }
}

/** Turns keys that are single characters on or off, in this browser. Arrows, Enter and Escape always work. */
export function setKeys(on: boolean): void {
  isOn = on;
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // Storage is blocked, so the choice is kept only for this page.
  }
  for (const listener of listeners) listener();
}

/** Whether keys that are single characters act. */
export function useKeysOn(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => isOn,
  );
}

/**
 * Acts on single keys while no field has the focus. Keys that are held down, or pressed with a modifier, are ignored.
 *
 * With `inPlace` they act only inside a marked element, and not on a button or link in it: a key that decides something
 * must have been meant for what is on the screen.
 */
export function useKeys(actions: Record<string, () => void>, inPlace = false): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    // A dialog has keys of its own, even if the focus is not in it.
    if (target.closest(FIELDS) || document.querySelector("[role=dialog]")) return;
    if (inPlace && (!target.closest("[data-keys]") || target.closest("button, a"))) return;
    // Enter on a button or a link activates it.
    if (event.key === "Enter" && target.closest("button, a")) return;
    // Somebody who dictates, or types by accident, can turn letters off (WCAG 2.1.4).
    if (event.key.length === 1 && !isOn) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);
}
