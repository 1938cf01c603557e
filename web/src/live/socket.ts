import { io, type Socket } from "socket.io-client";
import type { Position } from "../api/client";
import type { Commands } from "../api/live";
import type { Answer } from "./cursor";

/** Opens the socket. `auth` is called for a token each time it connects. */
export type Connect = (auth: (send: (data: object) => void) => void) => Socket;

export const connectHere: Connect = (auth) => io("/live", { auth, reconnectionDelayMax: 5000, transports: ["websocket"] });

/** The body of a `subscribe` from a position, or from now on. */
export function bodyFrom(stream: string, position: Position | null): Commands["subscribe"] {
  return position === null ? { stream } : { stream, after: position.seq, epoch: position.epoch };
}

/** Asks for a stream. The result is null if no answer comes in time, or the socket is not connected. */
export function ask(socket: Socket | null, body: Commands["subscribe"], within_ms: number): Promise<Answer | null> {
  if (!socket?.connected) return Promise.resolve(null);
  return new Promise((resolve) => {
    socket.timeout(within_ms).emit("subscribe", body, (error: Error | null, answer: Answer) => resolve(error ? null : answer));
  });
}

/** Sends a command whose answer does not matter. */
export function tell<Name extends keyof Commands>(socket: Socket | null, name: Name, body: Commands[Name]): void {
  if (socket?.connected) socket.emit(name, body);
}
