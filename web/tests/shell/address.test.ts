import { expect, test } from "vitest";
import { jobSearch } from "../../src/job/search";
import { sourceSearch } from "../../src/source/search";
import { vaultSearch } from "../../src/vault/search";

const TYPED = {
  status: "confirmed",
  state: "due",
  view: "left",
  tab: "records",
  pass: 7,
  q: 12,
  sort: "-score",
  cursor: "c",
  m: "1",
  e: "2",
};

test("a job's address keeps its view, filter, order, page and opened match, and nothing else", () => {
  expect(jobSearch(TYPED)).toEqual({ view: "left", status: "confirmed", pass: "7", sort: "-score", cursor: "c", m: "1" });
});

test("a source's address keeps its tab and page", () => {
  expect(sourceSearch(TYPED)).toEqual({ tab: "records", cursor: "c" });
});

test("a number in a vault search is what somebody typed", () => {
  expect(vaultSearch({ ...TYPED, trashed: true })).toEqual({ tab: undefined, q: "12", state: "due", trashed: true, cursor: "c", e: "2" });
});

test.each([
  [jobSearch, { view: "up", status: "constructor", pass: null, sort: {}, cursor: [], m: true }],
  [sourceSearch, { tab: "length", cursor: false }],
  [vaultSearch, { tab: "rejects", q: ["a"], state: "0", trashed: "true", cursor: {}, e: null }],
])("words that the address cannot have count as absent", (read, found) => {
  expect(Object.values(read(found)).filter((value) => value !== undefined)).toEqual([]);
});
