import type { SwaggerFunctions } from "swagger-ui-dist/swagger-ui-es-bundle.js";

type Tree = Readonly<Record<string, unknown>>;

const REFERENCE = /^#\/components\/([^/]+)\/([^/]+)$/;

/**
 * Resolves each part of the document without the rest of it.
 *
 * Swagger UI would parse all of the document when the page begins and again for each operation that is opened, which takes a
 * second or more.
 */
export const excerpts: SwaggerFunctions = ({ fn: { resolveSubtree } }) => ({
  fn: { resolveSubtree: (document, path, options) => resolveSubtree(excerpt(document, path), path, options) },
});

/** A document with only the part at a path, and with whatever this part refers to. */
export function excerpt(document: Tree, path: readonly string[]): Tree {
  const [place, kind, name] = path;
  const all = tree(document["components"]);
  const paths: Record<string, unknown> = {};
  const components: Record<string, Record<string, unknown>> = { securitySchemes: { ...tree(all["securitySchemes"]) } };
  const todo: unknown[] = [];

  function keep(ofKind: string, called: string): void {
    const kept = (components[ofKind] ??= {});
    if (called in kept) return;
    kept[called] = tree(all[ofKind])[called];
    todo.push(kept[called]);
  }

  if (place === "paths" && kind !== undefined) {
    paths[kind] = tree(document["paths"])[kind];
    todo.push(paths[kind]);
  } else if (place === "components" && kind !== undefined) {
    for (const called of name === undefined ? Object.keys(tree(all[kind])) : [name]) keep(kind, called);
  } else return document;

  while (todo.length > 0) {
    const found = todo.pop();
    if (typeof found === "string") {
      const [, ofKind, called] = REFERENCE.exec(found) ?? [];
      if (ofKind !== undefined && called !== undefined) keep(ofKind, called);
    } else todo.push(...Object.values(tree(found)));
  }
  return { ...document, paths, components };
}

function tree(value: unknown): Tree {
  return typeof value === "object" && value !== null ? (value as Tree) : {};
}
