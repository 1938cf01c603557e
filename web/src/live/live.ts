import type { Socket } from "socket.io-client";
import type { Position } from "../api/client";
import type { Notices } from "../api/live";
import { expirePassword, forget, fresh, onSession, refresh, session } from "../api/session";
import { Liveness, type Connection } from "./connection";
import { afterClosing, Cursor, type Action } from "./cursor";
import type { Doing, Effects, LiveEvent, LiveState } from "./event";
import { followedFrom, rest, type Followed } from "./followed";
import { ask, bodyFrom, connectHere, tell, type Connect } from "./socket";
import { TIMING } from "./timing";

/**
 * One socket per tab. After a reconnect each stream continues from its position: nothing is missed, and nothing comes twice.
 *
 * Cursors say what to do with each stream. A refusal that is not final, or no answer at all, is temporary: the stream
 * keeps its position and is asked for again, and until it is back the page does not say that it is live.
 */
export class Live {
  private socket: Socket | null = null;
  private readonly streams = new Map<string, Followed>();
  private readonly versions = new Map<string, number>();
  /** What this tab says about itself on the streams that it is here on. */
  private readonly said = new Map<string, Doing>();
  private stop: (() => void) | null = null;
  private readonly liveness: Liveness;
  private refusals = 0;
  /** The code with which the server closes the socket, once it has said so. */
  private closing: string | null = null;
  /** The server has pushed this tab out or wants a new password first. The tab comes back when it is shown or has one. */
  private isResting = false;

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
    const usual = socket.io.reconnectionDelay();
    socket.on("server.draining", ({ reconnect_in_ms }: Notices["server.draining"]) => socket.io.reconnectionDelay(reconnect_in_ms));
    socket.on("connect", () => {
      socket.io.reconnectionDelay(usual);
      this.resume();
    });
    socket.on("disconnect", (reason) => {
      this.liveness.lose();
      for (const found of this.streams.values()) found.cursor.lost();
      if (reason === "io server disconnect" && session() !== null) this.comeBack(socket, this.closing);
    });
    socket.on("connect_error", (error: Error & { data?: { code?: string } }) => {
      this.liveness.lose();
      // The library repeats everything except a refused CONNECT.
      if (error.data?.code !== undefined) this.comeBack(socket, error.data.code);
    });
    socket.onAny((name: string, body: unknown) => this.receive(name, body));
    const stop = onSession(() => {
      const found = session();
      if (found === null) this.end();
      else tell(socket, "auth.refresh", { token: found.token });
      this.wake();
    });
    const onVisibility = () => {
      for (const name of this.said.keys()) this.tellPresence(name);
      if (document.hidden) return;
      this.liveness.show();
      this.wake();
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
    this.isResting = false;
    for (const found of this.streams.values()) {
      rest(found);
      found.cursor.lost();
    }
    this.liveness.end();
  }

  /** Follows a stream from a position on, until the caller calls the function that is returned. */
  follow(name: string, position: Position | null): () => void {
    const known = this.streams.get(name);
    if (known) {
      known.users += 1;
    } else {
      const found = followedFrom(position, !this.isConnected());
      this.streams.set(name, found);
      if (this.isConnected()) this.perform(name, found, found.cursor.connected());
    }
    return () => {
      const found = this.streams.get(name);
      if (!found) return;
      found.users -= 1;
      setTimeout(() => {
        if (found.users > 0 || this.streams.get(name) !== found) return;
        this.drop(name);
        if (found.cursor.phase !== "ended") tell(this.socket, "unsubscribe", { stream: name });
        this.settle();
      }, this.timing.kept);
    };
  }

  /** Says on a stream that this person is here and what they do, until the caller calls the function that is returned. */
  say(name: string, doing: Doing): () => void {
    this.said.set(name, doing);
    this.tellPresence(name);
    return () => {
      if (this.said.get(name) === doing) this.said.delete(name);
    };
  }

  /** Whether the stream has delivered events that came after this position. */
  isAhead(name: string, position: Position | null): boolean {
    const at = this.streams.get(name)?.cursor.position ?? null;
    return at !== null && position !== null && at.epoch === position.epoch && at.seq > position.seq;
  }

