"""
Hints: "stream X has head N", sent to the relay of every process after a commit.

They travel as NOTIFY on a separate connection, coalesced, because NOTIFY inside business transactions halves the commit
rate. A hint may be lost, so relays also compare heads once a second.
"""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable

import asyncpg

from core import log

COALESCE_S = 0.005
RETRY_S = 0.1  # after losing a connection; doubled after each failed attempt to reconnect, up to 2 s
ANSWER_S = 5.0  # reconnect if the database takes longer to answer
MAX_PAYLOAD_BYTES = 7000  # PostgreSQL's limit is 8000
HEADS = "h"
STATES = "s"

logger = log.get(__name__)
Connect = Callable[[], Awaitable[asyncpg.Connection]]
Receive = Callable[[dict[str, int], list[str]], None]


def channel_of(schema: str) -> str:
    """The NOTIFY channel for an installation's schema."""
    return f"tallyroom_{schema}"


class Hinter:
    """Sends this process's hints and receives everybody's, over one connection that it reopens when necessary."""

    def __init__(self, connect: Connect, channel: str, receive: Receive | None = None) -> None:
        self._connect = connect
        self._channel = channel
        self._receive = receive
        self._heads: dict[str, int] = {}
        self._states: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to send and receive."""
        self._task = asyncio.create_task(self._run(), name="hinter")

    async def stop(self) -> None:
        """Send what is left, then close the connection."""
        await asyncio.sleep(COALESCE_S * 2)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def hint(self, heads: dict[str, int]) -> None:
        """Note new heads. Does not wait."""
        for name, head in heads.items():
            self._heads[name] = max(head, self._heads.get(name, 0))
        self._wake.set()

    def hint_state(self, key: str) -> None:
        """Note a state key that has a newer value."""
        self._states.add(key)
        self._wake.set()

    async def _run(self) -> None:
        delay_s = RETRY_S
        while True:
            try:
                connection = await self._connect()
            except Exception as error:  # noqa: BLE001 - a task's root: whatever broke the connection, it tries again
                logger.warning("hints have no database connection", error=type(error).__name__)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, 2.0)
                continue
            delay_s = RETRY_S
            try:
                if self._receive is not None:
                    await connection.add_listener(self._channel, self._on_notify)
                await self._send_loop(connection)
            except Exception as error:  # noqa: BLE001 - a task's root: asyncpg's InternalClientError has no base class of its own
                logger.warning("hints lost their database connection", error=type(error).__name__)
            finally:
                try:
                    await asyncio.wait_for(connection.close(), 1)
                except Exception:  # noqa: BLE001 - whatever keeps it from closing properly
                    connection.terminate()
            await asyncio.sleep(RETRY_S)

    async def _send_loop(self, connection: asyncpg.Connection) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), 5.0)
            if connection.is_closed():
                raise asyncpg.InterfaceError("closed")
            if not self._wake.is_set():
                await connection.execute("SELECT 1", timeout=ANSWER_S)  # to notice a dead connection
                continue
            await asyncio.sleep(COALESCE_S)
            self._wake.clear()
            heads, self._heads = self._heads, {}
            states, self._states = self._states, set()
            for payload in _payloads(heads, states):
                await connection.execute("SELECT pg_notify($1, $2)", self._channel, payload, timeout=ANSWER_S)

    def _on_notify(self, _: object, __: int, ___: str, payload: object) -> None:
        try:
            body = json.loads(str(payload))
            heads = {str(name): int(head) for name, head in body.get(HEADS, {}).items()}
            states = [str(key) for key in body.get(STATES, [])]
        except (ValueError, AttributeError, TypeError):
            return  # another program's NOTIFY on our channel
        if self._receive is not None:
            self._receive(heads, states)


def _payloads(heads: dict[str, int], states: set[str]) -> list[str]:
    found: list[str] = []
    current: dict[str, int] = {}
    size = 0
    for name, head in heads.items():
        size += len(name) + 24
        if size > MAX_PAYLOAD_BYTES:
            found.append(json.dumps({HEADS: current}))
            current, size = {}, len(name) + 24
        current[name] = head
    if current:
        found.append(json.dumps({HEADS: current}))
    keys = sorted(states)
    found += [json.dumps({STATES: keys[start : start + 60]}) for start in range(0, len(keys), 60)]
    return found
