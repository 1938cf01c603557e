import { afterEach, expect, test, vi } from "vitest";
import type { SignedIn } from "../../src/api/rest";

type Modules = [typeof import("../../src/api/session"), typeof import("../../src/reference/caller")];

/** The page anew, as after a reload. */
async function loaded(): Promise<Modules> {
  vi.resetModules();
  return Promise.all([import("../../src/api/session"), import("../../src/reference/caller")]);
}

function signedIn(id: string): SignedIn {
  return { access_token: "t", expires_in: 3600, user: { id, password_expires_at: null } } as unknown as SignedIn;
}

afterEach(() => {
  vi.resetModules();
});

test("a pasted token does not stay for somebody who signs in afterwards", async () => {
  const [session, caller] = await loaded();
  const changed = vi.fn();
  caller.onChangeOfPerson(changed);

  caller.pasteToken("pasted");
  session.adopt(signedIn("mia"));

  expect(changed).toHaveBeenCalledTimes(1);
});

test("the page stays for whoever signs in to an empty one, and while a session only gets a new token", async () => {
  const [session, caller] = await loaded();
  const changed = vi.fn();
  caller.onChangeOfPerson(changed);

  session.adopt(signedIn("mia"));
  caller.pasteToken("pasted");
  session.adopt(signedIn("mia"));

  expect(changed).not.toHaveBeenCalled();
});

test("the page is emptied for another person and after signing out", async () => {
  const [session, caller] = await loaded();
  const changed = vi.fn();
  caller.onChangeOfPerson(changed);
  session.adopt(signedIn("mia"));

  session.adopt(signedIn("ben"));
  session.forget();

  expect(changed).toHaveBeenCalledTimes(2);
});
