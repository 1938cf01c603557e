"""
Whose task is next, as the real queue decides. Nobody takes all the turns, however many files or projects they have.
"""

from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job as Task
from pgqueuer.queries import EntrypointExecutionParameter

from models.access import Actor
from realtime.unit_of_work import unit_of_work
from server.api.keys import SETTINGS
from server.job.endings import end_abandoned
from server.processes.turns import FairQueries, task_to_give_back
from server.store import database
from server.store.queue import enqueue

BOTH = {name: EntrypointExecutionParameter(concurrency_limit=0) for name in ("source.load", "job.run")}
WORKER = "00000000-0000-4000-8000-000000000001"


class Queue:
    """The queue as seen by workers that take tasks in turn and end them when the test says so."""

    def __init__(self, queries: FairQueries, db: Any) -> None:
        self.queries, self.db = queries, db

    async def take(self, slots: int = 100) -> str | None:
        """Takes the next task. Returns: the name of its file, or of the left source of its job."""
        tasks = await self.queries.dequeue(1, BOTH, WORKER, slots, timedelta(seconds=30))
        if not tasks:
            return None
        self.last = tasks[0]
        return str(await self.db.fetchval(_NAME, self.last.id))

    async def end(self, task: Task | None = None) -> None:
        """Ends a task, by default the one taken last."""
        await self.queries.log_jobs([(task or self.last, "successful", None)])


_NAME = """
    SELECT coalesce(s.name, l.name) FROM (SELECT (convert_from(payload, 'UTF8')::jsonb->>'id')::uuid AS id FROM pgqueuer WHERE id = $1) q
    LEFT JOIN sources s ON s.id = q.id LEFT JOIN reconciliation_jobs j ON j.id = q.id LEFT JOIN sources l ON l.id = j.left_source_id
"""


@pytest.fixture
async def queue(server: Any, db: Any) -> Any:
    """The queue, with no worker running."""
    connection = await database.connect(server.app[SETTINGS], "tests")
    yield Queue(FairQueries(AsyncpgDriver(connection)), db)
    await connection.close()


@pytest.fixture
async def two(make_person: Any) -> Any:
    """Two managers with one project each."""
    people = [await make_person(name, "manager") for name in ("ada", "ben")]
    return [(person, (await person.ok("POST", "/projects", {"name": person.email}))["id"]) for person in people]


async def send(person: Any, project: str, *names: str) -> list[str]:
    """Uploads files with these names. Returns: the ids of the sources."""
    found = []
    for name in names:
        form = FormData()
        form.add_field("name", name)
        form.add_field("file", b"ref,amount\nA,1.50\n", filename="a.csv")
        headers = {"Authorization": f"Bearer {person.token}"}
        async with person.session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
            assert response.status == 202
            found.append((await response.json())["id"])
    return found


async def test_a_project_with_many_files_leaves_every_other_turn_to_another_project(queue: Any, two: Any) -> None:
    (ada, first), (ben, second) = two
    await send(ada, first, "a1", "a2", "a3", "a4")
    await send(ben, second, "b1", "b2")

    order = []
    while (name := await queue.take()) is not None:
        order.append(name)
        await queue.end()

    assert order == ["a1", "b1", "a2", "b2", "a3", "a4"]


async def test_more_projects_do_not_give_a_person_more_turns(queue: Any, two: Any) -> None:
    (ada, _), (ben, second) = two
    for number in range(3):
        more = await ada.ok("POST", "/projects", {"name": f"more {number}"})
        await send(ada, more["id"], f"a{number}")
    await send(ben, second, "b0", "b1")

    order = []
    while (name := await queue.take()) is not None:
        order.append(name)
        await queue.end()

    assert order == ["a0", "b0", "a1", "b1", "a2"]


async def test_within_a_project_people_take_turns_too(queue: Any, two: Any) -> None:
    (ada, first), (ben, _) = two
    await ada.ok("POST", f"/projects/{first}/members", {"email": ben.email, "role": "analyst"})
    await send(ada, first, "a1", "a2", "a3")
    await send(ben, first, "b1")

    assert await queue.take() == "a1"
    await queue.end()
    assert await queue.take() == "b1"


async def test_people_without_a_slot_come_first_and_a_single_person_may_have_all(queue: Any, two: Any) -> None:
    (ada, first), (ben, second) = two
    await send(ada, first, "a1", "a2", "a3", "a4")

    alone = [await queue.take() for _ in range(3)]
    await send(ben, second, "b1")
    shared = await queue.take()

    assert alone == ["a1", "a2", "a3"]
    assert shared == "b1"


