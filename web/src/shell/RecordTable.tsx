import type { RecordView } from "../api/rest";
import { DataCells, NameCells } from "./DataCells";
import { count, money } from "./format";
import { Status } from "./parts";

/** Records with the columns that they were loaded with. */
export function RecordTable({ records, withState = false }: { records: RecordView[]; withState?: boolean }) {
  const names = [...new Set(records.flatMap((record) => Object.keys(record.data)))];
  return (
    <div className="scroll">
      <table className="grid">
        <thead>
          <tr>
            <th className="number">
              <abbr title="Counted in the data: 1 is the first row below the header. Rejects show the line in the file instead.">Row</abbr>
            </th>
            <th className="number">Amount</th>
            <th>Date</th>
            {withState ? <th>State</th> : null}
            <NameCells names={names} />
          </tr>
        </thead>
        <tbody>
          {records.map((record) => (
            <tr key={record.id}>
              <td className="number muted">{count(record.row + 1)}</td>
              <td className="number">{money(record.amount)}</td>
              <td className="mono">{record.date ?? "–"}</td>
              {withState ? (
                <td>
                  <Status of={record.state} />
                </td>
              ) : null}
              <DataCells names={names} data={record.data} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
