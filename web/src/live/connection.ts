import { get } from "../api/client";
import { Problem } from "../api/problem";
import type { TIMING } from "./timing";

export interface Connection {
  /**
   * `resuming`: lost a moment ago, and not shown yet. `delayed`: the socket is blocked but the server answers, so the
   * page is read again every ten seconds. `offline`: nothing answers.
   */
  status: "connecting" | "live" | "resuming" | "delayed" | "offline" | "signed-out";
  /** When the server was lost, ms; null while it can be reached. */
  since: number | null;
  /** When the page was last known to be up to date, ms; null while it is live, and before it ever was. */
  shown: number | null;
}

/**
 * Knows how fresh the page is. While the socket or a stream is lost, it asks now and then whether the server answers at
 * all, and if so has everything on the screen read again.
 */
export class Liveness {
  connection: Connection = { status: "connecting", since: null, shown: null };
  private readonly listeners = new Set<() => void>();
  /** Set while the socket is not connected or a stream is behind. */
  private timer: ReturnType<typeof setTimeout> | null = null;
  private heard: number | null = null;

  constructor(
    private readonly reread: () => Promise<void>,
    private readonly timing: typeof TIMING,
  ) {}

  onConnection(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The server said something: the page is up to date at this moment. */
  hear(): void {
    this.heard = Date.now();
  }

  /** Every stream in use is followed. */
  settle(): void {
    if (this.connection.status === "live") return;
    this.rest();
    this.set("live", null, null);
  }

  /** The socket or a stream is lost, or not connected yet. */
  lose(after_ms = this.timing.silent): void {
    if (this.timer !== null) return;
    this.timer = setTimeout(() => this.look(), after_ms);
    this.set(this.connection.status === "live" ? "resuming" : "connecting", Date.now(), this.heard);
  }

  /** The tab is visible again. Nothing was read while it was hidden, so it is read at once. */
  show(): void {
    if (this.connection.status === "delayed" || this.connection.status === "offline") this.look();
  }

  end(): void {
    this.rest();
    this.heard = null;
    this.set("signed-out", null, null);
  }

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
    await this.reread();
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

/** Whether the server answers over REST, even if it refuses. */
async function answers(probe_ms: number): Promise<boolean> {
  const late = new Promise<false>((done) => setTimeout(() => done(false), probe_ms));
  const answer = get("/me").then(
    () => true,
    (error: unknown) => error instanceof Problem && error.status > 0 && error.status < 500,
  );
  return Promise.race([answer, late]);
}
