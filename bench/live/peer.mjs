// The peer: Socket.IO on Node, without compression. POST /emit sends its body, an event and its data, to everybody in /live.
// Usage: node peer.mjs PACKAGE_JSON PORT
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [manifest, port] = process.argv.slice(2);
const { Server } = createRequire(manifest)("socket.io");

const http = createServer((request, response) => {
  if (request.url !== "/emit") return;
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { event, data } = JSON.parse(Buffer.concat(chunks).toString());
    io.of("/live").to("all").emit(event, data);
    response.end("{}");
  });
});
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, httpCompression: false });
io.of("/live").on("connection", (socket) => {
  socket.on("subscribe", ({ stream }, answer) => {
    socket.join("all");
    answer({ ok: true, stream });
  });
});
http.listen(Number(port), "127.0.0.1", () => console.log("is ready"));
