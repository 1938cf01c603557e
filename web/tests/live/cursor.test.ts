import { describe, expect, test } from "vitest";
import table from "../../../docs/stream-cases.json";
import { afterClosing, Cursor, type Action, type Answer } from "../../src/live/cursor";
import type { LiveEvent } from "../../src/live/event";
import { event } from "../server";

/** The table's cases are data of many shapes, so they are read with the shape that this test needs. */
interface Step {
  happens: string;
  event?: [number, string];
  answer?: { ok: boolean; epoch?: string; events?: [number, string][] } | null;
  turn?: number;
  does: unknown[];
  at: unknown;
  phase: string;
}
interface Case {
  name: string;
  from: [number, string | null] | null;
  needs?: string;
  steps: Step[];
}

const cases = (table.streams as unknown as Case[]).filter(
  // The dashboard takes events as they come, so it need not pause; and its positions always have an epoch.
  (found) => found.needs === undefined && !(found.from !== null && found.from[1] === null),
);

function envelope([seq, epoch]: [number, string]): LiveEvent {
  return { ...event("project:1", seq), epoch } as unknown as LiveEvent;
}

function answerOf(written: Step["answer"]): Answer | null {
  if (!written?.ok) return (written ?? null) as Answer | null;
  return { ...written, events: written.events?.map(envelope) } as unknown as Answer;
}

function place(position: { seq: number; epoch: string } | null): unknown {
  return position === null ? null : [position.seq, position.epoch];
}

function written(action: Action): unknown[] {
  switch (action.do) {
    case "subscribe":
      return action.position === null ? ["subscribe"] : ["subscribe", action.position.seq, action.position.epoch];
    case "deliver":
      return ["deliver", action.event.seq];
    case "replace":
      return ["snapshot", action.position.seq, action.position.epoch];
    case "wait":
      return ["wait", action.failures];
    case "end":
      return ["end", action.code];
  }
}

/** Plays the steps of a case to a cursor. */
class Played {
  readonly cursor: Cursor;
  private readonly turns = [0];

  constructor(from: Case["from"]) {
    this.cursor = new Cursor(from === null ? null : { seq: from[0], epoch: from[1] ?? "" });
  }

  play(step: Step): unknown[] {
    const actions = this.happen(step);
    for (const action of actions) if (action.do === "subscribe") this.turns.push(action.turn);
    return actions.map(written);
  }

  private happen(step: Step): Action[] {
    switch (step.happens) {
      case "connected":
      case "lost":
      case "again":
      case "reset":
      case "revoked":
        return this.cursor[step.happens]();
      case "event":
        return this.cursor.event(envelope(step.event ?? [0, ""]));
      case "answer":
        return this.cursor.answered(this.turns.at((step.turn ?? 0) - 1) ?? 0, answerOf(step.answer));
      default:
        throw new Error(`unknown step ${step.happens}`);
    }
  }
}

describe("the client does what the table says", () => {
  test.each(cases.map((found) => [found.name, found] as const))("%s", (_, found) => {
    const played = new Played(found.from);

    for (const step of found.steps) {
      const does = played.play(step);
      const stands = { does, at: place(played.cursor.position), phase: played.cursor.phase };
      expect(stands, JSON.stringify(step)).toEqual({ does: step.does, at: step.at, phase: step.phase });
    }
  });

  test.each(table.closings.map((found) => [found.code, found.does] as const))("after a connection ended with %s: %s", (code, does) => {
    expect(afterClosing(code)).toBe(does);
  });
});
