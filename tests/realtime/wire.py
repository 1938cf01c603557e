"""A client that writes its own packets, to send what no library would."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType


class Wire:
    """A WebSocket to the server, after Engine.IO's greeting."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self._number = 0
        self.events: list[tuple[str, dict[str, Any]]] = []

    @classmethod
    async def open(cls, session: ClientSession, token: str | None = None, query: str = "", **options: Any) -> "Wire":
        """Connects; with a token also to /live."""
        found = cls(await session.ws_connect(f"/socket.io/?EIO=4&transport=websocket{query}", **options))
        assert (await found.ws.receive_str()).startswith('0{"sid"')
        if token is not None:
            await found.ws.send_str("40/live," + json.dumps({"token": token}))
            assert (await found.receive()).startswith('40/live,{"sid"')
        return found

    async def receive(self, seconds: float = 20.0) -> str:
        """The next packet that is not a ping; empty when the server has closed."""
        while True:
            message = await self.ws.receive(timeout=seconds)
            if message.type is not WSMsgType.TEXT:
                return ""
            if message.data != "2":
                return str(message.data)
            await self.ws.send_str("3")

    async def call(self, name: str, *arguments: Any) -> dict[str, Any]:
        """The answer to a command. Events that arrive before it are kept."""
        self._number += 1
        await self.ws.send_str(f"42/live,{self._number}{json.dumps([name, *arguments])}")
        while True:
            text = await self.receive()
            assert text, "closed instead of answered"
            if text.startswith(f"43/live,{self._number}["):
                answer: dict[str, Any] = json.loads(text.split(f",{self._number}", 1)[1])[0]
                return answer
            self.keep(text)

    async def rest(self, seconds: float = 20.0) -> list[str]:
        """All packets until the server closes. Raises: TimeoutError if it does not."""
        found = []
        async with asyncio.timeout(seconds):
            while text := await self.receive(seconds + 1):
                found.append(text)
        return found

    def keep(self, text: str) -> None:
        """Adds an event to `events`; any other packet is dropped."""
        if text.startswith("42/live,["):
            name, data = json.loads(text.removeprefix("42/live,"))
            self.events.append((name, data))


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits until a condition is true."""
    for _ in range(int(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")
