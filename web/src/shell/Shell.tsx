import { ActionIcon, Button } from "@mantine/core";
import { IconLogout, IconMoon, IconSun, IconUser } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";
import type { MouseEvent } from "react";
import type { UserView } from "../api/rest";
import { signOut } from "../api/session";
import { useSession } from "../auth/useSession";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { ConnectionStatus } from "./ConnectionStatus";
import { Given } from "./Given";
import { Keys } from "./KeysDialog";
import { setTheme, useTheme } from "./theme";

/** Leads past the navigation: to the list that is worked on, or else to the heading. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  const main = document.querySelector("main");
  const target =
    main?.querySelector<HTMLElement>("tr[data-id][tabindex='0'], tr[data-id] input[tabindex='0']") ?? main?.querySelector("h1");
  if (!target) return;
  if (target.tabIndex < 0) target.tabIndex = -1;
  target.focus();
}

/** The frame around every screen of a signed-in person. */
export function Shell() {
  const signedIn = useSession()?.user;
  const shown = useTheme();
  // Follows the person's own stream, for access that is granted or lost and sessions that end.
  const me = useRead<UserView>(keys.me, "/me", signedIn ? `user:${signedIn.id}` : null, signedIn !== undefined);
  const user = me.data?.body ?? signedIn;
  return (
    <div className="shell">
      <header className="topbar">
        <a href="#main" className="skip" onClick={skip}>
          Skip to the content
        </a>
        <Link to="/" className="brand">
          <img src="/favicon.svg" alt="" /> <span>Tallyroom</span>
        </Link>
        <span className="spacer" />
        <Given me={signedIn?.id} />
        <ConnectionStatus />
        <Keys />
        <ActionIcon
          variant="subtle"
          color="gray"
          aria-label={shown === "dark" ? "Light theme" : "Dark theme"}
          onClick={() => setTheme(shown === "dark" ? "light" : "dark")}
        >
          {shown === "dark" ? <IconSun size={18} /> : <IconMoon size={18} />}
        </ActionIcon>
        <Link to="/me" className="status" aria-label={`Account of ${user?.display_name ?? ""}`}>
          <IconUser size={16} aria-hidden /> <span className="word">{user?.display_name}</span>
        </Link>
        <Button size="compact-sm" variant="subtle" aria-label="Sign out" onClick={() => void signOut()}>
          <IconLogout size={15} aria-hidden />
          <span className="word">&nbsp;Sign out</span>
        </Button>
      </header>
      <Outlet />
    </div>
  );
}
