import type { Socket } from "socket.io-client";
import type { Position } from "../api/client";
import type { Commands, Notices, Subscribed } from "../api/live";
import { forget, fresh, onSession, refresh, session } from "../api/session";
import { Liveness, type Connection } from "./connection";
import type { Effects, LiveEvent, LiveState } from "./event";
import { followedFrom, rest, type Followed } from "./followed";
import { ask, connectHere, isFinal, tell, type Connect } from "./socket";
import { TIMING } from "./timing";

/**
 * One socket per tab. After a reconnect each stream continues from its position: nothing is missed, and nothing comes twice.
 *
 * Only 403 and 404 mean that a stream may not be followed. Every other refusal, or no answer at all, is temporary: the
 * stream keeps its position and is asked for again, and until it is back the page does not say that it is live.
 */
export class Live {
  private socket: Socket | null = null;
  private readonly streams = new Map<string, Followed>();
  private readonly versions = new Map<string, number>();
  private stop: (() => void) | null = null;
  private readonly liveness: Liveness;
  private refusals = 0;

  constructor(
    private readonly effects: Effects,
    private readonly connect: Connect = connectHere,
    private readonly timing: typeof TIMING = TIMING,
  ) {
    this.liveness = new Liveness(() => effects.poll(), timing);
  }

  get connection(): Connection {
    return this.liveness.connection;
  }

  onConnection(listener: () => void): () => void {
    return this.liveness.onConnection(listener);
  }

  start(): void {
    if (this.socket) return;
    const socket = this.connect((send) => {
      void fresh()
        .catch(() => null)
        .then((found) => send(found ? { token: found.token } : {}));
    });
    this.socket = socket;
    this.liveness.lose();
    socket.io.on("ping", () => this.liveness.hear());
    socket.on("connect", () => this.resume());
    socket.on("disconnect", (reason) => {
      this.liveness.lose();
      if (reason === "io server disconnect" && session() !== null) setTimeout(() => socket.connect(), 1000);
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      this.liveness.lose();
      const code = error.data?.code;
      if (code === "token_revoked") forget();
      else if (code !== undefined) {
        // The library does not repeat a refused CONNECT, so try again with a new token. A missing token does not mean
        // that the session has ended: it could not be refreshed at that moment.
        void refresh()
          .catch(() => null)
          .then(() => setTimeout(() => this.socket === socket && socket.connect(), this.delay(this.refusals++)));
      }
    });
    socket.onAny((name: string, body: unknown) => this.receive(name, body));
    const stop = onSession(() => {
      const found = session();
      if (found === null) this.end();
      else tell(socket, "auth.refresh", { token: found.token });
    });
    const onVisibility = () => {
      if (!document.hidden) this.liveness.show();
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
    this.liveness.end();
  }

  /** Follows a stream from a position on, until the caller calls the function that is returned. */
  follow(name: string, position: Position | null): () => void {
    const known = this.streams.get(name);
    if (known) {
      known.users += 1;
    } else {
      this.streams.set(name, followedFrom(position, !this.isConnected()));
      void this.subscribe(name);
    }
    return () => {
      const found = this.streams.get(name);
      if (!found) return;
      found.users -= 1;
      setTimeout(() => {
        if (found.users > 0 || this.streams.get(name) !== found) return;
        this.drop(name);
        if (!found.isRefused) tell(this.socket, "unsubscribe", { stream: name });
        this.settle();
      }, this.timing.kept);
    };
  }

  /** Whether the stream has delivered events that came after this position. */
  isAhead(name: string, position: Position | null): boolean {
    const found = this.streams.get(name);
    return found?.seq != null && position !== null && found.epoch === position.epoch && found.seq > position.seq;
  }

  /** The socket is connected, so every stream continues from its position. The page is live only when all of them do. */
  private resume(): void {
    this.refusals = 0;
    this.liveness.hear();
    this.versions.clear();
    for (const [name, found] of this.streams) {
      found.isBehind = !found.isRefused;
      void this.subscribe(name);
    }
    this.settle();
  }

  /** Asks for a stream from its position on, repeatedly, until the server accepts or refuses for good. */
  private async subscribe(name: string, failures = 0): Promise<void> {
    const found = this.streams.get(name);
    if (!found || found.isRefused || !this.isConnected()) return;
    rest(found);
    const turn = ++found.turn;
    found.isAsked = true;
    for (;;) {
      const body: Commands["subscribe"] = { stream: name };
      if (found.seq !== null) body.after = found.seq;
      if (found.seq !== null && found.epoch !== null) body.epoch = found.epoch;
      const answer = await ask(this.socket, body, this.timing.answer);
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
        // The wait for an answer was long enough, so say so at once.
        this.liveness.lose(answer === null ? 0 : undefined);
        if (this.isConnected()) found.again = setTimeout(() => void this.subscribe(name, failures + 1), this.delay(failures));
      }
      found.isAsked = false;
      this.settle();
      return;
    }
  }

  /** The person has new rights: ask again for the streams that were refused. */
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

  /** The page is live when the socket is connected and every stream in use is followed. */
  private settle(): void {
    if (!this.isConnected()) return;
    if ([...this.streams.values()].some((found) => found.isBehind)) {
      this.liveness.lose();
    } else {
      this.liveness.settle();
    }
  }

  /** A growing delay, spread at random so that a thousand dashboards do not ask again in the same moment. */
  private delay(failures: number): number {
    return Math.min(this.timing.againMost, this.timing.again * 2 ** failures) * (0.75 + Math.random() / 2);
  }

  /** A method rather than a property, because the answer may change across each `await`. */
  private isConnected(): boolean {
    return this.socket?.connected ?? false;
  }

  private drop(name: string): void {
    const found = this.streams.get(name);
    if (found) rest(found);
    this.streams.delete(name);
  }

  private receive(name: string, body: unknown): void {
    this.liveness.hear();
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
      // An event is missing: ask for it, once. The answer brings this event too.
      if (!found.isAsked && found.again === null) void this.subscribe(event.stream);
      return;
    }
    found.seq = event.seq;
    found.epoch = event.epoch;
    this.effects.event(event);
    if (event.type === "access.granted" || event.type === "access.changed") this.retry();
  }
}
