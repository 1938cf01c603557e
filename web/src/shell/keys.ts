import { useEffect, useEffectEvent } from "react";

/** Marks a place whose keys act only while the focus is inside: put on the list and on its panel. */
export const PLACE = { "data-keys": "" };
const FIELDS = "input, textarea, select, [contenteditable], [role=dialog]";

/**
 * Single keys, where no field has the focus. Held-down keys and those with modifiers are not meant.
 *
 * With `inPlace` they act only in a marked place, and not on a button or link there: what decides something must have
 * been meant for what one looks at.
 */
export function useKeys(actions: Record<string, () => void>, inPlace = false): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target as HTMLElement;
    if (target.closest(FIELDS)) return;
    if (inPlace && (!target.closest("[data-keys]") || target.closest("button, a"))) return;
    // Enter on a button or a link is that button's.
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
