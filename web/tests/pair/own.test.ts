import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { SignedIn } from "../../src/api/rest";
import type { Deed } from "../../src/pair/own";

const DEED: Deed = { project: "p", words: "You confirmed R-1.", of: "match", id: "m", status: "confirmed", version: 2 };

/** Loads the page again, with the same storage, for this person. */
async function load(person: string) {
  vi.resetModules();
  const session = await import("../../src/api/session");
  session.adopt({ access_token: "t", expires_in: 900, user: { id: person, password_expires_at: null } } as SignedIn);
  return { ...(await import("../../src/pair/own")), session };
}

beforeEach(() => vi.stubGlobal("fetch", () => Promise.resolve(new Response("{}"))));
afterEach(() => {
  vi.unstubAllGlobals();
  sessionStorage.removeItem("tallyroom-deeds");
});

test("a page that is loaded again still offers to undo", async () => {
  const { addDeed } = await load("mia");
  addDeed(DEED);

  const { lastDeed } = await load("mia");

  expect(lastDeed("p")).toEqual(DEED);
  expect(lastDeed("other")).toBeUndefined();
});

test("somebody else in the same tab is offered nothing of it", async () => {
  (await load("mia")).addDeed(DEED);

  expect((await load("rolf")).lastDeed("p")).toBeUndefined();
});

test("who signs out leaves nothing behind", async () => {
  const { addDeed, session } = await load("mia");
  addDeed(DEED);

  void session.signOut();

  expect(sessionStorage.getItem("tallyroom-deeds")).toBeNull();
  expect((await load("mia")).lastDeed("p")).toBeUndefined();
});
