import { io, type Socket } from "socket.io-client";
import type { Commands, Subscribed } from "../api/live";
import type { Problem as ProblemDocument } from "../api/rest";

/** Opens the socket. `auth` is called for a token each time it connects. */
export type Connect = (auth: (send: (data: object) => void) => void) => Socket;

export const connectHere: Connect = (auth) => io("/live", { auth, reconnectionDelayMax: 5000 });

type Answer = (Subscribed & { ok: true }) | { ok: false; problem: ProblemDocument };

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

/** Whether a refusal means that the stream may not be followed. */
export function isFinal(problem: ProblemDocument): boolean {
  return problem.status === 403 || problem.status === 404;
}
