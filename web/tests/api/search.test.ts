import { expect, test } from "vitest";
import type { Answer } from "../../src/api/client";
import { read } from "../../src/api/search";

interface Page {
  items: string[];
  next_cursor: string | null;
  looked_at: number | null;
}

/** Reads pages one after the other, and notes from where. */
function pages(...bodies: Page[]) {
  const paths: string[] = [];
  const one = <T>(path: string): Promise<Answer<T>> => {
    paths.push(path);
    return Promise.resolve({ body: bodies[Math.min(paths.length, bodies.length) - 1], position: null } as unknown as Answer<T>);
  };
  return { paths, one };
}

const NOTHING: Page = { items: [], next_cursor: "n+1", looked_at: 20_000 };

test("a search goes on until a page is full, and says among how many", async () => {
  const { paths, one } = pages(NOTHING, { items: ["x"], next_cursor: "n", looked_at: 7 }, { items: ["y"], next_cursor: "m", looked_at: 8 });

  const answer = await read<Page>("/matches?q=x&skip=50&limit=2", undefined, one);

  expect(answer.body).toEqual({ items: ["x", "y"], next_cursor: "m", looked_at: 20_015 });
  expect(paths).toEqual(["/matches?q=x&skip=50&limit=2", "/matches?q=x&limit=2&cursor=n%2B1", "/matches?q=x&limit=2&cursor=n"]);
});

test("it ends with the list, and after some steps in which nothing is found", async () => {
  const end = pages(NOTHING, { items: [], next_cursor: null, looked_at: 5 });
  const endless = pages(NOTHING);

  expect((await read<Page>("/matches?q=x", undefined, end.one)).body.looked_at).toBe(20_005);
  expect((await read<Page>("/matches?q=x", undefined, endless.one)).body.looked_at).toBe(200_000);
  expect([end.paths.length, endless.paths.length]).toEqual([2, 10]);
});

test("what is no search is read once", async () => {
  const { paths, one } = pages({ items: [], next_cursor: null, looked_at: null });

  await read<Page>("/projects", undefined, one);

  expect(paths).toHaveLength(1);
});
