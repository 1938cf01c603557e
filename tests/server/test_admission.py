"""Whose turn it is at the database connections: people, their API tokens, and whoever wants to end a token."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import pytest
import socketio

from core.ids import uuid7
from core.problems import Busy
from server.api.admission import TURNS, Owner, Turns
from server.api.body.lane import Lane
from server.api.keys import AUTHENTICATE
from tests.auth.programs import id_of, program_of, program_with
from tests.conftest import Person
from tests.realtime.wire import until

PROMPT_S = 8  # requests that wait for the lock below do not end at all


@asynccontextmanager
async def _stuck(db: asyncpg.Connection, turns: Turns, sender: Person, count: int) -> AsyncIterator[None]:
    """So many requests of the sender, which keep its turns while the block runs."""
    async with db.transaction():
        await db.execute("LOCK TABLE projects IN ACCESS EXCLUSIVE MODE")
        sent = [asyncio.create_task(sender.send("GET", "/projects")) for _ in range(count)]
        await until(lambda: turns.requests.inside == 3)
        yield
        for task in sent:
            task.cancel()
    for task in sent:
        with suppress(asyncio.CancelledError):
            await task
    await until(lambda: (turns.requests.inside, turns.requests.waiting) == (0, 0))


async def test_requests_of_a_token_never_keep_its_owner_waiting(server: Any, alice: Person, db: Any) -> None:
    program = await program_of(alice, "read")

    async with _stuck(db, server.app[TURNS], program, 12), asyncio.timeout(PROMPT_S):
        me = await alice.ok("GET", "/me")
        await alice.ok("DELETE", f"/me/api-tokens/{id_of(program)}")

    assert me["id"] == str(alice.id)
    assert await program.refused("GET", "/me") == (401, "token_revoked")


async def test_ending_tokens_and_sessions_waits_for_nothing_else_of_the_same_person(
    server: Any, alice: Person, db: Any
) -> None:
    program = await program_of(alice, "read")

    async with _stuck(db, server.app[TURNS], alice, 12), asyncio.timeout(PROMPT_S):
        waiting = asyncio.create_task(alice.send("GET", "/me"))
        tokens = await alice.ok("GET", "/me/api-tokens")
        await alice.ok("DELETE", f"/me/api-tokens/{tokens['items'][0]['id']}")
        sessions = await alice.ok("GET", "/auth/sessions")
        still_waits = not waiting.done()
        await alice.ok("DELETE", f"/auth/sessions/{sessions['items'][0]['id']}")
        waiting.cancel()

    assert still_waits
    assert await program.refused("GET", "/me") == (401, "token_revoked")
    assert await alice.refused("GET", "/me") == (401, "token_revoked")


async def test_signing_out_waits_for_nothing_else_of_the_same_person(server: Any, alice: Person, db: Any) -> None:
    async with _stuck(db, server.app[TURNS], alice, 12), asyncio.timeout(PROMPT_S):
        await alice.ok("POST", "/auth/logout", {"refresh_token": alice.refresh_token}, X_Client="api")

    assert await alice.refused("GET", "/me") == (401, "token_revoked")


@pytest.mark.unit
async def test_a_token_fills_only_its_own_queue_and_all_of_a_person_have_one_share() -> None:
    turns, leave = Turns(10), asyncio.Event()

    async def hold(owner: Owner) -> None:
        async with turns.turn(owner):
            await leave.wait()

    leaked, other, person = Owner("tokens of ada", "1"), Owner("tokens of ada", "2"), Owner("ada")
    holding = [asyncio.create_task(hold(leaked)) for _ in range(3 + 256)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await hold(leaked)
    holding += [asyncio.create_task(hold(other)) for _ in range(5)]
    await asyncio.sleep(0)
    of_tokens, of_person = turns.requests.inside, asyncio.create_task(hold(person))
    await asyncio.sleep(0)
    with_person = turns.requests.inside
    leave.set()
    await asyncio.gather(*holding, of_person)

    assert (of_tokens, with_person) == (3, 4)
    assert (turns.requests.inside, turns.requests.waiting) == (0, 0)


@pytest.fixture
def strangers(server: Any) -> Lane:
    """The lane in which API tokens are looked for."""
    lane: Lane = server.app[AUTHENTICATE].__self__._api_tokens.lane
    return lane


async def test_made_up_tokens_wait_behind_their_own_network_and_nobody_else_does(
    alice: Person, strangers: Lane, project: str
) -> None:
    program = await program_of(alice, "read")
    await program.ok("GET", "/me")
    stranger = program_with(alice, f"tr_{uuid7().hex}_{'a' * 43}")

    async with strangers.turn("127.0.0.0/24"), asyncio.timeout(PROMPT_S):
        sent = [asyncio.create_task(stranger.refused("GET", "/me")) for _ in range(3)]
        await until(lambda: strangers.waiting == 3)
        await alice.ok("GET", "/projects")
        await program.ok("GET", "/projects")  # it was good before, so it has a turn of its own
        still_wait = [not task.done() for task in sent]

    assert still_wait == [True] * 3
    assert await asyncio.gather(*sent) == [(401, "token_invalid")] * 3


async def test_when_too_many_wait_the_next_is_refused_and_a_socket_may_come_back(
    server: Any, alice: Person, strangers: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = await program_of(alice, "read", "events")
    monkeypatch.setattr(strangers, "_line", 0)
    io, refusals = socketio.AsyncClient(reconnection=False), []
    io.on("connect_error", refusals.append, namespace="/live")

    async with strangers.turn("127.0.0.0/24"):
        async with await program.send("GET", "/me") as response:
            status, retry_after = response.status, response.headers["Retry-After"]
        with pytest.raises(socketio.exceptions.ConnectionError):
            await io.connect(
                str(server.make_url("/")), auth={"token": program.token}, namespaces=["/live"], wait_timeout=2
            )
    await io.disconnect()

    assert (status, retry_after) == (503, "2")
    assert [refusal for refusal in refusals if "data" in refusal] == []  # a refusal would keep it from coming back
    assert (await program.ok("GET", "/me"))["id"] == str(alice.id)
