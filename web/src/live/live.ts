import { io, type Socket } from "socket.io-client";
import { get, type Position } from "../api/client";
import type { Commands, Notices, Subscribed } from "../api/live";
import { Problem } from "../api/problem";
import type { Problem as ProblemDocument } from "../api/rest";
import { forget, fresh, onSession, refresh, session } from "../api/session";
import type { Effects, LiveEvent, LiveState } from "./event";

/** How long things take, in ms. */
export const TIMING = {
  silent: 5000, // a short gap is resumed without a word
  poll: 10_000,
  probe: 3000, // an answer that takes longer is none
  answer: 10_000, // for the answer to a command
  again: 1000, // before the first repetition; each further one waits twice as long
  againMost: 30_000,
  kept: 3000, // the next page often follows the same stream
};

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

interface Followed {
  users: number;
  seq: number | null;
  epoch: string | null;
  /** Counts the subscriptions of this stream, so that an answer that was overtaken is dropped. */
  turn: number;
  /** The server was asked for it and has not answered yet: what is missing comes with the answer. */
  isAsked: boolean;
  /** Nothing is heard of it although it is wanted: after a lost connection, or a refusal that is not final. */
  isBehind: boolean;
  /** Refused for good. The view that wanted it has been told, and is not asked to try again. */
  isRefused: boolean;
  again: ReturnType<typeof setTimeout> | null;
}

type Ack = (Subscribed & { ok: true }) | { ok: false; problem: ProblemDocument };

/** Opens the socket; `auth` is asked for the token at each connection. */
export type Connect = (auth: (send: (data: object) => void) => void) => Socket;

const connectHere: Connect = (auth) => io("/live", { auth, reconnectionDelayMax: 5000 });

/**
 * One socket a tab. Streams are resumed by their offset after a reconnect: nothing is missed, nothing comes twice.
 *
 * Only 403 and 404 mean that a stream may not be followed. Every other refusal, and no answer at all, is a moment's
 * trouble: the stream stays where it is and is asked for again, and meanwhile nothing is said to be live.
 */
export class Live {
  private socket: Socket | null = null;
  private readonly streams = new Map<string, Followed>();
  private readonly versions = new Map<string, number>();
  private readonly listeners = new Set<() => void>();
  private stop: (() => void) | null = null;
  /** Set while the socket is not there, or a stream is behind. */
  private timer: ReturnType<typeof setTimeout> | null = null;
  private heard: number | null = null;
  private refusals = 0;
  connection: Connection = { status: "connecting", since: null, shown: null };

  constructor(
    private readonly effects: Effects,
    private readonly connect: Connect = connectHere,
    private readonly timing: typeof TIMING = TIMING,
  ) {}

