"""The other peer: python-socketio as its documentation begins, on aiohttp. Usage: python -m bench.live.stock PORT."""

import sys
from typing import Any

import socketio
from aiohttp import web


def main(port: int) -> None:
    """Serve until it is stopped. `POST /emit` sends its body, an event and its data, to everybody in /live."""
    server = socketio.AsyncServer(async_mode="aiohttp", cors_allowed_origins="*")
    app = web.Application()
    server.attach(app)

    @server.on("subscribe", namespace="/live")
    async def subscribe(sid: str, body: dict[str, Any]) -> dict[str, Any]:
        await server.enter_room(sid, "all", namespace="/live")
        return {"ok": True, "stream": body["stream"]}

    @server.on("connect", namespace="/live")
    async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        return

    async def emit(request: web.Request) -> web.Response:
        body = await request.json()
        await server.emit(body["event"], body["data"], room="all", namespace="/live")
        return web.json_response({})

    app.router.add_post("/emit", emit)
    web.run_app(app, host="127.0.0.1", port=port, print=lambda _: print("is ready", flush=True), access_log=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
