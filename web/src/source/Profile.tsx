import type { SourceView } from "../api/rest";
import { count } from "../shell/format";
import { Empty, Reading, Wide } from "../shell/parts";
import { useProfile } from "./useProfile";

const MEANINGS: Partial<Record<string, string>> = {
  original_amount: "original amount",
  original_currency: "original currency",
  booked: "date",
  value_date: "value date",
};

/** The columns of a source, each with its meaning, what proves it, its type and some of its values. */
export function Profile({ source }: { source: SourceView }) {
  return (
    <Reading query={useProfile(source)}>
      {({ body }) =>
        body.columns.length === 0 ? (
          <Empty title="No columns yet">They are listed as soon as the file has been read.</Empty>
        ) : (
          <Wide label="The columns">
            <table className="grid">
              <thead>
                <tr>
                  <th>Column</th>
                  <th>Meaning</th>
                  <th>Type</th>
                  <th className="number">Filled</th>
                  <th className="number">Distinct</th>
                  <th>Least</th>
                  <th>Greatest</th>
                  <th>Examples</th>
                </tr>
              </thead>
              <tbody>
                {body.columns.map((column) => (
                  <tr key={column.name}>
                    <td className="cut" dir="auto">
                      <strong>{column.name}</strong>
                    </td>
                    <td className="wrap meaning">
                      {column.role ? (MEANINGS[column.role] ?? column.role) : "–"}
                      {column.role_proof ? <span className="small muted">: {column.role_proof}</span> : null}
                    </td>
                    <td>
                      {column.type}
                      {column.date_order ? ` (${column.date_order})` : ""}
                      {column.decimal ? ` (decimal ${column.decimal})` : ""}
                    </td>
                    <td className="number">{Math.round(column.fill * 1000) / 10}%</td>
                    <td className="number">{`${column.is_distinct_estimated ? "about " : ""}${count(column.distinct)}`}</td>
                    <td className="cut mono">{column.min ?? "–"}</td>
                    <td className="cut mono">{column.max ?? "–"}</td>
                    <td className="cut muted" dir="auto">
                      {column.examples.join(" · ")}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Wide>
        )
      }
    </Reading>
  );
}