  start(): void {
    if (this.socket) return;
    const socket = this.connect((send) => {
      void fresh()
        .catch(() => null)
        .then((found) => send(found ? { token: found.token } : {}));
    });
    this.socket = socket;
    this.lose();
    socket.io.on("ping", () => (this.heard = Date.now()));
    socket.on("connect", () => this.resume());
    socket.on("disconnect", (reason) => {
      this.lose();
      if (reason === "io server disconnect" && session() !== null) setTimeout(() => socket.connect(), 1000);
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      this.lose();
      const code = error.data?.code;
      if (code === "token_revoked") forget();
      else if (code !== undefined) {
        // A refused CONNECT is final for the client: try again with a new token. A missing one is no sign that the
        // session has ended: there was none because it could not be refreshed at that moment.
        void refresh()
          .catch(() => null)
          .then(() => setTimeout(() => this.socket === socket && socket.connect(), this.delay(this.refusals++)));
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
    for (const found of this.streams.values()) rest(found);
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
      const found: Followed = {
        users: 1,
        seq: position?.seq ?? null,
        epoch: position?.epoch ?? null,
        turn: 0,
        isAsked: false,
        isBehind: !this.socket?.connected,
        isRefused: false,
        again: null,
      };
      this.streams.set(name, found);
      void this.subscribe(name);
    }
    return () => {
      const found = this.streams.get(name);
      if (!found) return;
      found.users -= 1;
      setTimeout(() => {
        if (found.users > 0 || this.streams.get(name) !== found) return;
        this.drop(name);
        if (!found.isRefused) this.command("unsubscribe", { stream: name });
        this.settle();
      }, this.timing.kept);
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

  /** The socket is there: every stream goes on from where it was, and until all do so nothing is said to be live. */
  private resume(): void {
    this.refusals = 0;
    this.heard = Date.now();
    this.versions.clear();
    for (const [name, found] of this.streams) {
      found.isBehind = !found.isRefused;
      void this.subscribe(name);
    }
    this.settle();
  }

  /** Asks for a stream from its position on; again and again, until that is answered or refused for good. */
  private async subscribe(name: string, failures = 0): Promise<void> {
    const found = this.streams.get(name);
    if (!found || found.isRefused || !this.socket?.connected) return;
    rest(found);
    const turn = ++found.turn;
    found.isAsked = true;
    for (;;) {
      const body: Commands["subscribe"] = { stream: name };
      if (found.seq !== null) body.after = found.seq;
      if (found.seq !== null && found.epoch !== null) body.epoch = found.epoch;
      const answer = await this.ask("subscribe", body);
      if (this.streams.get(name) !== found || found.turn !== turn) return;
      if (answer?.ok) {
        failures = 0;
        this.advance(name, found, answer);
        if (answer.more) continue;
        found.isBehind = false;
      } else if (answer && isFinal(answer.problem)) {
        found.isRefused = true;
        found.isBehind = false;
        this.effects.revoked(name);
      } else {
        found.isBehind = true;
        // Without an answer there has been silence enough.
        this.lose(answer === null ? 0 : undefined);
        if (this.socket?.connected) found.again = setTimeout(() => void this.subscribe(name, failures + 1), this.delay(failures));
      }
      found.isAsked = false;
      this.settle();
      return;
    }
  }

  /** Some right has come: what was refused is asked for again. */
  private retry(): void {
    for (const [name, found] of this.streams) {
      if (!found.isRefused) continue;
      found.isRefused = false;
      void this.subscribe(name);
    }
  }

  private advance(name: string, found: Followed, answer: Subscribed): void {
    if (answer.mode === "snapshot") this.effects.reset(name);
    found.epoch = answer.epoch;
    found.seq = answer.mode === "snapshot" ? answer.head : (found.seq ?? answer.head);
    for (const event of answer.events) this.apply(event as LiveEvent);
  }

  /** Live is what is followed by a socket that is there, in every stream that somebody looks at. */
  private settle(): void {
    if (!this.socket?.connected) return;
    if ([...this.streams.values()].some((found) => found.isBehind)) {
      this.lose();
    } else if (this.connection.status !== "live") {
      this.rest();
      this.set("live", null, null);
    }
  }

  /** Growing, and spread, so that a thousand dashboards do not ask again in the same moment. */
  private delay(failures: number): number {
    return Math.min(this.timing.againMost, this.timing.again * 2 ** failures) * (0.75 + Math.random() / 2);
  }

  private drop(name: string): void {
    const found = this.streams.get(name);
    if (found) rest(found);
    this.streams.delete(name);
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
      const found = this.streams.get(stream);
      if (found) {
        rest(found);
        found.turn += 1;
        Object.assign(found, { isRefused: true, isBehind: false, isAsked: false });
      }
      this.effects.revoked(stream);
      this.settle();
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
    if (!found || found.isRefused || (found.seq !== null && event.seq <= found.seq)) return;
    if (found.seq !== null && event.seq > found.seq + 1) {
      // A hole: ask for what is missing, once; the answer brings this event too.
      if (!found.isAsked && found.again === null) void this.subscribe(event.stream);
      return;
    }
    found.seq = event.seq;
    found.epoch = event.epoch;
    this.effects.event(event);
    if (event.type === "access.granted" || event.type === "access.changed") this.retry();
  }

  private ask<Name extends keyof Commands>(name: Name, body: Commands[Name]): Promise<Ack | null> {
    const socket = this.socket;
    if (!socket?.connected) return Promise.resolve(null);
    return new Promise((resolve) => {
      socket.timeout(this.timing.answer).emit(name, body, (error: Error | null, answer: Ack) => resolve(error ? null : answer));
    });
  }

  private command<Name extends keyof Commands>(name: Name, body: Commands[Name]): void {
    if (this.socket?.connected) this.socket.emit(name, body);
  }

  /** The socket or a stream is lost, or not there yet. */
  private lose(after_ms = this.timing.silent): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => this.look(), after_ms);
    this.set(this.connection.status === "live" ? "resuming" : "connecting", Date.now(), this.heard);
  }

  /** Without the socket: finds out now and then whether the server answers at all, and if so reads again. */
  private look(): void {
    this.rest();
    const timer = setTimeout(() => this.look(), this.timing.poll);
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
    const isThere = await answers(this.timing.probe);
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

/** Whether a refusal means that the stream may not be followed. */
function isFinal(problem: ProblemDocument): boolean {
  return problem.status === 403 || problem.status === 404;
}

function rest(found: Followed): void {
  if (found.again !== null) clearTimeout(found.again);
  found.again = null;
}

/** Whether the server answers over REST, be it with a refusal. */
async function answers(probe_ms: number): Promise<boolean> {
  const late = new Promise<false>((done) => setTimeout(() => done(false), probe_ms));
  const answer = get("/me").then(
    () => true,
    (error: unknown) => error instanceof Problem && error.status > 0 && error.status < 500,
  );
  return Promise.race([answer, late]);
}
