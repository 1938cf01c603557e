"""Whoever applies the events of a project to a list that they have read ends with what they would read anew."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from realtime.events.base import CATALOGUE
from realtime.events.match import OnJobAndProject
from server.job.attempt import run_job
from tests.auth.follower import Follower
from tests.match.conftest import Books, eur
from tests.match.test_extensions import PLAN


class Room:
    """A client that has read the matches of a pair and their counts, and then only listens to the project."""

    def __init__(self, books: Books, follower: Follower) -> None:
        self.books, self.follower = books, follower
        self.matches: dict[str, tuple[str, int]] = {}
        self.counts: dict[str, Any] = {}
        self.applied = 0
        self.seen: set[str] = set()

    @property
    def stream(self) -> str:
        return f"project:{self.books.project}"

    async def read(self) -> tuple[dict[str, tuple[str, int]], dict[str, Any], int]:
        """The matches, the counts, and the position of the stream at which both are true."""
        path = f"/projects/{self.books.project}/matches?{self.books.query}&limit=500"
        async with await self.books.person.send("GET", path) as response:
            page, position = await response.json(), int(response.headers["Stream-Position"])
        matches = {match["id"]: (match["status"], match["version"]) for match in page["items"]}
        return matches, (await self.books.summary())["counts"], position

    async def begin(self) -> None:
        """Reads everything once."""
        self.matches, self.counts, self.applied = await self.read()

    async def agree(self) -> None:
        """Applies the events up to now, and compares the result with what is read anew."""
        matches, counts, position = await self.read()
        await self._catch_up(position)
        assert self.matches == matches
        assert self.counts == counts

    async def _catch_up(self, position: int) -> None:
        async with asyncio.timeout(20):
            while self.applied < position:
                waiting = sorted(
                    (
                        data
                        for name, data in self.follower.events
                        if name in CATALOGUE and data["stream"] == self.stream
                    ),
                    key=lambda data: data["seq"],
                )
                for event in waiting:
                    if event["seq"] == self.applied + 1:
                        self.applied = event["seq"]
                        await self._apply(event["type"], event["data"])
                await asyncio.sleep(0.01)

    async def _apply(self, kind: str, data: dict[str, Any]) -> None:
        self.seen.add(kind)
        if kind in ("record.written_off", "record.reopened"):
            assert (data["side"], data["source_id"]) == ("left", self.books.left_source)
            self.counts = data["counts"]
            self.matches[data["match_id"]] = (data["status"], data["version"])
        elif kind in ("matches.reviewed", "job.completed"):
            self.matches, self.counts, _ = await self.read()  # these say that there is more than they can say
        elif "match_id" in data and kind.startswith("match."):
            if "status" in data:
                self.matches[data["match_id"]] = (data["status"], data["version"])
                self.counts = data["counts"]
            for changed in data["replaced_ids"] if "status" in data else [data["match_id"]]:
                found = await self.books.person.ok("GET", f"/matches/{changed}")
                self.matches[changed] = (found["status"], found["version"])


@pytest.fixture
async def room(server, make_books, bob):
    """A pair in which nothing has been decided, a job with suggestions, and somebody who listens."""
    books = await make_books(
        eur("10.00", "20.00", "30.00", "40.00", "50.00", "60.00"),
        eur("10.00", "20.00", "30.00", "40.00", "49.00", "1.00"),
    )
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "controller"})
    job = await books.job()
    follower = await Follower.of(server, books.person.token, f"project:{books.project}")
    room = Room(books, follower)
    yield room, job, bob
    await follower.leave()


async def test_applying_events_is_the_same_as_reading_again(room, settings):
    room, job, bob = room
    books, person = room.books, room.books.person
    project = f"/projects/{books.project}"
    first = [await books.suggest([books.left[n]], [books.right[n]], job) for n in range(4)]
    rival = await books.suggest(books.left[:1], books.right[1:2], await books.job())
    await room.begin()

    async def step(who: Any, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        done: dict[str, Any] = await who.ok(method, path, body, **more)
        await room.agree()
        return done

    confirmed = await step(person, "POST", f"/matches/{first[0]}/confirm", {})
    await step(bob, "POST", f"/matches/{first[1]}/reject", {})
    await step(bob, "POST", f"/matches/{first[0]}/undo", {})
    await step(person, "POST", f"/matches/{rival}/reject", {})
    await step(person, "POST", f"/matches/{first[1]}/undo", {})
    await step(
        person, "PUT", f"/matches/{first[0]}/assignee", {"user_id": str(bob.id)}, if_match=confirmed["version"] + 1
    )
    await step(bob, "POST", f"/matches/{first[0]}/comments", {"text": "Seen."})
    limit = {"four_eyes_over": {"amount": "25.00", "currency": "EUR"}}
    await step(person, "PATCH", project, limit)
    await step(person, "POST", f"/matches/{first[2]}/confirm", {})
    await step(bob, "POST", f"/matches/{first[2]}/confirm", {})
    waiting = (await step(person, "POST", f"/records/{books.left[5]}/write-off", {"reason": "other"}))["match_id"]
    await step(bob, "POST", f"/matches/{waiting}/reject", {})
    await step(bob, "POST", f"/matches/{waiting}/undo", {})
    await step(bob, "POST", f"/matches/{waiting}/confirm", {})
    await step(person, "PATCH", project, {"four_eyes_over": None})
    await step(bob, "POST", f"/matches/{waiting}/undo", {})
    await step(person, "PATCH", project, limit)
    await step(person, "POST", f"/records/{books.left[5]}/write-off", {"reason": "other"})
    await step(person, "PATCH", project, {"four_eyes_over": None})
    taking = {**books.sides, "left": books.left[5:6], "right": books.right[5:6], "difference": "open"}
    taken = await step(person, "POST", f"{project}/matches", taking)
    await step(person, "POST", f"/matches/{taken['id']}/undo", {})
    await step(person, "DELETE", f"/records/{books.left[5]}/write-off")
    both = {**books.sides, "left": books.left[:2], "right": books.right[:2]}
    made = await step(person, "POST", f"{project}/matches", both)
    parts = [{"left": [books.left[n]], "right": [books.right[n]]} for n in (0, 1)]
    await step(bob, "POST", f"/matches/{made['id']}/split", {"parts": parts})
    await step(bob, "POST", f"/matches/{made['id']}/undo", {})
    await step(person, "POST", f"/matches/{made['id']}/undo", {})
    await step(person, "POST", f"/records/{books.left[5]}/write-off", {"reason": "other"})
    await step(person, "DELETE", f"/records/{books.left[5]}/write-off")
    await step(person, "POST", f"/records/{books.left[4]}/write-off", {"reason": "other"})
    latest = await books.db.fetchval("SELECT id FROM decisions ORDER BY id DESC LIMIT 1")
    await step(bob, "POST", f"/decisions/{latest}/undo")
    bulk = {**books.sides, "action": "confirm", "ids": first[:2], "expected_count": 2}
    done = await step(person, "POST", f"{project}/review", bulk)
    await step(bob, "POST", f"/decisions/{done['decision_id']}/undo")
    partly = {**books.sides, "left": books.left[4:5], "right": books.right[4:5], "difference": "open"}
    base = await step(person, "POST", f"{project}/matches", partly)

    plan = await person.ok("POST", f"{project}/plans", {"name": "p", "document": PLAN})
    queued = await person.ok("POST", f"{project}/jobs", {**books.sides, "plan": plan["id"]})
    await run_job(settings, UUID(queued["id"]), None)
    await room.agree()
    (extension,) = [match for match in await books.matches("&status=suggested") if match["extends"]]
    await step(person, "POST", f"/matches/{extension['id']}/confirm", {})
    await step(bob, "POST", f"/matches/{extension['id']}/undo", {})
    await step(bob, "POST", f"/matches/{base['id']}/undo", {})

    on_matches = {kind for kind, event in CATALOGUE.items() if issubclass(event, OnJobAndProject)}
    assert on_matches <= room.seen


async def test_a_write_off_is_told_to_every_pair_of_its_source(make_books):
    books = await make_books(eur("10.00"), eur("10.00"))
    other = await make_books(eur("10.00"), eur("10.00"))
    person, alone = books.person, other.right[0]
    for sides in (books.sides, {"left_source": other.left_source, "right_source": books.left_source}):
        await person.ok("POST", f"/projects/{books.project}/jobs", sides)

    for record in (books.left[0], alone):
        await person.ok("POST", f"/records/{record}/write-off", {"reason": "other"})
        await person.ok("DELETE", f"/records/{record}/write-off")

    page = await person.ok("GET", f"/streams/project:{books.project}/events?after=0&limit=500")
    told = [
        (one["type"], one["data"]["record_id"], one["data"]["side"], (one["data"]["counts"] or {}).get("written_off"))
        for one in page["events"]
        if one["type"] in ("record.written_off", "record.reopened")
    ]
    assert sorted(told, key=str) == sorted(
        [
            *(("record.written_off", books.left[0], side, 1) for side in ("left", "right")),
            *(("record.reopened", books.left[0], side, 0) for side in ("left", "right")),
            ("record.written_off", alone, None, None),
            ("record.reopened", alone, None, None),
        ],
        key=str,
    )
