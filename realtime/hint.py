"""
Hints: "stream X has head N", sent to the relay of every process after a commit.

A process tells itself. To others they travel as NOTIFY on a separate connection, coalesced, because NOTIFY inside business
transactions halves the commit rate; or over a bus (bus.py), if there is one. A hint may be lost, so relays also compare
heads once a second.
"""

import asyncio
import contextlib
import contextvars
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from core import log

COALESCE_S = 0.005
GREET_S = 2.0  # between two greetings of a process that listens
GREETINGS = 3  # of its own that a process hears with none of another's in between, before it takes itself to be alone
CHECK_S = 5.0  # between two looks at a connection over which nothing is sent
RETRY_S = 0.1  # after losing a connection; doubled after each failed attempt to reconnect, up to 2 s
MOST_RETRY_S = 2.0
ANSWER_S = 5.0  # reconnect if the database takes longer to answer
LAST_WORDS_S = 0.25  # for what is still to be sent when a process ends
MAX_PAYLOAD_BYTES = 7000  # PostgreSQL's limit is 8000
MOST_NAMES = 10_000  # that wait to be sent; relays find the others by themselves
HEADS = "h"
STATES = "s"
GREETING = "g"

logger = log.get(__name__)
Connect = Callable[[], Awaitable[asyncpg.Connection]]
Receive = Callable[[dict[str, int], list[str]], None]


def channel_of(schema: str) -> str:
    """The NOTIFY channel for an installation's schema."""
    return f"tallyroom_{schema}"


class Hinter:
    """Sends this process's hints and receives everybody's. How they travel is up to the subclass."""

    def __init__(self, receive: Receive | None = None) -> None:
        self._receive = receive
        self._heads: dict[str, int] = {}
        self._states: set[str] = set()
        self._wake = asyncio.Event()
        self._sent = asyncio.Event()  # set while nothing waits to be sent
        self._sent.set()
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0  # hints that were not sent, because too many waited or there was no connection
        self._own_heads: dict[str, int] = {}
        self._own_states: set[str] = set()
        self._telling: asyncio.TimerHandle | None = None
        # What follows from a hint must not run in the transaction of whoever gave it, which belongs to their context.
        self._context = contextvars.copy_context()

    def start(self) -> None:
        """Begin to send and receive."""
        self._task = asyncio.create_task(self._run(), name="hinter")

    async def stop(self) -> None:
        """Send what is left, unless that takes long, then close the connection."""
        if self._telling is not None:
            self._telling.cancel()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._sent.wait(), LAST_WORDS_S)
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def hint(self, heads: dict[str, int]) -> None:
        """Note new heads. Does not wait."""
        if self._receive is not None:
            self._own_heads |= heads
            self._tell_this_process_soon()
        if not self._is_heard():
            return
        for name, head in heads.items():
            if name not in self._heads and len(self._heads) >= MOST_NAMES:
                self.dropped += 1
                continue
            self._heads[name] = max(head, self._heads.get(name, 0))
        self._notice()

    def hint_state(self, key: str) -> None:
        """Note a state key that has a newer value."""
        if self._receive is not None:
            self._own_states.add(key)
            self._tell_this_process_soon()
        if not self._is_heard():
            return
        if key not in self._states and len(self._states) >= MOST_NAMES:
            self.dropped += 1
            return
        self._states.add(key)
        self._notice()

    def _is_heard(self) -> bool:
        """Whether what is sent now may be heard by another process."""
        return True

    def _tell_this_process_soon(self) -> None:
        """This process's own clients need neither the database nor a bus."""
        if self._telling is None:
            loop = asyncio.get_running_loop()
            self._telling = loop.call_later(COALESCE_S, self._tell_this_process, context=self._context)

    def _tell_this_process(self) -> None:
        self._telling = None
        heads, self._own_heads = self._own_heads, {}
        states, self._own_states = self._own_states, set()
        if self._receive is not None:
            self._receive(heads, sorted(states))

    def _notice(self) -> None:
        self._wake.set()
        self._sent.clear()

    async def _run(self) -> None:
        """Send and receive until cancelled, over one connection after another."""
        raise NotImplementedError

    def _note_sent(self) -> None:
        if not self._wake.is_set():
            self._sent.set()

    def _take(self) -> tuple[dict[str, int], set[str]]:
        """What is to be sent now."""
        self._wake.clear()
        heads, self._heads = self._heads, {}
        states, self._states = self._states, set()
        return heads, states


