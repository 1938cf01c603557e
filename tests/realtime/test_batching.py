"""What many clients ask at the same moment is asked of the database only once."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, TCPConnector
from asyncpg import Connection

from core.ids import uuid7
from core.problems import Problem
from models import access
from models.access import Held, Question
from models.project import Project
from models.vault import Vault
from server.api.keys import AUTHENTICATE
from server.app import CONNECTIONS, NAMESPACE
from tests.auth.programs import program_of
from tests.realtime.wire import Wire, until

SOCKETS = 500
ACTIONS: dict[Any, tuple[str, ...]] = {
    Project: ("project.subscribe", "project.read"),
    Vault: ("vault.subscribe", "vault.subscribe.accesses", "vault.read"),
}


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Statements of this process, by their text."""
    counts: Counter[str] = Counter()
    with_values, without = Connection._do_execute, Connection.execute

    async def note(self: Any, query: str, *args: Any, **options: Any) -> Any:
        counts[query] += 1
        return await with_values(self, query, *args, **options)

    async def note_script(self: Any, query: str, *args: Any, **options: Any) -> Any:
        if not args:
            counts[query] += 1
        return await without(self, query, *args, **options)

    monkeypatch.setattr(Connection, "_do_execute", note)
    monkeypatch.setattr(Connection, "execute", note_script)
    return counts


def _count(queries: Counter[str], mark: str) -> int:
    return sum(count for query, count in queries.items() if mark in query)


async def test_many_sockets_that_come_back_at_once_cost_few_queries(
    server: Any, alice: Any, project: str, flood: Any, queries: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = server.app[NAMESPACE].guests
    monkeypatch.setattr(guests, "limits", replace(guests.limits, sockets_per_user=SOCKETS))
    live = server.app[NAMESPACE].server
    monkeypatch.setattr(live, "limits", replace(live.limits, pending_per_address=SOCKETS))
    monkeypatch.setattr(server.app[CONNECTIONS], "most_each", 2 * SOCKETS)
    await flood(30, 2)
    relay, counts = guests.relay, guests.relay.counts
    before = counts.resumes.copy()
    async with ClientSession(base_url=server.make_url("/"), connector=TCPConnector(limit=0)) as session:
        wires = await asyncio.gather(*(Wire.open(session) for _ in range(SOCKETS)))

        queries.clear()
        for wire in wires:
            await wire.ws.send_str("40/live," + json.dumps({"token": alice.token}))
        assert all(text.startswith("40/live,{") for text in await asyncio.gather(*(wire.receive() for wire in wires)))
        to_connect = queries.total()

        queries.clear()
        asked = {"stream": f"project:{project}", "after": 0}
        answers = await asyncio.gather(*(wire.call("subscribe", asked) for wire in wires))
        to_subscribe = queries.copy()
        await asyncio.gather(*(wire.ws.close() for wire in wires))
    await until(lambda: not relay.by_user)

    assert all([event["seq"] for event in answer["events"]] == list(range(1, 61)) for answer in answers)
    assert _count(to_subscribe, "FROM events e JOIN") <= 2
    # One by one, it took seven statements for each socket to connect and as many to subscribe. Now it takes about as
    # many for all of them, and more only if the machine is so busy that they are spread over time.
    assert to_connect <= 70, to_connect
    assert to_subscribe.total() <= 70, to_subscribe
    assert counts.resumes["replay"] - before["replay"] == SOCKETS


async def test_rights_asked_together_are_those_asked_one_by_one(
    server: Any, alice: Any, bob: Any, charlie: Any, admin: Any, make_person: Any, project: str, db: Any
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Bank"}))["id"]
    other = (await alice.ok("POST", "/projects", {"name": "Other"}))["id"]
    more = [await make_person(name) for name in ("ended", "ending", "disabled", "outside")]
    ended, ending, disabled, outside = more
    for person in (bob, *more):
        await alice.ok("POST", f"/projects/{project}/members", {"email": person.email, "role": "viewer"})
        await alice.ok("PUT", f"/vaults/{vault}/members/{person.id}", {"role": "reader"})
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"})
    set_end = "UPDATE project_members SET expires_at = now() + $1::interval WHERE user_id = $2"
    await db.execute(set_end, timedelta(seconds=-1), ended.id)
    await db.execute(set_end, timedelta(hours=1), ending.id)
    tokens = [
        await program_of(alice, "events", "read"),
        await program_of(alice, "read"),
        await program_of(alice, "events", project_ids=[other]),
        await program_of(alice, "events", project_ids=[project]),
        await program_of(alice, "events", vault_ids=[vault]),
    ]
    authenticate = server.app[AUTHENTICATE]
    people = (alice, bob, charlie, admin, *more, *tokens)
    actors = [await authenticate(person.token, "127.0.0.1") for person in people]
    await db.execute("UPDATE users SET status = 'disabled' WHERE id = $1", disabled.id)
    await db.execute("DELETE FROM project_members WHERE user_id = $1", outside.id)
    revoked = await program_of(alice, "events")
    actors.append(await authenticate(revoked.token, "127.0.0.1"))
    await db.execute("UPDATE api_tokens SET revoked_at = now() WHERE id = $1", actors[-1].acting_id)
    actors += [access.SYSTEM, access.ANONYMOUS]

    answers, ends = set[str](), dict[Any, Any]()
    for model, ids in ((Project, (project, other, str(uuid7()))), (Vault, (vault, str(uuid7())))):
        for action in ACTIONS[model]:
            asked = [Question(actor, UUID(row_id), action) for actor in actors for row_id in ids]
            together = await access.roles(model, asked)
            for question, answer in zip(asked, together, strict=True):
                alone = await _alone(model, question)
                assert (answer.role if isinstance(answer, Held) else answer.code) == alone, (model, question)
                answers.add(alone)
                if isinstance(answer, Held) and model is Vault:
                    ends[question.actor.id] = answer.ends_at
    assert ends[ending.id] is not None
    assert ends[bob.id] is None
    assert {"owner", "viewer", "reader", "vault_manager", "admin", "not_found", "forbidden"} <= answers


async def _alone(model: Any, question: Question) -> str:
    """The role that `load` finds, or the code of its refusal."""
    try:
        return (await access.load(question.actor, model, question.row_id, question.action)).role
    except Problem as problem:
        return problem.code
