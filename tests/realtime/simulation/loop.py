"""An event loop whose time is virtual and whose next callback is chosen by a seed."""

import asyncio
import contextvars
import heapq
from asyncio import events
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

MOST_STEPS = 100_000  # a run takes about a thousand
FIFO = 0.25  # of the seeds run callbacks in their order, as the real loops do


class SimulatedLoop(asyncio.AbstractEventLoop):
    """
    Runs tasks one callback at a time. Of those that are ready, the seed chooses the next one, also in orders that a
    real loop would not choose, since what arrives from sockets and databases has no order either. When none is ready,
    the time jumps to the next timer, so that waiting costs nothing.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._is_fifo = random.random() < FIFO
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._now = 0.0
        self._number = 0
        self.steps = 0
        self.failures: list[dict[str, Any]] = []

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine."""
        events._set_running_loop(self)
        try:
            task = self.create_task(main)
            while not task.done():
                self._step()
                if self.steps > MOST_STEPS:
                    raise RuntimeError(f"{MOST_STEPS} callbacks, and no end")
            return task.result()
        finally:
            self._end_all()
            events._set_running_loop(None)

    def _end_all(self) -> None:
        """Ends what a run that was broken off leaves behind."""
        for _ in range(50):
            for left in asyncio.all_tasks(self):
                left.cancel()
            ready, self._ready = self._ready, []
            for handle in ready:
                if not handle._cancelled:
                    handle._run()

    def _step(self) -> None:
        ready = self._ready
        if not ready:
            self._advance()
            return
        if self._is_fifo or len(ready) == 1:
            handle = ready.pop(0)
        else:
            place = int(self._random.random() * len(ready))
            handle, ready[place] = ready[place], ready[-1]
            ready.pop()
        self.steps += 1
        if not handle._cancelled:
            handle._run()

    def _advance(self) -> None:
        if not self._timers:
            raise RuntimeError("nothing is ready, and nothing will ever be")
        self._now = max(self._now, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self._now:
            _, _, handle = heapq.heappop(self._timers)
            if not handle._cancelled:
                self._ready.append(handle)

    def time(self) -> float:
        return self._now

    def call_soon(
        self, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., Any], *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._number += 1
        heapq.heappush(self._timers, (when, self._number, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def create_future(self) -> "asyncio.Future[Any]":
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None) -> "asyncio.Task[Any]":
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.failures.append(context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False
