"""How many exports may be under way in a process, and the threads and the disk that they share."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from aiohttp import web

from core.problems import Busy, RateLimited
from core.settings import Settings
from server.store.disk import Disk, scratch_disk

MOST = 16
MOST_EACH = 2
RETRY_S = 10
T = TypeVar("T")


class Places:
    """The exports under way. `disk` is where they keep what their readers have not taken yet."""

    def __init__(self, settings: Settings, most: int = MOST, most_each: int = MOST_EACH) -> None:
        self._most, self._most_each = most, most_each
        self._taken: Counter[str] = Counter()
        self.disk: Disk = scratch_disk(settings)
        # One thread each, whatever the number of exports: Arrow keeps memory for each thread that it has worked in, and
        # other requests need processors too.
        self.encoding = Thread("export")
        self.spooling = Thread("spool")

    @property
    def taken(self) -> int:
        """How many exports are under way."""
        return self._taken.total()

    @contextmanager
    def place(self, owner: str) -> Iterator[None]:
        """A place for an export. Raises: RateLimited if the owner has too many, Busy if everybody together has."""
        if self._taken[owner] >= self._most_each:
            detail = f"You have {self._most_each} exports under way. Wait until one has ended, or cancel it."
            raise RateLimited(detail, retry_after_s=RETRY_S)
        if self.taken >= self._most:
            raise Busy("Too many exports are under way. Try again soon.", retry_after_s=RETRY_S)
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


class Thread:
    """A thread in which exports take turns."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[..., T], *values: object) -> T:
        """Do work in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)


PLACES: web.AppKey[Places] = web.AppKey("places of exports", Places)
