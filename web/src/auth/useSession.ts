import { useSyncExternalStore } from "react";
import { onSession, session, type Session } from "../api/session";

export function useSession(): Session | null {
  return useSyncExternalStore(onSession, session);
}
