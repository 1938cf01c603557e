"""Rights that end between a request and the work that it asks for: the work is not done."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import FormData

from server.source import release
from tests.auth.programs import id_of, program_of
from tests.conftest import Commits, Person

MAPPING = {"amount": {"column": "amount", "decimal": "."}}
FILE = b"ref,amount\nA,1.50\n"
HOW = ["disabled", "removed", "viewer", "token"]


@pytest.fixture
async def analyst(alice: Any, bob: Any, project: str) -> Any:
    """Somebody who may load files into alice's project and run jobs there."""
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "analyst"})
    return bob


@pytest.fixture
def end_right(admin: Any, alice: Any, bob: Any, project: str) -> Any:
    """Takes away bob's right, or revokes the token that he asked with."""

    async def end(how: str, sender: Person) -> None:
        if how == "token":
            await bob.ok("DELETE", f"/me/api-tokens/{id_of(sender)}")
        elif how == "disabled":
            await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})
        elif how == "removed":
            async with await alice.send("DELETE", f"/projects/{project}/members/{bob.id}") as response:
                assert response.status == 204
        else:
            await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})

    return end


async def _sender(person: Person, how: str) -> Person:
    return await program_of(person, "read", "write") if how == "token" else person


@pytest.fixture
def held(worker: Any) -> Any:
    """A worker that begins nothing until it is released."""
    os.kill(worker.process.pid, signal.SIGSTOP)
    yield lambda: os.kill(worker.process.pid, signal.SIGCONT)
    os.kill(worker.process.pid, signal.SIGCONT)


@pytest.fixture
def end_of(alice: Any, commits: Commits) -> Any:
    """Waits until a source or a job is none of these."""

    async def wait(path: str, waiting: tuple[str, ...]) -> Any:
        return await commits.until(lambda: alice.ok("GET", path), lambda found: found["status"] not in waiting)

    return wait


@pytest.mark.parametrize(
    ("how", "status"), [("disabled", 401), ("removed", 404), ("viewer", 403), ("signed out", 401), ("token", 401)]
)
async def test_an_upload_is_refused_if_its_sender_loses_the_right_before_it_ends(
    analyst: Any, alice: Any, project: str, end_right: Any, db: Any, how: str, status: int
) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield FILE
        begun.set()
        await go_on.wait()
        yield b"B,2.50\n"

    form = FormData()
    form.add_field("file", body(), filename="a.csv", content_type="text/csv")
    sender = await _sender(analyst, how)
    headers = {"Authorization": f"Bearer {sender.token}"}
    url = f"/api/v1/projects/{project}/sources"
    uploading = asyncio.create_task(analyst.session.post(url, data=form, headers=headers))
    await begun.wait()
    while not await db.fetchval("SELECT count(*) FROM sources WHERE status = 'pending'"):
        await asyncio.sleep(0.02)
    if how == "signed out":
        await db.execute("UPDATE sessions SET revoked_at = now() WHERE user_id = $1", analyst.id)
    else:
        await end_right(how, sender)
    go_on.set()

    async with await uploading as response:
        assert response.status == status, await response.text()
    assert await db.fetchval("SELECT count(*) FROM sources") == 0
    assert await db.fetchval("SELECT count(*) FROM pgqueuer") == 0


@pytest.mark.parametrize("how", HOW)
async def test_a_file_is_not_loaded_if_its_sender_loses_the_right_before_loading_begins(
    analyst: Any, project: str, upload: Any, held: Any, end_of: Any, end_right: Any, how: str
) -> None:
    sender = await _sender(analyst, how)
    _, source = await upload(FILE, person=sender, mapping=MAPPING)
    await end_right(how, sender)
    held()

    ended = await end_of(f"/sources/{source['id']}", ("loading",))

    assert (ended["status"], ended["problem"]["code"], ended["rows"]["loaded"]) == ("failed", "forbidden", 0)
    assert "no longer has the right" in ended["problem"]["detail"]


async def test_another_member_may_retype_a_file_whose_sender_has_left(
    analyst: Any, alice: Any, load: Any, end_of: Any, end_right: Any
) -> None:
    source = await load(FILE, person=analyst)
    await end_right("removed", analyst)

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"reference": {"column": "ref"}}})
    ended = await end_of(f"/sources/{source['id']}", ("loading",))

    assert (ended["status"], ended["problem"]) == ("ready", None)
    assert ended["mapping"]["reference"] == {"column": "ref"}


@pytest.mark.parametrize("how", HOW)
async def test_a_job_does_not_begin_after_its_person_lost_the_right_and_another_may_retry_it(
    analyst: Any, alice: Any, project: str, load: Any, worker: Any, end_of: Any, end_right: Any, how: str
) -> None:
    sides = [(await load(FILE, mapping=MAPPING))["id"] for _ in range(2)]
    sender = await _sender(analyst, how)
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        body = {"left_source": sides[0], "right_source": sides[1]}
        job = await sender.ok("POST", f"/projects/{project}/jobs", body)
        await end_right(how, sender)
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)

    failed = await end_of(f"/jobs/{job['id']}", ("queued", "running"))
    await alice.ok("POST", f"/jobs/{job['id']}/retry")
    retried = await end_of(f"/jobs/{job['id']}", ("queued", "running"))

    assert (failed["status"], failed["problem"]["code"], failed["counts"]["left"]) == ("failed", "forbidden", 0)
    assert retried["status"] == "completed"


async def test_work_given_back_by_a_worker_still_belongs_to_the_person_who_asked(
    analyst: Any, alice: Any, project: str, load: Any, db: Any, worker: Any
) -> None:
    """
    When a worker stops, it queues its tasks again. Each keeps the person who asked for it, not the one who created the
    row.
    """
    source = await load(FILE, mapping=MAPPING)
    os.kill(worker.process.pid, signal.SIGSTOP)
    try:
        await analyst.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"reference": {"column": "ref"}}})
        await release.give_back(source["id"], analyst.id)
        payload = await db.fetchval(
            "SELECT convert_from(payload, 'UTF8')::jsonb->>'person' FROM pgqueuer WHERE status = 'queued'"
        )
    finally:
        os.kill(worker.process.pid, signal.SIGCONT)

    assert payload == str(analyst.id)
