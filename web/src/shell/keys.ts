import { useEffect, useEffectEvent } from "react";

/** Marks an element whose keys act only while the focus is inside it, such as a list or its panel. */
export const PLACE = { "data-keys": "" };
const FIELDS = "input, textarea, select, [contenteditable], [role=dialog]";

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
    if (target.closest(FIELDS)) return;
    if (inPlace && (!target.closest("[data-keys]") || target.closest("button, a"))) return;
    // Enter on a button or a link activates it.
    if (event.key === "Enter" && target.closest("button, a")) return;
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
