"""
Hints over a bus: Valkey or Redis, in place of NOTIFY. See docs/decisions/0018-bus-for-hints.md.

Messages contain names of streams and keys of states, never what is in them: whoever gets a hint reads the database. So a
bus that is gone, frozen, restarted, slow or talks nonsense only delays what the relays find by themselves. Nobody waits for
it: hints are sent in the background, and those that cannot be sent soon are dropped.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from core import log
from realtime.hint import COALESCE_S, MOST_RETRY_S, RETRY_S, Hinter, Receive, packed, unpacked

# A session that hears nothing of its own ping for so long is given up. A bus answers in a millisecond.
PING_S, ANSWER_S = 2.0, 2.0
LASTING_S = 30.0  # a session that lasted so long did not fail at its start, so the next attempt follows at once
MAX_MESSAGE_BYTES = 60_000
CODE_BYTES = 16
FROM = "f"
logger = log.get(__name__)


class Connection(Protocol):
    """A connection to the bus, as redis-py makes it."""

    async def connect(self) -> None:
        """Open it and sign in."""
        ...

    def pack_commands(self, commands: Any) -> list[bytes]:
        """Commands as they are sent."""
        ...

    async def send_packed_command(self, command: Any) -> None:
        """Send packed commands."""
        ...

    async def read_response(self) -> Any:
        """Wait for the next reply or message."""
        ...

    async def disconnect(self, nowait: bool = False) -> None:
        """Close it."""
        ...


@dataclass
class BusState:
    """What an operator is shown of the bus."""

    is_up: bool = False
    reconnects: int = 0  # times that it came back
    dropped: Callable[[], int] = lambda: 0  # hints that were not sent


class BusHinter(Hinter):
    """
    Hints over a bus.

    Each process has a connection that sends and, if it receives, another that listens. It listens to a channel of its own as
    well, and sends itself a ping there: only that proves that what is sent arrives (a subscriber that Redis has dropped may
    look connected for good).

    Args:
        connect: makes a connection, not yet open.
        secret: of the installation. The channel's name and the codes of messages come from it, so that installations which
            share a bus do not hear each other, and nobody else can say anything.
    """

    def __init__(self, connect: Callable[[], Connection], secret: bytes, receive: Receive | None = None) -> None:
        super().__init__(receive)
        self._connect = connect
        self._key = _derived(secret, "message")
        self._me = secrets.token_hex(8)
        self._channel = "tallyroom:" + _derived(secret, "channel").hex()[:24]
        self._own_channel = f"{self._channel}:{self._me}"
        self._is_missed = False  # said to be away, and not yet to be back
        self._heard_at = 0.0  # by the loop's clock: when the last ping came back
        self.state = BusState(dropped=lambda: self.dropped)

    def _is_heard(self) -> bool:
        return self.state.is_up

    def hint(self, heads: dict[str, int]) -> None:
        """Note new heads. Does not wait."""
        super().hint(heads)
        if not self.state.is_up:
            self.dropped += len(heads)  # before it is back, the relays will have compared the heads

    def hint_state(self, key: str) -> None:
        """Note a state key that has a newer value."""
        super().hint_state(key)
        if not self.state.is_up:
            self.dropped += 1

    async def _run(self) -> None:
        loop, delay_s = asyncio.get_running_loop(), RETRY_S
        while True:
            began_at = loop.time()
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001 - a task's root: whatever ended the session, it begins another
                reason = type(error).__name__
                if not self._is_missed:
                    logger.warning("the bus is away, so what other processes commit arrives later", error=reason)
                    self._is_missed = True
            finally:
                self.state.is_up = False
                heads, states = self._take()
                self._sent.set()
                self.dropped += len(heads) + len(states)
            delay_s = RETRY_S if loop.time() - began_at > LASTING_S else min(delay_s * 2, MOST_RETRY_S)
            await asyncio.sleep(delay_s)

    async def _session(self) -> None:
        """Send and receive until something fails. Raises whatever it was."""
        sender, listener = self._connect(), None if self._receive is None else self._connect()
        tasks = set()
        try:
            async with asyncio.timeout(ANSWER_S):
                await sender.connect()
                if listener is not None:
                    await listener.connect()
                    await _send(listener, [("SUBSCRIBE", self._channel, self._own_channel)])
                await _ask(sender, [("PING",)])
            self._heard_at = asyncio.get_running_loop().time()
            if listener is None:
                self._is_back()
            else:
                tasks.add(asyncio.create_task(self._listen(listener), name="bus listener"))
            tasks.add(asyncio.create_task(self._send_forever(sender), name="bus sender"))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for connection in (sender, listener):
                if connection is not None:
                    with contextlib.suppress(Exception):
                        await connection.disconnect(nowait=True)

    def _is_back(self) -> None:
        if not self.state.is_up:
            self.state.is_up = True
            self.state.reconnects += self._is_missed
            if self._is_missed:
                logger.warning("the bus answers again")
            self._is_missed = False

    async def _send_forever(self, sender: Connection) -> None:
        loop, ping_at = asyncio.get_running_loop(), 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(0.0, ping_at - loop.time()))
            commands = []
            if self._wake.is_set():
                await asyncio.sleep(COALESCE_S)
                bodies = packed(*self._take(), MAX_MESSAGE_BYTES)
                commands = [("PUBLISH", self._channel, self._signed({FROM: self._me, **body})) for body in bodies]
            if loop.time() >= ping_at:
                if self._receive is not None and loop.time() - self._heard_at > PING_S + ANSWER_S:
                    raise TimeoutError("what is sent does not arrive")
                ping_at = loop.time() + PING_S
                commands.append(("PUBLISH", self._own_channel, b""))
            async with asyncio.timeout(ANSWER_S):
                await _ask(sender, commands)
            self._note_sent()

    async def _listen(self, listener: Connection) -> None:
        while True:
            kind, channel, content = await listener.read_response()
            if kind != b"message":
                continue  # the answers to SUBSCRIBE
            if channel == self._own_channel.encode():
                self._heard_at = asyncio.get_running_loop().time()
                self._is_back()
            else:
                self._on_message(content)

    def _signed(self, body: dict[str, Any]) -> bytes:
        text = json.dumps(body).encode()
        return self._code_of(text) + text

    def _code_of(self, text: bytes) -> bytes:
        return hmac.digest(self._key, text, "sha256")[:CODE_BYTES]

    def _on_message(self, content: bytes) -> None:
        code, text = content[:CODE_BYTES], content[CODE_BYTES:]
        if not hmac.compare_digest(code, self._code_of(text)):
            return  # nobody who has our secret has said it
        body = json.loads(text)
        if body.get(FROM) != self._me and self._receive is not None:
            self._receive(*unpacked(body))


def _derived(secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, f"tallyroom bus {purpose}".encode(), hashlib.sha256)


async def _send(connection: Connection, commands: Sequence[tuple[str | bytes, ...]]) -> None:
    await connection.send_packed_command(connection.pack_commands(commands))


async def _ask(connection: Connection, commands: Sequence[tuple[str | bytes, ...]]) -> None:
    """Send commands in one piece, and wait for their replies. Raises what the library raises for a refusal."""
    if commands:
        await _send(connection, commands)
    for _ in commands:
        await connection.read_response()
