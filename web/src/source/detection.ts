type Detection = Record<string, unknown>;

/** What was detected about a file, in one line. */
export function describe(detection: Detection): string {
  const delimiter = word(detection, "delimiter");
  return [word(detection, "format"), word(detection, "encoding"), delimiter && `delimiter “${delimiter}”`].filter(Boolean).join(" · ");
}

/** What was noticed while reading the file, such as lines that were skipped and sheets that were not read. */
export function notesOf(detection: Detection): string[] {
  const notes = detection["notes"];
  return Array.isArray(notes) ? [...new Set(notes.map(String))] : [];
}

function word(detection: Detection, name: string): string {
  const found = detection[name];
  return typeof found === "string" ? found : "";
}
