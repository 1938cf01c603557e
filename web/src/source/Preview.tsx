import type { Page_RecordView_, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { DataCells, NameCells } from "../shell/DataCells";
import { count } from "../shell/format";
import { Reading, Wide } from "../shell/parts";

const ROWS = 5;

/** The first rows as they are in the file, to look something up while answering questions. */
export function Preview({ source }: { source: SourceView }) {
  const records = useRead<Page_RecordView_>(
    [...keys.source(source.id), "records", "preview", source.revision],
    `/sources/${source.id}/records?limit=${ROWS}`,
    null,
  );
  return (
    <section aria-label="The first rows of the file" className="stack">
      <h2>The first rows of the file</h2>
      <Reading query={records} height={200}>
        {({ body }) => <Rows rows={body.items.map(({ id, row, data }) => ({ id, row, data }))} />}
      </Reading>
    </section>
  );
}

function Rows({ rows }: { rows: { id: string; row: number; data: Record<string, string | null> }[] }) {
  const names = Object.keys(rows[0]?.data ?? {});
  return (
    <Wide label="Rows">
      <table className="grid">
        <thead>
          <tr>
            <th className="number">Row</th>
            <NameCells names={names} />
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, row, data }) => (
            <tr key={id}>
              <td className="number muted">{count(row + 1)}</td>
              <DataCells names={names} data={data} />
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  );
}
