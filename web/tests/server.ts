import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type Socket } from "socket.io";
import { io } from "socket.io-client";
import type { Connect } from "../src/live/socket";

export interface Asked {
  stream: string;
  after?: number;
  epoch?: string;
}
export type Acknowledge = (answer: unknown) => void;

/** A real Socket.IO server on a port. The test decides its answers to `subscribe`; over REST it answers anything. */
export class Peer {
  readonly asked: Asked[] = [];
  /** What sockets have said with `presence.set`. */
  readonly said: { stream: string; state: unknown; visible: boolean }[] = [];
  answer: (asked: Asked, acknowledge: Acknowledge) => void = (asked, acknowledge) => acknowledge(live(asked));
  isRestThere = true;
  /** The code with which it refuses a connection. */
  refusal: string | null = null;
  connections = 0;
  private readonly sockets = new Set<Socket>();
  private constructor(
    private readonly http: HttpServer,
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Peer> {
    const http = createServer((_, response) => {
      response.writeHead(peer.isRestThere ? 200 : 503, { "Content-Type": "application/json" });
      response.end(JSON.stringify(peer.isRestThere ? {} : { status: 503, code: "unavailable", title: "", detail: "" }));
    });
    const server = new Server(http, { serveClient: false });
    await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
    const peer = new Peer(http, server, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
    const door = server.of("/live");
    door.use((_, next) => {
      peer.connections += 1;
      if (peer.refusal === null) next();
      else next(Object.assign(new Error("unauthorized"), { data: { code: peer.refusal } }));
    });
    door.on("connection", (socket) => {
      peer.sockets.add(socket);
      socket.on("disconnect", () => peer.sockets.delete(socket));
      socket.on("subscribe", (asked: Asked, acknowledge: Acknowledge) => {
        peer.asked.push(asked);
        peer.answer(asked, acknowledge);
      });
      socket.on("presence.set", (said: Peer["said"][number]) => peer.said.push(said));
    });
    return peer;
  }

  readonly connect: Connect = (auth) =>
    io(`${this.url}/live`, { auth, reconnectionDelay: 20, reconnectionDelayMax: 40, transports: ["websocket"], forceNew: true });

  emit(name: string, body: unknown): void {
    for (const socket of this.sockets) socket.emit(name, body);
  }

  /** Silently cuts every connection, as a network does. */
  cut(): void {
    for (const socket of this.sockets) socket.conn.close();
  }

  /** Closes every connection as the server does, and says why. */
  close(code: string): void {
    this.emit("closing", { code, reconnect: false });
    for (const socket of this.sockets) socket.disconnect();
  }

  async stop(): Promise<void> {
    await this.server.close();
    this.http.closeAllConnections();
  }
}

export const EPOCH = "e1";

export function live(asked: Asked, head = asked.after ?? 0): object {
  return { ok: true, stream: asked.stream, epoch: EPOCH, head, mode: "live", events: [] };
}

export function replay(asked: Asked, events: { seq: number }[], more = false): object {
  const head = events[events.length - 1]?.seq ?? asked.after ?? 0;
  return { ok: true, stream: asked.stream, epoch: EPOCH, head, mode: "replay", events, ...(more ? { more } : {}) };
}

export function refused(status: number, code: string): object {
  return { ok: false, problem: { status, code, title: code, detail: code } };
}

export function event(stream: string, seq: number, type = "project.updated", data: object = {}) {
  return {
    stream,
    seq,
    epoch: EPOCH,
    id: `${stream}/${seq}`,
    type,
    at: "2026-03-01T00:00:00Z",
    actor: { type: "user", id: null },
    request_id: null,
    data,
  };
}
