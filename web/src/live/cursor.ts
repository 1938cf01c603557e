import type { Position } from "../api/client";
import type { Subscribed } from "../api/live";
import type { LiveEvent } from "./event";

/**
 * Where a client stands in one stream, and what it must do next. There is no input or output in this module.
 *
 * docs/stream-cases.json says what a client must do in each case. The Python client (client/tallyroom_client/cursor.py)
 * is tested with the same table.
 */
export type Phase = "lost" | "asked" | "waiting" | "live" | "ended";

export type Action =
  | { do: "subscribe"; turn: number; position: Position | null }
  | { do: "deliver"; event: LiveEvent }
  /** Events are gone: everything under the stream has to be read again. */
  | { do: "replace"; position: Position }
  /** Call `again` after a pause that grows with the number of failures. */
  | { do: "wait"; failures: number }
  | { do: "end"; code: string };

interface Refusal {
  status: number;
  code: string;
}
export type Answer = (Subscribed & { ok: true }) | { ok: false; problem?: Refusal };

/** Refusals that say that the stream is not this person's. After any other, even one without a problem, it is asked for again. */
const REVOKING = new Set([403, 404]);
/** Codes that close a connection for good: coming back by itself would not help, or would push another tab out. */
const ENDING = new Set(["forbidden", "password_expired", "token_in_query", "token_invalid", "token_revoked", "too_many_connections"]);
const NEEDING_A_TOKEN = new Set(["token_expired", "token_missing"]);

/** What to do after a refusal of CONNECT or a `closing` with this code, or after a loss without one. */
export function afterClosing(code: string | null): "again" | "refresh" | "end" {
  if (code === null) return "again";
  if (NEEDING_A_TOKEN.has(code)) return "refresh";
  return ENDING.has(code) ? "end" : "again";
}

/** A place in one stream. Each method takes what has happened and returns what to do, in order. */
export class Cursor {
  phase: Phase = "lost";
  /** The newest `subscribe`, so that answers to older ones are dropped. */
  private turn = 0;
  private failures = 0;

  constructor(public position: Position | null) {}

  connected(): Action[] {
    return this.phase === "ended" ? [] : this.ask();
  }

  lost(): Action[] {
    this.turn += 1;
    if (this.phase !== "ended") this.phase = "lost";
    return [];
  }

  /** The pause after a refusal is over. */
  again(): Action[] {
    return this.phase === "waiting" ? this.ask() : [];
  }

  /** The server has ended the subscription and asks for another. */
  reset(): Action[] {
    return this.phase === "live" ? this.ask() : [];
  }

  revoked(): Action[] {
    return this.phase === "ended" ? [] : this.end("revoked");
  }

  /** An event has arrived, outside an answer. */
  event(event: LiveEvent): Action[] {
    // Until the answer says where the stream begins, an event is of an older subscription.
    if (this.position === null || this.phase === "lost" || this.phase === "ended") return [];
    if (this.follows(event)) return [this.deliver(event)];
    if (this.isKnown(event) || this.phase !== "live") return [];
    return this.ask(); // once: the answer brings this event too
  }

  /** The answer to a `subscribe`; null if there was none in time. */
  answered(turn: number, answer: Answer | null): Action[] {
    if (turn !== this.turn || this.phase !== "asked") return [];
    if (answer === null) return this.wait();
    if (!answer.ok) return answer.problem && REVOKING.has(answer.problem.status) ? this.end(answer.problem.code) : this.wait();
    if (answer.mode === "snapshot") {
      this.position = { seq: answer.head, epoch: answer.epoch };
      this.settle();
      return [{ do: "replace", position: this.position }];
    }
    return this.continued(answer);
  }

  /** The answer continues from our position, or from the head if we had none. */
  private continued(answer: Subscribed): Action[] {
    this.position ??= { seq: answer.head, epoch: answer.epoch };
    if (answer.epoch !== this.position.epoch) return this.wait();
    const actions: Action[] = [];
    for (const event of answer.events as LiveEvent[]) {
      if (this.isKnown(event)) continue;
      if (!this.follows(event)) return [...actions, ...this.wait()]; // something is missing in the answer itself
      actions.push(this.deliver(event));
    }
    if (!answer.more) {
      this.settle();
      return actions;
    }
    if (actions.length === 0) return this.wait(); // a page without anything new would be asked for again and again
    this.failures = 0;
    return [...actions, ...this.ask()];
  }

  private settle(): void {
    this.failures = 0;
    this.phase = "live";
  }

  private follows(event: LiveEvent): boolean {
    return this.position !== null && event.epoch === this.position.epoch && event.seq === this.position.seq + 1;
  }

  private isKnown(event: LiveEvent): boolean {
    return this.position !== null && event.epoch === this.position.epoch && event.seq <= this.position.seq;
  }

  private deliver(event: LiveEvent): Action {
    this.position = { seq: event.seq, epoch: event.epoch };
    return { do: "deliver", event };
  }

  private ask(): Action[] {
    this.turn += 1;
    this.phase = "asked";
    return [{ do: "subscribe", turn: this.turn, position: this.position }];
  }

  private wait(): Action[] {
    this.failures += 1;
    this.phase = "waiting";
    return [{ do: "wait", failures: this.failures }];
  }

  private end(code: string): Action[] {
    this.turn += 1;
    this.phase = "ended";
    return [{ do: "end", code }];
  }
}
