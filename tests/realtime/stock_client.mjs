// The standard JavaScript client: connects, follows a stream, and prints one JSON line for everything that happens.
// Usage: node stock_client.mjs PACKAGE_JSON URL TOKEN STREAM [websocket]
import { createRequire } from "node:module";

const [manifest, url, token, stream, only] = process.argv.slice(2);
const { io } = createRequire(manifest)(".");
const say = (what, data) => console.log(JSON.stringify({ what, data }));
const place = {};

const socket = io(`${url}/live`, { auth: { token }, ...(only ? { transports: [only] } : {}) });
socket.io.on("open", () => {
  say("open", socket.io.engine.transport.name);
  socket.io.engine.on("upgrade", (transport) => say("upgrade", transport.name));
});
socket.on("connect", () => {
  say("connect", socket.io.engine.transport.name);
  socket.emit("subscribe", { stream, ...place }, (answer) => {
    say("answer", answer);
    if (!answer.ok) return;
    place.epoch = answer.epoch;
    place.after = answer.events.at(-1)?.seq ?? place.after ?? answer.head;
  });
});
socket.on("connect_error", (error) => say("refused", { message: error.message, data: error.data ?? null }));
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.onAny((name, data) => {
  if (data.seq !== undefined) place.after = data.seq;
  say("event", { name, ...data });
});
process.stdin.on("end", () => process.exit(0)).resume();
