import { describe, expect, test } from "vitest";
import type { ApiTokenView } from "../../src/api/rest";
import { endOf, limitsOf, networksOf, scopeWords } from "../../src/auth/apiToken";

const token = (limits: Partial<ApiTokenView>) => ({ project_ids: null, vault_ids: null, networks: null, ...limits }) as ApiTokenView;

describe("what a token may do, in words", () => {
  test("scopes keep their order", () => {
    expect(scopeWords(["read", "vault:reveal", "events"])).toBe("read, reveal secrets, live events");
  });

  test("limits name the projects that are known and count the others", () => {
    const names = new Map([["p", "March"]]);

    expect(limitsOf(token({}), names)).toEqual([]);
    expect(limitsOf(token({ project_ids: ["p", "q"], vault_ids: ["v"] }), names)).toEqual(["only March, 1 other project", "only 1 vault"]);
    expect(limitsOf(token({ project_ids: ["q", "r"], networks: ["10.0.0.0/8"] }), names)).toEqual(["only 2 projects", "from 10.0.0.0/8"]);
  });
});

test("networks are separated by whatever people type, and nothing means everywhere", () => {
  expect(networksOf(" 10.0.0.0/8,\n2001:db8::/32 ")).toEqual(["10.0.0.0/8", "2001:db8::/32"]);
  expect(networksOf(" , ")).toBeNull();
});

test("a year ends before the server's limit of 365 days, even if this clock is a little ahead", () => {
  const now = Date.parse("2026-11-28T12:00:00Z");

  expect(endOf(365, now)).toBe("2027-11-28T11:59:00.000Z");
});
