import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { adopt, forget } from "../../src/api/session";
import type { Notices } from "../../src/api/live";
import type { SignedIn } from "../../src/api/rest";
import type { Effects, LiveEvent, LiveState } from "../../src/live/event";
import { Live } from "../../src/live/live";
import { TIMING } from "../../src/live/timing";
import { EPOCH, event, live, Peer, refused, replay } from "../server";

const PROJECT = "project:1";
const FAST: typeof TIMING = { silent: 1000, poll: 100, probe: 2000, answer: 2000, again: 60, againMost: 200, kept: 50 };
const AT = { seq: 5, epoch: EPOCH };

class Seen implements Effects {
  readonly events: number[] = [];
  readonly resets: string[] = [];
  readonly revocations: string[] = [];
  readonly states: LiveState[] = [];
  readonly here: string[][] = [];
  polls = 0;
  event(found: LiveEvent): void {
    this.events.push(found.seq);
  }
  state(found: LiveState): void {
    this.states.push(found);
  }
  presence(found: Notices["presence"]): void {
    this.here.push(found.users.map((user) => user.user_id));
  }
  reset(stream: string): void {
    this.resets.push(stream);
  }
  revoked(stream: string): void {
    this.revocations.push(stream);
  }
  poll(): Promise<void> {
    this.polls += 1;
    return Promise.resolve();
  }
}

const until = (what: () => boolean) => vi.waitFor(() => expect(what()).toBe(true), { timeout: 15_000, interval: 5 });
const fetchReally = globalThis.fetch;
let peer: Peer;
let seen: Seen;
let client: Live;
let words: string[];

function show(isShown: boolean): void {
  Object.assign(document, { hidden: !isShown });
  document.dispatchEvent(new Event("visibilitychange"));
}

beforeEach(async () => {
  peer = await Peer.start();
  globalThis.fetch = ((path: string, options?: RequestInit) => fetchReally(new URL(path, peer.url), options)) as typeof fetch;
  adopt({ access_token: "a", expires_in: 3600, user: { id: "u", password_expires_at: null } } as unknown as SignedIn);
  seen = new Seen();
  words = [];
  client = new Live(seen, peer.connect, FAST);
  client.onConnection(() => words.push(client.connection.status));
});

afterEach(async () => {
  client.end();
  forget();
  globalThis.fetch = fetchReally;
  await peer.stop();
});

async function follow(): Promise<() => void> {
  client.start();
  const release = client.follow(PROJECT, AT);
  await until(() => client.connection.status === "live" && peer.asked.length > 0);
  return release;
}

test("it comes back after the pause that a server which stops has asked for, and later after the usual one", async () => {
  client = new Live(
    seen,
    (auth) => {
      const socket = peer.connect(auth);
      socket.io.reconnectionDelayMax(5000);
      return socket;
    },
    FAST,
  );
  await follow();
  const pause = async () => {
    await new Promise((done) => setTimeout(done, 50));
    const [before, began] = [peer.connections, performance.now()];
    peer.cut();
    await until(() => peer.connections > before);
    return performance.now() - began;
  };

  peer.emit("server.draining", { reconnect_in_ms: 600 });
  const asked = await pause();
  const usual = await pause();

  expect(asked).toBeGreaterThan(280); // a half of it at least, as the library spreads it
  expect(usual).toBeLessThan(asked);
});

