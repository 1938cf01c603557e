import { Button, type ButtonProps } from "@mantine/core";
import type { ComponentPropsWithoutRef } from "react";
import { useOffline } from "../live/react";

type Props = ButtonProps & Omit<ComponentPropsWithoutRef<"button">, keyof ButtonProps>;

/** A button that changes something on the server. While the server cannot be reached, it is disabled and says why. */
export function ChangeButton({ disabled, title, ...rest }: Props) {
  const offline = useOffline();
  return <Button {...rest} disabled={disabled === true || offline !== undefined} title={offline ?? title} />;
}
