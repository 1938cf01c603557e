import type { Page_RejectView_, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { count } from "../shell/format";
import { Empty, Reading } from "../shell/parts";
import { Pager } from "../shell/Pager";
import { useCursor } from "./useCursor";

/** The rows of a source that were rejected, each with the reason. */
export function Rejects({ source }: { source: SourceView }) {
  const { cursor, go } = useCursor();
  const query = new URLSearchParams({ limit: "50", ...(cursor ? { cursor } : {}) });
  const rejects = useRead<Page_RejectView_>(
    [...keys.source(source.id), "rejects", cursor ?? null],
    `/sources/${source.id}/rejects?${query.toString()}`,
    null,
  );
  return (
    <Reading query={rejects}>
      {({ body }) =>
        body.items.length === 0 ? (
          <Empty title="Nothing was rejected">Every row of the file became a record.</Empty>
        ) : (
          <>
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th className="number">Row</th>
                    <th className="number">
                      <abbr title="Counted as in an editor: 1 is the first line of the file, which is often the header.">
                        Line in the file
                      </abbr>
                    </th>
                    <th>Column</th>
                    <th>Reason</th>
                    <th>Code</th>
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((reject) => (
                    <tr key={`${reject.line}/${reject.column}/${reject.code}`}>
                      <td className="number">{reject.row === null ? "–" : reject.row + 1}</td>
                      <td className="number">{count(reject.line)}</td>
                      <td dir="auto">{reject.column ?? "–"}</td>
                      <td className="wrap">{reject.message}</td>
                      <td className="mono">{reject.code}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pager page={body} noun={["rejected row", "rejected rows"]} go={go} />
          </>
        )
      }
    </Reading>
  );
}
