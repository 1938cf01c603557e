import { useEffect, useRef } from "react";
import { change } from "../api/client";
import type { ClaimView, OpenItem } from "../api/rest";
import { useSession } from "../auth/useSession";
import { keys } from "../live/keys";
import { useHeld } from "../live/react";

/** A claim lasts a minute. */
const RENEW_MS = 30_000;

/** Claims records as long as they are named here, so that others see it. Nothing waits for it: a claim is advice. */
export function useClaims(records: string[]): void {
  const held = useRef(new Set<string>());
  const said = records.toSorted().join(" ");
  useEffect(() => {
    const wanted = new Set(said === "" ? [] : said.split(" "));
    for (const id of wanted) if (!held.current.has(id)) tell("PUT", id);
    for (const id of held.current) if (!wanted.has(id)) tell("DELETE", id);
    held.current = wanted;
  }, [said]);
  useEffect(() => {
    const timer = setInterval(() => held.current.forEach((id) => tell("PUT", id)), RENEW_MS);
    return () => {
      clearInterval(timer);
      held.current.forEach((id) => tell("DELETE", id));
      held.current = new Set();
    };
  }, []);
}

function tell(method: "PUT" | "DELETE", record: string): void {
  void change(method, `/records/${record}/claim`).catch(() => undefined);
}

/** Who else has claimed an open item. */
export function useClaimOf(project: string): (item: OpenItem) => ClaimView | null {
  const me = useSession()?.user.id;
  const changed = useHeld(keys.claims(project));
  return (item) => {
    const newer = changed?.[item.id];
    const claim = newer === undefined ? item.record?.claim : newer;
    return claim && claim.user_id !== me ? claim : null;
  };
}
