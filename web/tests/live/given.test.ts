import { QueryClient } from "@tanstack/react-query";
import { beforeEach, expect, test } from "vitest";
import type { SignedIn } from "../../src/api/rest";
import { adopt } from "../../src/api/session";
import { effectsOn } from "../../src/live/effects";
import type { LiveEvent } from "../../src/live/event";
import { dropGiven, given } from "../../src/live/given";
import { event } from "../server";

const WORK = { project_id: "p", job_id: null, left_source: "l", right_source: "r", match_id: "m", count: 1 };

beforeEach(() => {
  adopt({ access_token: "t", expires_in: 3600, user: { id: "u", password_expires_at: null } } as unknown as SignedIn);
  dropGiven();
});

function hear(by: string, data: object): void {
  const heard = { ...event("user:u", 2, "work.assigned", data), actor: { type: "user", id: by } };
  effectsOn(new QueryClient()).event(heard as unknown as LiveEvent);
}

test("what others have given to somebody is noted, the latest first, and each match once", () => {
  hear("other", WORK);
  hear("other", { ...WORK, match_id: "n" });
  hear("other", WORK);

  expect(given().map((one) => one.match_id)).toEqual(["m", "n"]);
});

test("nobody is told what they have given to themselves", () => {
  hear("u", WORK);

  expect(given()).toEqual([]);
});
