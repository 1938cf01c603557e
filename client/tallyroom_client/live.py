"""One socket for all streams of a client."""

import asyncio
from collections.abc import Callable
from typing import Any

from .connection import Closed, Socket, refusal
from .cursor import Next, after_closing
from .follower import Follower, Timing
from .position import Position
from .problem import Problem
from .session import Session
from .wire import Wire

RENEWALS = 5  # attempts in the minute before the socket's token ends


class Live:
    """One socket for all streams of a client. It is opened with the first stream and kept open until the end."""

    def __init__(self, wire: Wire, session: Session, timing: Timing) -> None:
        self.timing = timing
        self._wire = wire
        self._session = session
        self._followers: dict[str, Follower] = {}
        self._socket: Socket | None = None
        self._token = ""
        self._sign_ins = 0  # of the session when the socket was opened
        self._running: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        """Whether commands reach the server now."""
        return self._socket is not None

    def follow(self, stream: str, after: Position | None, with_states: bool) -> Follower:
        """Follow a stream. Raises: ValueError if this client already does."""
        if stream in self._followers:
            raise ValueError(f"{stream} is already followed; close that iterator first, or use another client")
        follower = self._followers[stream] = Follower(self, stream, after, with_states)
        if self.is_connected:
            follower.connected()
        elif self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_task(self._run())
        return follower

    def drop(self, follower: Follower) -> None:
        """Stop following a stream."""
        if self._followers.get(follower.stream) is follower:
            del self._followers[follower.stream]
            self.send("unsubscribe", {"stream": follower.stream})

    def send(self, name: str, body: dict[str, Any], answered: Callable[[Any], None] | None = None) -> None:
        """Send a command, if there is a socket."""
        if self._socket is not None:
            self._start(self._socket.send(name, body, answered))

    async def close(self) -> None:
        """End the socket and every iterator."""
        for task in (self._running, *self._tasks):
            if task is not None:
                task.cancel()
                await asyncio.wait({task})
        for follower in list(self._followers.values()):
            await follower.aclose()

    async def _run(self) -> None:
        """Keep a socket open. If that cannot be done, every iterator raises the reason."""
        try:
            self._fail(await self._until_no_point())
        except Exception as error:  # noqa: BLE001 - a task's root: nobody else would hear of a fault
            self._fail(error)

    async def _until_no_point(self) -> Problem:
        """Keep a socket open until the server says that there is no point. Returns: why."""
        failures = 0
        while True:
            try:
                closed = await self._connection()
                if (next_step := after_closing(closed.code)) is Next.END:
                    return refusal(closed.code)
                if next_step is Next.REFRESH:
                    await self._session.newer(self._token)
            except Problem as problem:
                if not problem.is_temporary:
                    return problem
                closed = Closed(None, problem.retry_after_s or 0.0)
            failures = 1 if closed.was_open else failures + 1
            await asyncio.sleep(max(closed.pause_s, self.timing.pauses.after(failures)))

    async def _connection(self) -> Closed:
        """One connection from its beginning to its end. Returns: why it ended. Raises: Problem."""
        self._token = await self._session.token()
        self._sign_ins = self._session.sign_ins
        socket = Socket(self._wire.http, self._receive)
        try:
            await socket.open(self._wire.url, self._token)
            self._socket = socket
            for follower in list(self._followers.values()):
                follower.connected()
            return await socket.ended()
        except Closed as refused:
            return refused
        finally:
            self._socket = None
            for follower in list(self._followers.values()):
                follower.lost()
            await socket.close()

    def _receive(self, name: str, body: Any) -> None:
        if not isinstance(body, dict):
            return
        if name == "auth.expiring":
            self._start(self._renew())
        follower = self._followers.get(str(body.get("stream")))
        if follower is not None:
            follower.receive(name, body)

    async def _renew(self) -> None:
        """Give the socket a newer token. If there is none, the server closes the socket, which says the rest."""
        socket = self._socket
        for attempt in range(1, RENEWALS + 1):
            try:
                token = await self._session.newer(self._token)
                break
            except Problem as problem:
                if not problem.is_temporary or socket is not self._socket:
                    return
            await asyncio.sleep(self.timing.pauses.after(attempt))
        else:
            return
        if socket is None or socket is not self._socket:
            return
        if self._session.sign_ins != self._sign_ins:
            await socket.close()  # a socket cannot change to another session
            return
        self._token = token
        await socket.send("auth.refresh", {"token": token})

    def _fail(self, problem: Exception) -> None:
        for follower in list(self._followers.values()):
            self.drop(follower)
            follower.end(problem)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
