import type { Page_RecordView_, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { Empty, Reading } from "../shell/parts";
import { Pager } from "../shell/Pager";
import { RecordTable } from "../shell/RecordTable";
import { useCursor } from "./useCursor";

/** The rows of a source that became records. */
export function Records({ source }: { source: SourceView }) {
  const { cursor, go } = useCursor();
  const query = new URLSearchParams({ limit: "50", ...(cursor ? { cursor } : {}) });
  const records = useRead<Page_RecordView_>(
    [...keys.source(source.id), "records", cursor ?? null],
    `/sources/${source.id}/records?${query.toString()}`,
    null,
  );
  return (
    <Reading query={records}>
      {({ body }) =>
        body.items.length === 0 ? (
          <Empty title="No records">{source.status === "ready" ? "The source is empty." : "They appear when the source is loaded."}</Empty>
        ) : (
          <>
            <RecordTable records={body.items} withState />
            <Pager page={body} noun={["record", "records"]} go={go} />
          </>
        )
      }
    </Reading>
  );
}
