"""
The events of a stream by plain HTTP, for programs without a socket: those that were missed, a snapshot, or the next ones.

The rules are those of `subscribe`. A poll that waits holds the stream in memory, and nothing of the database.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core import problems
from models.access import Actor
from realtime import streams
from realtime.frame import Frame
from realtime.guest import TOKENS_TOGETHER, Authority, Grant
from realtime.relay import Relay
from realtime.subscribing import Place, missed


@dataclass(frozen=True)
class Look:
    """What a stream had for a client at one moment."""

    grant: Grant
    page: list[Frame] | None  # None: a snapshot instead
    state: dict[str, Any] | None
    after: int  # where to continue

    @property
    def is_news(self) -> bool:
        """Whether there is something to tell."""
        return self.page is None or bool(self.page)


class Polls:
    """
    Polls that wait for the next event.

    Args:
        most_each: how many of one person, and of each API token, may wait at the same time.
    """

    def __init__(self, authority: Authority, relay: Relay, most_each: int) -> None:
        self._authority, self._relay, self._most_each = authority, relay, most_each
        self._waiting: Counter[UUID | None] = Counter()  # by who acts
        self._waiting_tokens: Counter[UUID | None] = Counter()  # all tokens of a person
        self._woken: set[asyncio.Event] = set()
        self.is_draining = False

    async def look(self, actor: Actor, name: str, place: Place, limit: int) -> Look:
        """What the actor has missed of a stream, at most `limit` events. Raises: NotFound."""
        grant = await self._authority.grant(actor, name) if streams.parse(name) is not None else None
        if grant is None:
            raise problems.NotFound
        page = await missed(self._relay, name, grant, place, limit)
        if page is None:
            taken = await self._authority.snapshot(actor, name)
            if taken is None:
                raise problems.NotFound
            return Look(taken[0], None, taken[1], taken[0].head)
        # Only events from before the right was read, since a later one might have ended it.
        page = [frame for frame in page if frame.seq <= grant.head]
        start = grant.head if place.after is None else place.after
        return Look(grant, page, None, page[-1].seq if page else start)

    @contextmanager
    def turn(self, actor: Actor) -> Iterator[None]:
        """An actor's place among the polls that wait. Raises: TooManyConnections."""
        most = self._most_each
        if self._waiting[actor.acting_id] >= most:
            raise problems.TooManyConnections(
                f"At most {most} of your requests may wait for events at the same time.", retry_after_s=5
            )
        if actor.limits is not None and self._waiting_tokens[actor.id] >= TOKENS_TOGETHER * most:
            raise problems.TooManyConnections(
                f"At most {TOKENS_TOGETHER * most} requests with your API tokens may wait for events at the same time.",
                retry_after_s=5,
            )
        counted = [(self._waiting, actor.acting_id)]
        if actor.limits is not None:
            counted.append((self._waiting_tokens, actor.id))
        for counter, key in counted:
            counter[key] += 1
        try:
            yield
        finally:
            for counter, key in counted:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]

    async def wait(self, name: str, look: Look, until: float) -> bool:
        """
        Wait for an event after `look`, until a time of the event loop.

        Returns: whether to look again. False: the time is over, or the server is stopping.
        """
        stream = self._relay.hold(name, look.grant.epoch, look.grant.head)
        woken = asyncio.Event()

        def wake(_: Frame | None) -> None:
            woken.set()

        stream.listeners.add(wake)
        self._woken.add(woken)
        try:
            if not self.is_draining and stream.tail <= look.after and not stream.is_gone:
                async with asyncio.timeout_at(until):
                    await woken.wait()
        except TimeoutError:
            return False
        finally:
            self._woken.discard(woken)
            stream.listeners.discard(wake)
        return not self.is_draining

    def drain(self) -> None:
        """Let all polls answer what they have, because the server is stopping."""
        self.is_draining = True
        for woken in self._woken:
            woken.set()