class NotifyHinter(Hinter):
    """
    Hints as NOTIFY, over one connection to the database.

    A process that listens greets the others every two seconds. All hear all greetings in one order, so whoever hears only
    itself, several times in a row, is alone and sends nothing: the statement and its notification took a sixth of a small
    write. If it is wrong, say because another process stood still, that one finds what is new by comparing heads.
    """

    def __init__(self, connect: Connect, channel: str, receive: Receive | None = None) -> None:
        super().__init__(receive)
        self._connect = connect
        self._channel = channel
        self._me = secrets.token_hex(8)
        self._heard_itself = 0  # greetings of its own in a row, over this connection

    def _is_heard(self) -> bool:
        return self._heard_itself < GREETINGS

    async def _run(self) -> None:
        delay_s = RETRY_S
        while True:
            try:
                connection = await self._connect()
            except Exception as error:  # noqa: BLE001 - a task's root: whatever broke the connection, it tries again
                logger.warning("hints have no database connection", error=type(error).__name__)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, MOST_RETRY_S)
                continue
            delay_s = RETRY_S
            self._heard_itself = 0
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
        loop = asyncio.get_running_loop()
        every_s = CHECK_S if self._receive is None else GREET_S
        due = loop.time() + (every_s if self._receive is None else 0)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._wake.wait()
            if connection.is_closed():
                raise asyncpg.InterfaceError("closed")
            if loop.time() >= due:
                due = loop.time() + every_s
                # Either shows whether the connection is alive.
                if self._receive is None:
                    await connection.execute("SELECT 1", timeout=ANSWER_S)
                else:
                    await self._notify(connection, {GREETING: self._me})
            if not self._wake.is_set():
                continue
            await asyncio.sleep(COALESCE_S)
            for body in packed(*self._take(), MAX_PAYLOAD_BYTES):
                await self._notify(connection, body)
            self._note_sent()

    async def _notify(self, connection: asyncpg.Connection, body: dict[str, Any]) -> None:
        await connection.execute("SELECT pg_notify($1, $2)", self._channel, json.dumps(body), timeout=ANSWER_S)

    def _on_notify(self, connection: Any, sender: int, _: str, payload: object) -> None:
        try:
            body = json.loads(str(payload))
            heads, states = unpacked(body)
        except ValueError:
            return  # another program's NOTIFY on our channel
        if GREETING in body:
            self._heard_itself = self._heard_itself + 1 if body[GREETING] == self._me else 0
        elif sender != connection.get_server_pid() and self._receive is not None:
            self._receive(heads, states)


def packed(heads: dict[str, int], states: set[str], most_bytes: int) -> list[dict[str, Any]]:
    """The bodies of messages, none of them much longer than `most_bytes`."""
    found: list[dict[str, Any]] = []
    current: dict[str, int] = {}
    size = 0
    for name, head in heads.items():
        size += len(name) + 24
        if size > most_bytes:
            found.append({HEADS: current})
            current, size = {}, len(name) + 24
        current[name] = head
    if current:
        found.append({HEADS: current})
    keys = sorted(states)
    found += [{STATES: keys[start : start + 60]} for start in range(0, len(keys), 60)]
    return found


def unpacked(body: Any) -> tuple[dict[str, int], list[str]]:
    """The heads and state keys in a message. Raises: ValueError if it is not one of ours."""
    try:
        heads = {str(name): int(head) for name, head in body.get(HEADS, {}).items()}
        return heads, [str(key) for key in body.get(STATES, [])]
    except (AttributeError, TypeError) as error:
        raise ValueError("not a hint") from error
