import type { Page_RecordView_, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { money } from "../shell/format";
import { Empty, Reading, Status } from "../shell/parts";
import { Pager } from "../shell/Pager";
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
      {({ body }) => {
        const names = [...new Set(body.items.flatMap((row) => Object.keys(row.data)))];
        return body.items.length === 0 ? (
          <Empty title="No records">{source.status === "ready" ? "The source is empty." : "They appear when the source is loaded."}</Empty>
        ) : (
          <>
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th className="number">
                      <abbr title="Of the data: 1 is the first row below the head. Rejects name the line of the file instead.">Row</abbr>
                    </th>
                    <th className="number">Amount</th>
                    <th>Date</th>
                    <th>State</th>
                    {names.map((name) => (
                      <th key={name} dir="auto">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((record) => (
                    <tr key={record.id}>
                      <td className="number muted">{record.row + 1}</td>
                      <td className="number">{money(record.amount)}</td>
                      <td className="mono">{record.date ?? "–"}</td>
                      <td>
                        <Status of={record.state} />
                      </td>
                      {names.map((name) => (
                        <td key={name} className="cut" dir="auto">
                          {record.data[name] ?? ""}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pager page={body} noun={["record", "records"]} go={go} />
          </>
        );
      }}
    </Reading>
  );
}
