import { Modal } from "@mantine/core";
import { useLayoutEffect, useRef, type ReactNode } from "react";
import { useFocusKept } from "./focus";

const FIRST = "[data-autofocus]";
const STOPS = "input, select, textarea, button, a[href]";

interface Props {
  title: string;
  close: () => void;
  size?: "lg";
  closeOnClickOutside?: boolean;
  closeOnEscape?: boolean;
  children: ReactNode;
}

/**
 * A dialog that has the focus from the moment it is on the screen, so that a key pressed right after opening it is not
 * lost, and gives it back to what has opened it.
 */
export function Dialog({ title, close, children, ...rest }: Props) {
  const inside = useRef<HTMLDivElement>(null);
  /** The dialog itself, which contains its title and the button that closes it as well. */
  const dialog = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    const found = inside.current?.closest<HTMLElement>("[role=dialog]");
    if (!found) return;
    dialog.current = found;
    const opener = document.activeElement;
    // A moment later, Mantine puts the focus where it should begin. Somebody may have gone on with Tab by then.
    const follow = (event: FocusEvent) => {
      for (const one of found.querySelectorAll(FIRST)) one.removeAttribute("data-autofocus");
      (event.target as HTMLElement).dataset["autofocus"] = "";
    };
    found.addEventListener("focusin", follow);
    (found.querySelector<HTMLElement>(FIRST) ?? inside.current?.querySelector<HTMLElement>(STOPS) ?? found).focus({ preventScroll: true });
    return () => {
      found.removeEventListener("focusin", follow);
      // What has moved the focus on purpose, such as a decision that goes on to the next match, is not undone.
      if (opener instanceof HTMLElement && opener.isConnected && found.contains(document.activeElement))
        opener.focus({ preventScroll: true });
    };
  }, []);
  // A button that is off while its request is on its way lets the focus fall.
  useFocusKept(dialog, () => dialog.current);
  return (
    <Modal opened onClose={close} title={title} returnFocus={false} {...rest}>
      <div ref={inside}>{children}</div>
    </Modal>
  );
}
