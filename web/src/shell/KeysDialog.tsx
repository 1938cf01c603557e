import { ActionIcon, Checkbox } from "@mantine/core";
import { IconKeyboard } from "@tabler/icons-react";
import { useState } from "react";
import { Dialog } from "./Dialog";
import { setKeys, useKeys, useKeysOn } from "./keys";

const KEYS = [
  ["?", "shows these keys"],
  ["/", "goes to the field that finds"],
  ["J, ↓", "opens the next match"],
  ["K, ↑", "opens the match before"],
  ["Home, End", "opens the first match of the page, or the last"],
  ["C", "confirms the opened match and goes on to the next"],
  ["R", "rejects it, or asks whether a confirmation is taken back"],
  ["S", "splits it, or takes records out of it"],
  ["U", "undoes your last decision"],
  ["L", "loads what is new"],
  ["Space", "chooses an open item"],
  ["Esc", "closes what is open"],
] as const;

/** The keys of the dashboard, and a switch that turns letters off. */
export function Keys() {
  const [isOpen, setOpen] = useState(false);
  const isOn = useKeysOn();
  useKeys({ "?": () => setOpen(true) });
  return (
    // One item of the bar, with or without the dialog.
    <span>
      <ActionIcon variant="subtle" color="gray" aria-label="Keys" onClick={() => setOpen(true)}>
        <IconKeyboard size={18} />
      </ActionIcon>
      {isOpen ? (
        <Dialog close={() => setOpen(false)} title="Keys">
          <div className="stack">
            <Checkbox
              label="Single keys act, such as C for Confirm"
              description="Turn this off if you dictate, or press keys by accident. Arrows, Enter and Esc always work. This browser remembers it."
              checked={isOn}
              onChange={(event) => setKeys(event.currentTarget.checked)}
            />
            <dl className="facts">
              {KEYS.map(([key, does]) => (
                <div key={key} className="fact">
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </div>
        </Dialog>
      ) : null}
    </span>
  );
}
