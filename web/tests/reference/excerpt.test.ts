import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { excerpt } from "../../src/reference/excerpt";

const document = {
  openapi: "3.1.0",
  paths: {
    "/a": { get: { answer: { $ref: "#/components/schemas/A" } } },
    "/b": { get: { answer: { $ref: "#/components/schemas/Lonely" } } },
  },
  components: {
    schemas: {
      A: { items: [{ $ref: "#/components/schemas/B" }] },
      B: { discriminator: { mapping: { c: "#/components/schemas/C" } }, parent: { $ref: "#/components/schemas/A" } },
      C: { type: "string" },
      Lonely: { type: "string" },
    },
    securitySchemes: { token: { type: "http" } },
  },
};

test("an excerpt has a route and all that it refers to, also in circles, and nothing else", () => {
  const { A, B, C } = document.components.schemas;

  const found = excerpt(document, ["paths", "/a", "get"]);

  expect(found).toEqual({
    openapi: "3.1.0",
    paths: { "/a": document.paths["/a"] },
    components: { schemas: { A, B, C }, securitySchemes: document.components.securitySchemes },
  });
});

test("an excerpt may be a component, or all of a kind", () => {
  const { C } = document.components.schemas;
  const { securitySchemes } = document.components;

  expect(excerpt(document, ["components", "schemas", "C"])["components"]).toEqual({ schemas: { C }, securitySchemes });
  expect(excerpt(document, ["components", "securitySchemes"])["components"]).toEqual({ securitySchemes });
});

test("the whole document stays whole", () => {
  expect(excerpt(document, [])).toBe(document);
});

test("no excerpt of our document refers to what it lacks", () => {
  const ours = JSON.parse(readFileSync("../docs/openapi.json", "utf8")) as typeof document;

  for (const path of Object.keys(ours.paths)) {
    const text = JSON.stringify(excerpt(ours, ["paths", path, "get"]));
    const { components } = JSON.parse(text) as { components: Record<string, Record<string, unknown>> };
    for (const [, kind = "", name = ""] of text.matchAll(/"#\/components\/([^/"]+)\/([^/"]+)"/g)) {
      expect(components[kind]?.[name], `${path}: ${kind}/${name}`).toBeDefined();
    }
  }
});
