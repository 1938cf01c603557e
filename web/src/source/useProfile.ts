import type { ProfileView, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";

/** What the columns of a source contain, and the mapping that they suggest. */
export function useProfile(source: SourceView) {
  return useRead<ProfileView>([...keys.source(source.id), "profile", source.revision], `/sources/${source.id}/profile`, null);
}
