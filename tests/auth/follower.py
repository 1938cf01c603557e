"""A standard socket client that records what happens to it."""

import asyncio
from typing import Any

import socketio
from aiohttp.test_utils import TestServer


class Follower:
    """A signed-in socket."""

    def __init__(self) -> None:
        self.io = socketio.AsyncClient(reconnection=False)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.io.on("*", self._note, namespace="/live")

    async def _note(self, name: str, data: dict[str, Any]) -> None:
        self.events.append((name, data))

    @classmethod
    async def of(cls, server: TestServer, token: str, *streams: str) -> "Follower":
        """Connects and subscribes to streams."""
        found = cls()
        await found.io.connect(
            str(server.make_url("/")), auth={"token": token}, namespaces=["/live"], transports=["websocket"]
        )
        for stream in streams:
            answer = await found.call("subscribe", {"stream": stream})
            assert answer["ok"], answer
        return found

    async def call(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """The answer to a command."""
        found: dict[str, Any] = await self.io.call(name, data, namespace="/live", timeout=20)
        return found

    async def go_on(self) -> None:
        """Subscribes again whenever the server asks for it, as a client that must not miss anything does."""
        for name, data in list(self.events):
            if name == "stream.reset":
                self.events.remove((name, data))
                answer = await self.call("subscribe", {"stream": data["stream"]})
                assert answer["ok"], answer

    async def heard(self, name: str, seconds: float = 20.0) -> dict[str, Any]:
        """The first event with this name."""
        for _ in range(int(seconds / 0.02)):
            for event, data in self.events:
                if event == name:
                    return data
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {name} within {seconds} s, but {self.events}")

    async def closed(self, seconds: float = 20.0) -> list[str]:
        """Waits until the server has closed the socket. Returns: names of the events so far."""
        for _ in range(int(seconds / 0.02)):
            if not self.io.connected:
                return [name for name, _ in self.events]
            await asyncio.sleep(0.02)
        raise AssertionError(f"open after {seconds} s: {self.events}")

    async def leave(self) -> None:
        """Closes the socket."""
        await self.io.disconnect()


async def refusal_of(server: TestServer, token: str) -> str:
    """The code with which a socket with this token is refused."""
    io = socketio.AsyncClient(reconnection=False)
    refusals: list[dict[str, Any]] = []
    io.on("connect_error", refusals.append, namespace="/live")
    try:
        await io.connect(str(server.make_url("/")), auth={"token": token}, namespaces=["/live"], wait_timeout=20)
    except socketio.exceptions.ConnectionError:
        return str(refusals[0]["data"]["code"])
    finally:
        await io.disconnect()
    raise AssertionError("the socket was let in")
