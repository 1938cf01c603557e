import { useEffect, useEffectEvent, type RefObject } from "react";

/**
 * Keeps the focus inside an element. When what has it is removed or disabled, the browser lets it fall to the body, where
 * no key works and a screen reader starts again at the top. Then `fallback` says where it goes.
 */
export function useFocusKept(place: RefObject<HTMLElement | null>, fallback: () => HTMLElement | null | undefined): void {
  const find = useEffectEvent(fallback);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    let last: Element | null = null;
    const note = (event: FocusEvent) => (last = event.target as Element);
    const look = () => {
      const isLost = last !== null && (!last.isConnected || last.matches(":disabled"));
      if (!isLost || (document.activeElement !== document.body && document.activeElement !== last)) return;
      find()?.focus({ preventScroll: true });
    };
    const observer = new MutationObserver(() => requestAnimationFrame(look));
    observer.observe(element, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
    element.addEventListener("focusin", note);
    return () => {
      observer.disconnect();
      element.removeEventListener("focusin", note);
    };
  }, [place]);
}
