/** What was found out about a file, in one line. */
export function describe(detection: Record<string, unknown>): string {
  const parts = [
    detection["format"],
    detection["encoding"],
    detection["delimiter"] ? `delimiter “${String(detection["delimiter"])}”` : null,
  ];
  return parts.filter(Boolean).join(" · ");
}

/** What was noticed while reading the file, such as lines that were skipped and sheets that were not read. */
export function notesOf(detection: Record<string, unknown>): string[] {
  const notes = detection["notes"];
  return Array.isArray(notes) ? [...new Set(notes.map(String))] : [];
}
