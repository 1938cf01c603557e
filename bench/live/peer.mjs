// The peer: Socket.IO on Node, without compression. POST /emit sends its body, an event and its data, to everybody in /live.
// POST /ticks emits in turns by itself, as an application does that has something to say, and answers with the CPU time.
// Usage: node peer.mjs PACKAGE_JSON PORT
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [manifest, port] = process.argv.slice(2);
const { Server } = createRequire(manifest)("socket.io");

const http = createServer((request, response) => {
  if (request.url !== "/emit" && request.url !== "/ticks") return;
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { event, data, events, ticks } = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === "/ticks") {
      void emitted(event, data, events, ticks).then((us) => response.end(JSON.stringify({ us })));
      return;
    }
    io.of("/live").to("all").emit(event, data);
    response.end("{}");
  });
});
async function emitted(event, data, events, ticks) {
  const before = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick += 1) {
    for (let each = 0; each < events; each += 1) io.of("/live").to("all").emit(event, data);
    await new Promise((done) => setTimeout(done, 10)); // for the readers to keep up
  }
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, httpCompression: false });
io.of("/live").on("connection", (socket) => {
  socket.on("subscribe", ({ stream }, answer) => {
    socket.join("all");
    answer({ ok: true, stream });
  });
});
http.listen(Number(port), "127.0.0.1", () => console.log("is ready"));