async def test_holding_a_slot_counts_more_than_how_long_ago_the_last_turn_was(queue: Any, two: Any) -> None:
    (ada, first), (ben, second) = two
    await send(ada, first, "a1", "a2")
    await send(ben, second, "b1", "b2")

    await queue.take()  # a1, which takes long
    await queue.take()
    await queue.end()  # b1, which started later
    assert await queue.take() == "b2"


async def test_files_and_jobs_do_not_starve_each_other(queue: Any, two: Any, db: Any) -> None:
    (ada, first), (ben, second) = two
    await send(ben, second, "b1")
    await send(ada, first, "a1", "a2")
    await _job(ada, first)

    assert [await queue.take(), await queue.take()] == ["b1", "job"]


async def test_a_worker_without_a_free_slot_takes_nothing_and_does_not_retry_at_once(queue: Any, two: Any) -> None:
    (ada, first), _ = two
    await send(ada, first, "a1", "a2")

    await queue.take(slots=1)

    assert await queue.take(slots=1) is None
    assert await queue.queries.eligible_queued_work(list(BOTH)) == 0  # otherwise the queue would look again after 0.1 s
    await queue.end()
    assert await queue.take(slots=1) == "a2"


async def test_after_a_long_wait_the_newest_task_of_the_largest_holder_is_given_back(
    queue: Any, two: Any, db: Any
) -> None:
    (ada, first), (ben, second) = two
    await send(ada, first, "a1", "a2", "a3")
    await queue.take()
    oldest = queue.last
    await queue.take()
    youngest = queue.last

    alone = await task_to_give_back()
    await send(ben, second, "b1")
    at_once = await task_to_give_back()
    await db.execute("UPDATE pgqueuer SET created = now() - interval '6 seconds' WHERE status = 'queued'")
    later = await task_to_give_back()
    await queue.end(youngest)
    with_one_each = await task_to_give_back()

    assert (alone, at_once, later) == (None, None, youngest.id)
    assert with_one_each is None, f"nobody gives back their only task: {oldest.id}"


async def test_a_requeued_task_counts_for_the_person_who_asked_for_it(queue: Any, two: Any, db: Any) -> None:
    (ada, first), (ben, _) = two
    await ada.ok("POST", f"/projects/{first}/members", {"email": ben.email, "role": "analyst"})
    (source,) = await send(ada, first, "a1")

    async with unit_of_work(Actor("user", ben.id)) as u:
        await enqueue(u, "source.load", source)
    await queue.take()

    keys = {row["key"] for row in await db.fetch("SELECT key FROM states WHERE key LIKE 'turn.%'")}
    assert keys == {f"turn.project:{first}", f"turn.person:{ben.id}"}


async def test_a_job_that_waits_for_its_next_turn_is_cancelled_at_once(queue: Any, two: Any, db: Any) -> None:
    (ada, first), _ = two
    job = await _job(ada, first)
    await db.execute(
        "UPDATE reconciliation_jobs SET status = 'running', attempt = 1"
    )  # begun, then given back for others

    cancelled = await ada.ok("POST", f"/jobs/{job['id']}/cancel")

    assert cancelled["status"] == "cancelled"
    assert (await ada.ok("GET", f"/jobs/{job['id']}"))["finished_at"] is not None


async def test_a_cancelled_job_ends_without_a_turn_when_its_worker_is_gone(queue: Any, two: Any, db: Any) -> None:
    (ada, first), _ = two
    job = await _job(ada, first)
    await queue.take()
    await db.execute("UPDATE reconciliation_jobs SET status = 'running', attempt = 1")
    asked = await ada.ok("POST", f"/jobs/{job['id']}/cancel")

    await end_abandoned(30)
    held = await ada.ok("GET", f"/jobs/{job['id']}")
    await db.execute("UPDATE pgqueuer SET heartbeat = now() - interval '31 seconds'")
    await end_abandoned(30)
    ended = await ada.ok("GET", f"/jobs/{job['id']}")

    assert (asked["status"], held["status"], ended["status"]) == ("cancelling", "cancelling", "cancelled")


async def _job(person: Any, project: str) -> Any:
    sides = [(await person.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in ("job", "r")]
    return await person.ok("POST", f"/projects/{project}/jobs", {"left_source": sides[0], "right_source": sides[1]})
