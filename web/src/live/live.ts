import { io, type Socket } from "socket.io-client";
import { get, type Position } from "../api/client";
import type { Commands, Envelope, EventData, Notices, StateValues, Subscribed } from "../api/live";
import { Problem } from "../api/problem";
import type { Problem as ProblemDocument } from "../api/rest";
import { forget, fresh, onSession, refresh, session } from "../api/session";

export type LiveEvent = { [Name in keyof EventData]: Envelope & { type: Name; data: EventData[Name] } }[keyof EventData];
export type LiveState = {
  [Name in keyof StateValues]: { stream: string; key: string; version: number; value: StateValues[Name]; name: Name };
}[keyof StateValues];

const SILENT_MS = 5000; // a short gap is resumed without a word
const POLL_MS = 10_000;
const PROBE_MS = 3000; // an answer that takes longer is none

export interface Connection {
  /**
   * `resuming`: lost a moment ago, which nobody is told yet. `delayed`: the socket is blocked, but the server answers, so
   * that what is shown is read again every ten seconds. `offline`: nothing answers.
   */
  status: "connecting" | "live" | "resuming" | "delayed" | "offline" | "signed-out";
  /** When the server was lost, ms; null while it can be reached. */
  since: number | null;
  /** When what is shown was last known to be true, ms; null while it is live, and before anything was. */
  shown: number | null;
}

export interface Effects {
  event(event: LiveEvent): void;
  state(state: LiveState): void;
  /** The stream was cut: everything under it is to be read again. */
  reset(stream: string): void;
  revoked(stream: string): void;
  /** Nothing is heard of the streams: all that is shown is to be read again. */
  poll(): Promise<void>;
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
  /** Set while the socket is not there. */
  private timer: ReturnType<typeof setTimeout> | null = null;
  private heard: number | null = null;
  connection: Connection = { status: "connecting", since: null, shown: null };

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
    this.lose();
    socket.io.on("ping", () => (this.heard = Date.now()));
    socket.on("connect", () => {
      this.rest();
      this.heard = Date.now();
      this.set("live", null, null);
      this.versions.clear();
      for (const name of this.streams.keys()) void this.subscribe(name);
    });
    socket.on("disconnect", (reason) => {
      this.lose();
      if (reason === "io server disconnect" && session() !== null) setTimeout(() => socket.connect(), 1000);
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      this.lose();
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
    const stop = onSession(() => {
      const found = session();
      if (found === null) this.end();
      else if (socket.connected) this.command("auth.refresh", { token: found.token });
    });
    const onVisibility = () => {
      // A tab that was hidden has not been read again: what it shows is looked after as soon as it is seen.
      if (!document.hidden && (this.connection.status === "delayed" || this.connection.status === "offline")) this.look();
    };
    document.addEventListener("visibilitychange", onVisibility);
    this.stop = () => {
      stop();
      document.removeEventListener("visibilitychange", onVisibility);
    };
  }

  end(): void {
    this.stop?.();
    this.stop = null;
    this.socket?.removeAllListeners();
    this.socket?.disconnect();
    this.socket = null;
    this.rest();
    this.heard = null;
    this.set("signed-out", null, null);
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
    this.heard = Date.now();
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

  /** The socket is lost, or not there yet. */
  private lose(): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => this.look(), SILENT_MS);
    this.set(this.connection.status === "live" ? "resuming" : "connecting", Date.now(), this.heard);
  }

  /** Without the socket: finds out now and then whether the server answers at all, and if so reads again. */
  private look(): void {
    this.rest();
    const timer = setTimeout(() => this.look(), POLL_MS);
    this.timer = timer;
    void this.poll(() => this.timer === timer);
  }

  private async poll(isNewest: () => boolean): Promise<void> {
    const { status, since, shown } = this.connection;
    if (document.hidden) {
      if (status !== "delayed") this.set("offline", since ?? Date.now(), shown);
      return;
    }
    const at = Date.now();
    const isThere = await answers();
    if (!isNewest()) return;
    if (!isThere) {
      this.set("offline", since ?? at, shown);
      return;
    }
    this.set("delayed", null, shown);
    await this.effects.poll();
    if (isNewest()) this.set("delayed", null, at);
  }

  private rest(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private set(status: Connection["status"], since: number | null, shown: number | null): void {
    this.connection = { status, since, shown };
    for (const listener of this.listeners) listener();
  }
}

/** Whether the server answers over REST, be it with a refusal. */
async function answers(): Promise<boolean> {
  const late = new Promise<false>((done) => setTimeout(() => done(false), PROBE_MS));
  const answer = get("/me").then(
    () => true,
    (error: unknown) => error instanceof Problem && error.status > 0 && error.status < 500,
  );
  return Promise.race([answer, late]);
}
