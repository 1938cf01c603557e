import { useSyncExternalStore } from "react";
import { onSession, sessionState, type Session, type SessionState } from "../api/session";

export function useSessionState(): SessionState {
  return useSyncExternalStore(onSession, sessionState);
}

export function useSession(): Session | null {
  return useSessionState().session;
}
