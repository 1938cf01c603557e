import { io, type Socket } from "socket.io-client";
import type { Position } from "../api/client";
import type { Commands, Envelope, EventData, Notices, StateValues, Subscribed } from "../api/live";
import type { Problem as ProblemDocument } from "../api/rest";
import { forget, fresh, onSession, refresh, session } from "../api/session";

export type LiveEvent = { [Name in keyof EventData]: Envelope & { type: Name; data: EventData[Name] } }[keyof EventData];
export type LiveState = {
  [Name in keyof StateValues]: { stream: string; key: string; version: number; value: StateValues[Name]; name: Name };
}[keyof StateValues];

export interface Connection {
  status: "connecting" | "live" | "offline" | "signed-out";
  /** When the connection was lost, ms; null while it stands. */
  since: number | null;
}

export interface Effects {
  event(event: LiveEvent): void;
  state(state: LiveState): void;
  /** The stream was cut: everything under it is to be read again. */
  reset(stream: string): void;
  revoked(stream: string): void;
}

interface Followed {
  users: number;
  seq: number | null;
  epoch: string | null;
  /** Counts the subscriptions of this stream, so that an answer that was overtaken is dropped. */
  turn: number;
}

type Ack = (Subscribed & { ok: true }) | { ok: false; problem: ProblemDocument };

/** One socket a tab. Streams are resumed by their offset after a reconnect: nothing is missed, nothing comes twice. */
export class Live {
  private socket: Socket | null = null;
  private readonly streams = new Map<string, Followed>();
  private readonly versions = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private stop: (() => void) | null = null;
  connection: Connection = { status: "connecting", since: null };

  constructor(private readonly effects: Effects) {}

  start(): void {
    if (this.socket) return;
    const socket = io("/live", {
      auth: (send) => {
        void fresh()
          .catch(() => null)
          .then((found) => send(found ? { token: found.token } : {}));
      },
      reconnectionDelayMax: 5000,
    });
    this.socket = socket;
    socket.on("connect", () => {
      this.set("live");
      this.versions.clear();
      for (const name of this.streams.keys()) void this.subscribe(name);
    });
    socket.on("disconnect", (reason) => {
      this.set("offline");
      if (reason === "io server disconnect" && session() !== null) setTimeout(() => socket.connect(), 1000);
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      this.set("offline");
      const code = error.data?.code;
      if (code === "token_revoked" || code === "token_missing") forget();
      else if (code !== undefined) {
        // A refused CONNECT is final for the client: try again with a new token.
        void refresh()
          .catch(() => null)
          .then(() => setTimeout(() => this.socket === socket && socket.connect(), 1000));
      }
    });
    socket.onAny((name: string, body: unknown) => this.receive(name, body));
    this.stop = onSession(() => {
      const found = session();
      if (found === null) this.end();
      else if (socket.connected) this.command("auth.refresh", { token: found.token });
    });
  }

  end(): void {
    this.stop?.();
    this.stop = null;
    this.socket?.removeAllListeners();
    this.socket?.disconnect();
    this.socket = null;
    this.set("signed-out");
  }

  /** Follows a stream from a position on, until the returned function is called. */
  follow(name: string, position: Position | null): () => void {
    const known = this.streams.get(name);
    if (known) {
      known.users += 1;
    } else {
      this.streams.set(name, { users: 1, seq: position?.seq ?? null, epoch: position?.epoch ?? null, turn: 0 });
      if (this.socket?.connected) void this.subscribe(name);
    }
    return () => {
      const found = this.streams.get(name);
      if (!found) return;
      found.users -= 1;
      // Kept for a moment: the next page often follows the same stream.
      setTimeout(() => {
        if (found.users > 0 || this.streams.get(name) !== found) return;
        this.streams.delete(name);
        this.command("unsubscribe", { stream: name });
      }, 3000);
    };
  }

  /** Whether the stream has delivered events that a view read at this position does not hold. */
  isAhead(name: string, position: Position | null): boolean {
    const found = this.streams.get(name);
    return found?.seq != null && position !== null && found.epoch === position.epoch && found.seq > position.seq;
  }

  onConnection(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async subscribe(name: string): Promise<void> {
    const found = this.streams.get(name);
    if (!found) return;
    const turn = ++found.turn;
    for (;;) {
      const body: Commands["subscribe"] = { stream: name };
      if (found.seq !== null) body.after = found.seq;
      if (found.seq !== null && found.epoch !== null) body.epoch = found.epoch;
      const answer = await this.ask("subscribe", body);
      if (answer === null || this.streams.get(name) !== found || found.turn !== turn) return;
      if (!answer.ok) {
        if (answer.problem.status === 429) {
          await new Promise((done) => setTimeout(done, 1000));
          continue;
        }
        this.streams.delete(name);
        this.effects.revoked(name);
        return;
      }
      if (answer.mode === "snapshot") this.effects.reset(name);
      found.epoch = answer.epoch;
      found.seq = answer.mode === "snapshot" ? answer.head : (found.seq ?? answer.head);
      for (const event of answer.events) this.apply(event as LiveEvent);
      if (!answer.more) return;
    }
  }

  private receive(name: string, body: unknown): void {
    if (name === "state") {
      const found = body as Omit<LiveState, "name">;
      const version = this.versions.get(found.key) ?? 0;
      if (found.version < version) return;
      this.versions.set(found.key, found.version);
      this.effects.state({ ...found, name: found.key.split(":")[0] } as LiveState);
    } else if (name === "stream.revoked") {
      const { stream } = body as Notices["stream.revoked"];
      this.streams.delete(stream);
      this.effects.revoked(stream);
    } else if (name === "stream.reset") {
      void this.subscribe((body as Notices["stream.reset"]).stream);
    } else if (name === "auth.expiring") {
      void refresh().catch(() => undefined);
    } else if (name === "auth.revoked") {
      forget();
    } else if (typeof body === "object" && body !== null && "seq" in body) {
      this.apply(body as LiveEvent);
    }
  }

  private apply(event: LiveEvent): void {
    const found = this.streams.get(event.stream);
    if (!found || (found.seq !== null && event.seq <= found.seq)) return;
    if (found.seq !== null && event.seq > found.seq + 1) {
      void this.subscribe(event.stream); // a hole: ask for what is missing
      return;
    }
    found.seq = event.seq;
    found.epoch = event.epoch;
    this.effects.event(event);
  }

  private ask<Name extends keyof Commands>(name: Name, body: Commands[Name]): Promise<Ack | null> {
    const socket = this.socket;
    if (!socket?.connected) return Promise.resolve(null);
    return new Promise((resolve) => {
      socket.timeout(10_000).emit(name, body, (error: Error | null, answer: Ack) => resolve(error ? null : answer));
    });
  }

  private command<Name extends keyof Commands>(name: Name, body: Commands[Name]): void {
    if (this.socket?.connected) this.socket.emit(name, body);
  }

  private set(status: Connection["status"]): void {
    if (status === this.connection.status) return;
    const since = status === "offline" ? (this.connection.since ?? Date.now()) : null;
    this.connection = { status, since };
    for (const listener of this.listeners) listener();
  }
}