describe("a refusal", () => {
  test.each([
    [403, "forbidden"],
    [404, "not_found"],
  ])("with %i is final: the data is dropped, and the stream is not asked for again", async (status, code) => {
    peer.answer = (_, acknowledge) => acknowledge(refused(status, code));

    client.start();
    client.follow(PROJECT, AT);
    await until(() => seen.revocations.length > 0);
    client.follow(PROJECT, AT); // the view could be read over REST, so it wants the stream again
    await new Promise((done) => setTimeout(done, 4 * FAST.againMost));

    expect(seen.revocations).toEqual([PROJECT]);
    expect(peer.asked).toHaveLength(1);
  });

  test.each([
    [503, "unavailable"],
    [500, "internal"],
    [429, "rate_limited"],
    [409, "too_many_subscriptions"],
    [401, "token_expired"],
  ])("with %i revokes nothing: the stream is asked for again until it is there", async (status, code) => {
    peer.answer = (asked, acknowledge) => acknowledge(peer.asked.length < 4 ? refused(status, code) : replay(asked, [event(PROJECT, 6)]));

    await follow();
    await until(() => seen.events.length > 0);

    expect(seen.revocations).toEqual([]);
    expect(seen.events).toEqual([6]);
    expect(peer.asked.map((asked) => asked.after)).toEqual([5, 5, 5, 5]);
  });

  test("that never arrives counts as one that is not final", async () => {
    peer.answer = (asked, acknowledge) => peer.asked.length > 1 && acknowledge(live(asked));

    await follow();
    await until(() => peer.asked.length === 2 && client.connection.status === "live");

    expect(seen.revocations).toEqual([]);
  });

  test("is repeated after growing delays", async () => {
    const at: number[] = [];
    peer.answer = (_, acknowledge) => {
      at.push(performance.now());
      acknowledge(refused(503, "unavailable"));
    };

    client.start();
    client.follow(PROJECT, AT);
    await until(() => at.length >= 4);

    const gaps = at.slice(1).map((time, index) => time - (at[index] ?? 0));
    expect(gaps[0]).toBeGreaterThanOrEqual(FAST.again * 0.75 - 5);
    expect(gaps[2]).toBeGreaterThanOrEqual(FAST.againMost * 0.75 - 5);
  });

  test("that lasts is shown, and what is on the screen is read again meanwhile; then the page is live", async () => {
    let isTrouble = false;
    peer.answer = (asked, acknowledge) => acknowledge(isTrouble ? refused(503, "unavailable") : live(asked));
    await follow();

    isTrouble = true;
    peer.emit("stream.reset", { stream: PROJECT, reason: "behind" });
    await until(() => client.connection.status === "delayed");
    await until(() => seen.polls > 0);
    expect(words).not.toContain("offline");
    isTrouble = false;

    await until(() => client.connection.status === "live");
    expect(seen.revocations).toEqual([]);
  });

  test("of a stream that nobody looks at any more does not keep the page from being live", async () => {
    peer.answer = (asked, acknowledge) => acknowledge(asked.stream === PROJECT ? refused(503, "unavailable") : live(asked));
    client.start();
    const release = client.follow(PROJECT, AT);
    client.follow("user:u", null);
    await until(() => client.connection.status === "delayed");

    release();

    await until(() => client.connection.status === "live");
  });

  test("by a connection without a token does not end the session", async () => {
    peer.refusal = "token_missing";
    client.start();
    await until(() => peer.connections > 1);
    peer.refusal = null;

    await until(() => client.connection.status === "live");
    expect(words).not.toContain("signed-out");
  });

  test("by a revoked token does", async () => {
    peer.refusal = "token_revoked";

    client.start();

    await until(() => client.connection.status === "signed-out");
  });
});

describe("a revocation", () => {
  test("ends the stream, and whatever still arrives from it is ignored", async () => {
    await follow();

    peer.emit("stream.revoked", { stream: PROJECT });
    peer.emit("project.updated", event(PROJECT, 6));
    await until(() => seen.revocations.length > 0);
    await new Promise((done) => setTimeout(done, 50));

    expect(seen.events).toEqual([]);
    expect(client.connection.status).toBe("live");
  });

  test("is undone by a new grant, from the position that was reached", async () => {
    await follow();
    client.follow("user:u", { seq: 0, epoch: EPOCH });
    await until(() => peer.asked.length === 2);
    peer.emit("stream.revoked", { stream: PROJECT });
    await until(() => seen.revocations.length > 0);

    peer.emit("access.granted", event("user:u", 1, "access.granted", { streams: [PROJECT], role: "viewer" }));

    await until(() => peer.asked.length === 3);
    expect(peer.asked[2]).toEqual({ stream: PROJECT, after: 5, epoch: EPOCH });
  });
});

describe("a gap", () => {
  test("is asked for only once, however many events come after it, and nothing comes twice", async () => {
    await follow();
    peer.answer = (asked, acknowledge) =>
      setTimeout(
        () =>
          acknowledge(
            replay(
              asked,
              [6, 7, 8, 9].map((seq) => event(PROJECT, seq)),
            ),
          ),
        50,
      );

    for (const seq of [7, 8, 9]) peer.emit("project.updated", event(PROJECT, seq));
    await until(() => seen.events.length > 0);
    peer.emit("project.updated", event(PROJECT, 9));
    peer.emit("project.updated", event(PROJECT, 10));
    await until(() => seen.events.includes(10));

    expect(seen.events).toEqual([6, 7, 8, 9, 10]);
    expect(peer.asked.slice(1)).toEqual([{ stream: PROJECT, after: 5, epoch: EPOCH }]);
  });

  test("longer than a page is read page by page", async () => {
    peer.answer = (asked, acknowledge) => {
      const from = (asked.after ?? 0) + 1;
      acknowledge(replay(asked, [event(PROJECT, from), event(PROJECT, from + 1)], from < 9));
    };

    await follow();
    await until(() => seen.events.length === 6);

    expect(seen.events).toEqual([6, 7, 8, 9, 10, 11]);
    expect(peer.asked.map((asked) => asked.after)).toEqual([5, 7, 9]);
  });

  test("larger than what is kept resets the stream and continues from its head", async () => {
    peer.answer = (asked, acknowledge) => acknowledge({ ...live(asked), mode: "snapshot", epoch: "e2", head: 40, state: {} });

    await follow();
    await until(() => seen.resets.length > 0);
    peer.emit("project.updated", { ...event(PROJECT, 41), epoch: "e2" });
    await until(() => seen.events.length > 0);

    expect(seen.resets).toEqual([PROJECT]);
    expect(seen.events).toEqual([41]);
  });
});

