import { expect, test } from "vitest";
import { describe as describeFile, notesOf } from "../../src/source/detection";

test.each([
  [{ format: "csv", encoding: "utf-8", delimiter: ";" }, "csv · utf-8 · delimiter “;”"],
  [{ format: "parquet", encoding: null }, "parquet"],
  [{ delimiter: "" }, ""],
  [{ format: { name: "csv" } }, ""],
])("what was detected about a file is one line", (detection, expected) => {
  expect(describeFile(detection)).toBe(expected);
});

test("a note is shown once, however often it was made", () => {
  expect(notesOf({ notes: ["2 sheets were not read", "1 line was skipped", "2 sheets were not read"] })).toEqual([
    "2 sheets were not read",
    "1 line was skipped",
  ]);
  expect([notesOf({}), notesOf({ notes: "one" })]).toEqual([[], []]);
});
