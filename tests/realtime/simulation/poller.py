"""A simulated program that polls over HTTP: it gets the same events as a socket, by the same rules."""

import asyncio
from typing import TYPE_CHECKING

from core.problems import NotFound, Problem
from realtime.polling import Look
from realtime.subscribing import Place
from tests.realtime.simulation.database import PROJECT, Down

if TYPE_CHECKING:
    from tests.realtime.simulation.world import World

LIMIT, WAIT_S = 4, 0.5


class Poller:
    """A person's program, which asks one process after the other."""

    def __init__(self, world: "World", number: int) -> None:
        self.world, self.number = world, number
        self.name = PROJECT
        self.session = f"{number}.{len(world.database.session_ids)}"
        world.database.add_session(self.session)
        self.place = Place(None, None)
        self.is_over = False
        self.is_refused = False

    async def run(self) -> None:
        """Asks until it is told to stop."""
        random = self.world.random
        while not self.is_over:
            process = random.choice(self.world.processes)
            try:
                actor = await process.authority.authenticate(f"{self.number}/{self.session}", "")
                look = await process.polls.look(actor, self.name, self.place, LIMIT)
            except (Problem, Down) as failure:
                self.is_refused = isinstance(failure, NotFound)
                await asyncio.sleep(0.05 + random.random() * 0.1)
                continue
            self.is_refused = False
            self._take(look)
            if not look.is_news:
                with process.polls.turn(actor):
                    await process.polls.wait(self.name, look, self.world.now + random.random() * WAIT_S)

    def _take(self, look: Look) -> None:
        expect, after = self.world.expect, self.place.after
        if look.page is None:
            is_new = self.place.epoch not in (None, look.grant.epoch)
            floor = self.world.database.tables.streams[self.name].floor
            is_cause = is_new or self.world.database.restores or (after is not None and after < floor)
            expect(bool(is_cause), self, f"a poll after {self.place} gets a snapshot")
            expect(look.state == {"at": look.after}, self, f"the snapshot of a poll is not of {look.after}")
        else:
            last = look.grant.head if after is None else after
            for frame in look.page:
                place = (frame.epoch, frame.seq)
                expect(place == (look.grant.epoch, last + 1), self, f"a poll gets {place} after {last}")
                why = self.world.database.may_see(self.number, self.name, frame.epoch, frame.seq)
                expect(why is None, self, f"a poll of {self.number} gets {frame.seq}, who {why}")
                last = frame.seq
            expect(look.after == last, self, f"a poll is to continue after {look.after}, and has got {last}")
        self.place = Place(look.after, look.grant.epoch)

    def check(self) -> None:
        """After quiet, it has everything that it may have."""
        row = self.world.database.tables.streams[self.name]
        if not self.world.database.is_member(self.number):
            self.world.expect(self.is_refused, self, f"a poll of {self.number} is not refused")
            return
        here = (self.place.epoch, self.place.after)
        self.world.expect(here == (row.epoch, row.head), self, f"a poll is at {here}, not {row.epoch}/{row.head}")
