import { NativeSelect } from "@mantine/core";
import type { ReasonView } from "../api/rest";

/** What becomes of a difference, as far as it has been said. */
export interface Becomes {
  difference: "" | "open" | "booked";
  code: string;
}

export const UNSAID: Becomes = { difference: "", code: "" };

/** The same for the server, which says at the field what is missing. */
export function differenceOf({ difference, code }: Becomes): { difference?: "open" | "booked"; difference_reason?: string | null } {
  if (difference === "booked") return { difference, difference_reason: code || null };
  return difference === "open" ? { difference } : {};
}

interface Props {
  value: Becomes;
  reasons: ReasonView[];
  choose: (value: Becomes) => void;
  fault: (pointer: string) => string | undefined;
  /** What it means if nothing is chosen. */
  unsaid?: string;
}

/** Asks whether a difference stays open or is booked, and with which reason code. */
export function Difference({ value, reasons, choose, fault, unsaid = "Choose …" }: Props) {
  return (
    <>
      <NativeSelect
        label="The difference"
        data={[
          { value: "", label: unsaid },
          { value: "open", label: "stays open, for the next payment" },
          { value: "booked", label: "is booked" },
        ]}
        value={value.difference}
        onChange={(event) => choose({ ...value, difference: event.currentTarget.value as Becomes["difference"] })}
        error={fault("/difference")}
      />
      {value.difference === "booked" ? (
        <Reason
          label="As"
          reasons={reasons}
          value={value.code}
          choose={(code) => choose({ ...value, code })}
          fault={fault("/difference_reason")}
        />
      ) : null}
    </>
  );
}

interface ReasonProps {
  label: string;
  reasons: ReasonView[];
  value: string;
  choose: (code: string) => void;
  fault: string | undefined;
}

export function Reason({ label, reasons, value, choose, fault }: ReasonProps) {
  return (
    <NativeSelect
      label={label}
      data={[{ value: "", label: "Choose …" }, ...reasons.map((reason) => ({ value: reason.code, label: reason.label }))]}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
      error={fault}
    />
  );
}
