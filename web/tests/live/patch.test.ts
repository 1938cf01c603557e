import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { Answer } from "../../src/api/client";
import type { MatchDetail, Page_MatchView_ } from "../../src/api/rest";
import { keys } from "../../src/live/keys";
import { patchMatch } from "../../src/live/patch";

test("a list that looks at two sources the other way round keeps its sides when a match in it changes", () => {
  const client = new QueryClient();
  const key = [...keys.pairMatches("p"), "left_source=b&right_source=a"];
  const row = { id: "m", version: 1, status: "suggested", left_source: "b", records: [{ side: "right" }] };
  client.setQueryData(key, { position: null, body: { items: [row] } });

  const part = { version: 2, status: "confirmed", left_source: "a", records: [{ side: "left" }] } as unknown as Partial<MatchDetail>;
  patchMatch(client, "m", part);

  const [now] = client.getQueryData<Answer<Page_MatchView_>>(key)?.body.items ?? [];
  expect(now).toEqual({ ...row, version: 2, status: "confirmed" });
});