  /** The socket is connected, so every stream continues from its position. The page is live only when all of them do. */
  private resume(): void {
    this.refusals = 0;
    this.closing = null;
    this.liveness.hear();
    this.versions.clear();
    for (const [name, found] of this.streams) {
      found.isBehind = found.cursor.phase !== "ended";
      this.perform(name, found, found.cursor.connected());
    }
    this.settle();
  }

  /** The server has refused or closed the socket, which the library takes as final. */
  private comeBack(socket: Socket, code: string | null): void {
    const next = afterClosing(code);
    if (next === "end") {
      if (code === "token_revoked" || code === "token_invalid") forget();
      else this.isResting = true;
      if (code === "password_expired") expirePassword();
      return;
    }
    // A missing token does not mean that the session has ended: it could not be refreshed at that moment.
    const renewed = next === "refresh" ? refresh().catch(() => null) : Promise.resolve(null);
    void renewed.then(() => setTimeout(() => this.socket === socket && socket.connect(), this.delay(this.refusals++)));
  }

  private wake(): void {
    if (!this.isResting) return;
    this.isResting = false;
    this.socket?.connect();
  }

  /** Does what a stream's cursor asks for. `isSilent` is true if the server has not answered in time. */
  private perform(name: string, found: Followed, actions: Action[], isSilent = false): void {
    for (const action of actions) {
      if (action.do === "subscribe") {
        rest(found);
        void this.subscribe(name, found, action);
      } else if (action.do === "deliver") {
        this.effects.event(action.event);
        if (action.event.type === "access.granted" || action.event.type === "access.changed") this.retry();
      } else if (action.do === "replace") {
        this.effects.reset(name);
      } else if (action.do === "wait") {
        found.isBehind = true;
        // The wait for an answer was long enough, so say so at once.
        this.liveness.lose(isSilent ? 0 : undefined);
        found.again = setTimeout(() => this.perform(name, found, found.cursor.again()), this.delay(action.failures - 1));
      } else {
        rest(found);
        found.isBehind = false;
        this.effects.revoked(name);
      }
    }
  }

  private async subscribe(name: string, found: Followed, asked: Action & { do: "subscribe" }): Promise<void> {
    const answer = await ask(this.socket, bodyFrom(name, asked.position), this.timing.answer);
    if (this.streams.get(name) !== found) return;
    this.perform(name, found, found.cursor.answered(asked.turn, answer), answer === null);
    if (found.cursor.phase === "live") {
      found.isBehind = false;
      this.tellPresence(name);
    }
    if (found.cursor.phase !== "asked") this.settle();
  }

  /** The person has new rights: ask again for the streams that were refused. */
  private retry(): void {
    for (const [name, found] of this.streams) {
      if (found.cursor.phase !== "ended") continue;
      found.cursor = new Cursor(found.cursor.position);
      if (this.isConnected()) this.perform(name, found, found.cursor.connected());
    }
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

  /** Only those who follow a stream can be on it. */
  private tellPresence(name: string): void {
    const state = this.said.get(name);
    if (state === undefined || this.streams.get(name)?.cursor.phase !== "live") return;
    tell(this.socket, "presence.set", { stream: name, state, visible: !document.hidden });
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
    } else if (name === "presence") {
      this.effects.presence(body as Notices["presence"]);
    } else if (name === "stream.revoked") {
      const { stream } = body as Notices["stream.revoked"];
      const found = this.streams.get(stream);
      if (found) this.perform(stream, found, found.cursor.revoked());
      else this.effects.revoked(stream);
      this.settle();
    } else if (name === "stream.reset") {
      const { stream } = body as Notices["stream.reset"];
      const found = this.streams.get(stream);
      if (found) this.perform(stream, found, found.cursor.reset());
    } else if (name === "closing") {
      this.closing = (body as Notices["closing"]).code;
    } else if (name === "auth.expiring") {
      void refresh().catch(() => undefined);
    } else if (name === "auth.revoked") {
      forget();
    } else if (typeof body === "object" && body !== null && "seq" in body) {
      const event = body as LiveEvent;
      const found = this.streams.get(event.stream);
      if (found) this.perform(event.stream, found, found.cursor.event(event));
    }
  }
}