describe("after a lost connection", () => {
  test("every stream continues from where it was", async () => {
    await follow();
    peer.emit("project.updated", event(PROJECT, 6));
    await until(() => seen.events.length === 1);
    peer.answer = (asked, acknowledge) => acknowledge(replay(asked, [event(PROJECT, 7)]));

    peer.cut();
    await until(() => seen.events.length === 2);

    expect(seen.events).toEqual([6, 7]);
    expect(peer.asked[1]).toEqual({ stream: PROJECT, after: 6, epoch: EPOCH });
    await until(() => client.connection.status === "live");
  });

  test("nothing is called live before the streams are", async () => {
    await follow();
    let acknowledgeLater: () => void = () => undefined;
    peer.answer = (asked, acknowledge) => (acknowledgeLater = () => acknowledge(live(asked)));

    peer.cut();
    await until(() => peer.asked.length === 2);
    expect(words.at(-1)).toBe("resuming"); // "live" may have been said once more before the connection was lost
    acknowledgeLater();

    await until(() => client.connection.status === "live");
  });

  test("the page says that the server is gone, and then that it is back", async () => {
    await follow();
    peer.isRestThere = false;
    peer.refusal = "unavailable";

    peer.cut();
    await until(() => client.connection.status === "offline");
    peer.isRestThere = true;
    await until(() => client.connection.status === "delayed");
    peer.refusal = null;

    await until(() => client.connection.status === "live");
  });
});

describe("a socket that the server closes", () => {
  test("because there are too many does not push another tab out, and comes back when its tab is shown", async () => {
    await follow();

    peer.close("too_many_connections");
    await until(() => client.connection.status === "delayed");
    await new Promise((done) => setTimeout(done, 500)); // a client that came back by itself would have done so by now
    expect(peer.connections).toBe(1);
    show(true);

    await until(() => client.connection.status === "live");
    expect(peer.connections).toBe(2);
  });

  test("because its token has ended comes back with another one", async () => {
    await follow();

    peer.close("token_expired");

    await until(() => peer.connections === 2 && client.connection.status === "live");
    expect(words).not.toContain("signed-out");
  });
});

describe("a hidden tab", () => {
  afterEach(() => show(true));

  test("reads nothing while the connection is lost, and catches up as soon as it is visible", async () => {
    await follow();
    show(false);
    peer.refusal = "unavailable";

    peer.cut();
    await until(() => client.connection.status === "offline");
    await new Promise((done) => setTimeout(done, 3 * FAST.poll));
    expect(seen.polls).toBe(0);
    show(true);

    await until(() => seen.polls > 0 && client.connection.status === "delayed");
  });
});

test("the page knows when the server was last heard from", async () => {
  await follow();
  const before = Date.now();
  peer.emit("project.updated", event(PROJECT, 6));
  await until(() => seen.events.length === 1);
  peer.isRestThere = false;
  peer.refusal = "unavailable";
  const after = Date.now();

  peer.cut();
  await until(() => client.connection.status === "offline");

  expect(client.connection.shown).toBeGreaterThanOrEqual(before);
  expect(client.connection.shown).toBeLessThanOrEqual(after);
  expect(client.connection.since).toBeGreaterThanOrEqual(after);
});

test("only a newer version of a state counts", async () => {
  await follow();

  for (const version of [3, 2, 4]) peer.emit("state", { stream: PROJECT, key: "job.progress:9", version, value: { job_id: "9" } });
  await until(() => seen.states.length === 2);

  expect(seen.states.map((state) => state.version)).toEqual([3, 4]);
});

describe("who is here", () => {
  const said = (match: string, visible = true) => ({ stream: PROJECT, state: { match }, visible });

  test("is said once the stream is followed, again on each new socket, and when the tab is hidden or shown", async () => {
    const done = client.say(PROJECT, { match: "m1" });
    await follow();
    await until(() => peer.said.length === 1);
    peer.cut();
    await until(() => peer.said.length === 2);
    show(false);
    await until(() => peer.said.length === 3);
    show(true);
    await until(() => peer.said.length === 4);
    client.say(PROJECT, { match: "m2" });
    await until(() => peer.said.length === 5);
    done(); // the view before; what was said since stays
    peer.cut();
    await until(() => peer.said.length === 6);

    expect(peer.said).toEqual([said("m1"), said("m1"), said("m1", false), said("m1"), said("m2"), said("m2")]);
  });

  test("is heard", async () => {
    await follow();

    peer.emit("presence", { stream: PROJECT, users: [{ user_id: "x", state: null, visible: true }], total: 1, joined: ["x"], left: [] });
    await until(() => seen.here.length === 1);

    expect(seen.here).toEqual([["x"]]);
  });
});
