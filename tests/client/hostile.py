"""A server that answers over REST and on sockets with whatever a test tells it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from aiohttp import WSMsgType, web

DEEP = "[" * 200_000
Say = Callable[[str], Any]


@contextlib.asynccontextmanager
async def serving(answer: Callable[[web.Request], Any]) -> AsyncIterator[str]:
    """A server whose answers are those of a function. Yields: its address."""

    async def answered(request: web.Request) -> web.StreamResponse:
        found = answer(request)
        return await found if asyncio.iscoroutine(found) else found

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answered)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def said(text: str, status: int = 200, **headers: str) -> web.Response:
    """An answer with this JSON."""
    kind = "application/json" if status < 400 else "application/problem+json"
    return web.Response(text=text, status=status, content_type=kind, headers=headers)


def socket(
    *messages: str, opening: dict[str, Any] | str | None = None, answer: str | None = None
) -> Callable[..., Any]:
    """
    A socket that accepts everybody, answers `subscribe` with this JSON, and then sends the messages as they are.

    `opening` takes the place of what Engine.IO sends first.
    """
    first = (
        opening if opening is not None else {"sid": "s", "upgrades": [], "pingInterval": 25000, "pingTimeout": 20000}
    )

    async def answered(request: web.Request) -> web.StreamResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str(first if isinstance(first, str) else "0" + json.dumps(first))
        async for message in ws:
            if message.type is not WSMsgType.TEXT:
                continue
            if message.data.startswith("40/live,"):
                await ws.send_str('40/live,{"sid":"t"}')
            elif message.data.startswith("42/live,"):
                number = message.data.removeprefix("42/live,").partition("[")[0]
                if answer is not None:
                    await ws.send_str(f"43/live,{number}[{answer}]")
                for one in messages:
                    await ws.send_str(one)
        return ws

    return answered
