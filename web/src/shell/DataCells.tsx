/** The names of a file's columns as cells of a header row. */
export function NameCells({ names }: { names: string[] }) {
  return names.map((name) => (
    <th key={name} dir="auto">
      {name}
    </th>
  ));
}

/** What a row of a file says in these columns. */
export function DataCells({ names, data }: { names: string[]; data: Record<string, string | null> }) {
  return names.map((name) => (
    <td key={name} className="cut" dir="auto">
      {data[name] ?? ""}
    </td>
  ));
}
