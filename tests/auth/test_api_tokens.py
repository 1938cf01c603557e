"""API tokens: made once, shown once, listed, and revoked."""

import asyncio
import hashlib
import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from core import log
from core.api_token import PATTERN
from core.ids import uuid7
from models.match import Match, MatchRecord
from tests.auth.programs import EVERYTHING, body, id_of, program_of, program_with
from tests.conftest import PASSWORD, Person


async def test_a_token_is_shown_once_and_only_a_hash_of_its_secret_is_stored(alice: Person, db: Any) -> None:
    made = await alice.ok("POST", "/me/api-tokens", body("read", "events", "read"))
    listed = await alice.ok("GET", "/me/api-tokens")
    stored = await db.fetchrow("SELECT * FROM api_tokens")

    secret = made["token"].rsplit("_", 1)[1]
    assert re.fullmatch(PATTERN, made["token"])
    assert made["token"] == f"{made['prefix']}_{secret}"
    assert listed["items"] == [{name: value for name, value in made.items() if name != "token"}]
    assert made["scopes"] == ["read", "events"]
    assert bytes(stored["hash"]) == hashlib.sha256(secret.encode()).digest()
    assert secret not in repr(dict(stored))


async def test_a_program_does_with_a_token_what_its_owner_may_do(alice: Person, project: str) -> None:
    program = await program_of(alice, "read", "write")

    read = await program.ok("GET", f"/projects/{project}")
    source = await program.ok("POST", f"/projects/{project}/sources", {"name": "Bank"})

    assert read["my_role"] == "owner"
    assert (await program.ok("GET", "/me"))["email"] == alice.email
    assert source["name"] == "Bank"


async def test_a_repeated_request_gets_the_same_token_without_its_secret(alice: Person, db: Any) -> None:
    wanted = body("read")

    first = await alice.ok("POST", "/me/api-tokens", wanted, Idempotency_Key="one")
    again = await alice.ok("POST", "/me/api-tokens", wanted, Idempotency_Key="one")
    other = await alice.refused("POST", "/me/api-tokens", body("write"), Idempotency_Key="one")
    stored = await db.fetchval("SELECT body FROM idempotency_keys")

    assert again == {name: value for name, value in first.items() if name != "token"}
    assert other == (422, "idempotency_mismatch")
    assert first["token"].rsplit("_", 1)[1].encode() not in bytes(stored)
    assert await db.fetchval("SELECT count(*) FROM api_tokens") == 1


async def test_making_one_needs_a_sign_in_or_password_of_the_last_five_minutes(alice: Person, db: Any) -> None:
    await db.execute("UPDATE sessions SET authenticated_at = now() - interval '6 minutes'")

    refused = await alice.refused("POST", "/me/api-tokens", body("read"))
    await alice.ok("POST", "/auth/reauth", {"password": PASSWORD})
    made = await alice.ok("POST", "/me/api-tokens", body("read"))
    await db.execute("UPDATE sessions SET method = 'google', authenticated_at = now() - interval '4 minutes'")
    with_google = await alice.ok("POST", "/me/api-tokens", body("read"))

    assert refused == (403, "step_up_required")
    assert made["token"] != with_google["token"]


async def test_a_revoked_token_works_no_more_and_is_not_listed(alice: Person, bob: Person) -> None:
    program = await program_of(alice, "read")
    path = f"/me/api-tokens/{id_of(program)}"

    foreign = await bob.refused("DELETE", path)
    before = await program.ok("GET", "/me")
    async with await alice.send("DELETE", path) as response:
        status = response.status
    async with await alice.send("DELETE", path) as response:
        again = response.status

    assert foreign == (404, "not_found")
    assert before["id"] == str(alice.id)
    assert (status, again) == (204, 204)
    assert await program.refused("GET", "/me") == (401, "token_revoked")
    assert (await alice.ok("GET", "/me/api-tokens"))["items"] == []


async def test_a_token_ends_at_its_time(alice: Person, db: Any) -> None:
    program = await program_of(alice, "read")
    await db.execute("UPDATE api_tokens SET expires_at = now()")

    assert await program.refused("GET", "/me") == (401, "token_expired")
    assert len((await alice.ok("GET", "/me/api-tokens"))["items"]) == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "  "}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["admin"]}, "/scopes/0"),
        ({"scopes": "read"}, "/scopes"),
        ({"expires_at": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}, "/expires_at"),
        ({"expires_at": (datetime.now(UTC) + timedelta(days=366)).isoformat()}, "/expires_at"),
        ({"expires_at": None}, "/expires_at"),
        ({"project_ids": []}, "/project_ids"),
        ({"project_ids": [str(uuid7())] * 51}, "/project_ids"),
        ({"vault_ids": ["x"]}, "/vault_ids/0"),
        ({"networks": []}, "/networks"),
        ({"networks": ["10.0.0.1/8"]}, "/networks/0"),
        ({"networks": ["fe80::1%eth0"]}, "/networks/0"),
        ({"networks": ["::ffff:10.0.0.0/104"]}, "/networks/0"),
        ({"networks": ["１０.0.0.0/8"]}, "/networks/0"),
        ({"networks": ["10.0.0.0/33"]}, "/networks/0"),
        ({"user_id": str(uuid7())}, "/user_id"),
    ],
)
async def test_a_token_that_cannot_be_is_refused_by_field(alice: Person, change: Any, pointer: str) -> None:
    async with await alice.send("POST", "/me/api-tokens", {**body("read"), **change}) as response:
        problem = await response.json()

    assert response.status == 422, problem
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_projects_and_vaults_that_one_may_not_see_are_refused_like_unknown_ones(
    alice: Person, bob: Person, project: str
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    other = (await alice.ok("POST", "/projects", {"name": "Other"}))["id"]

    async def faults(person: Person, **limits: Any) -> Any:
        async with await person.send("POST", "/me/api-tokens", body("read", "vault:list", **limits)) as response:
            return (await response.json())["errors"]

    hidden = await faults(bob, project_ids=[project], vault_ids=[vault])
    unknown = await faults(bob, project_ids=[str(uuid7())], vault_ids=[str(uuid7())])
    outside = await faults(alice, project_ids=[other], vault_ids=[vault])

    assert hidden == unknown
    assert [fault["pointer"] for fault in hidden] == ["/project_ids/0", "/vault_ids/0"]
    assert [(fault["pointer"], fault["message"]) for fault in outside] == [
        ("/vault_ids/0", "is not in one of the token's projects")
    ]
    made = await alice.ok("POST", "/me/api-tokens", body("vault:list", project_ids=[project], vault_ids=[vault]))
    assert (made["project_ids"], made["vault_ids"]) == ([project], [vault])


async def test_a_person_has_at_most_fifty(alice: Person, bob: Person, db: Any) -> None:
    await program_of(alice, "read")
    await db.execute(
        "INSERT INTO api_tokens SELECT gen_random_uuid(), created_at, updated_at, version, name, hash, scopes, project_ids, "
        "vault_ids, networks, expires_at, last_used_at, revoked_at, user_id FROM api_tokens, generate_series(1, 48)"
    )

    both = await asyncio.gather(*(alice.send("POST", "/me/api-tokens", body("read")) for _ in range(2)))
    refused = next(answer for answer in both if answer.status == 403)
    problem = await refused.json()
    await program_of(bob, "read")

    assert sorted(answer.status for answer in both) == [201, 403]
    assert problem["code"] == "over_limit"
    assert problem["detail"].startswith("You have 50 API tokens. Revoke one")


async def test_the_audit_log_names_the_token_and_finds_its_owner(
    alice: Person, admin: Person, project: str, db: Any
) -> None:
    program = await program_of(alice, "read", "write")
    await program.ok("POST", f"/projects/{project}/sources", {"name": "Bank"})
    await alice.send("DELETE", f"/me/api-tokens/{id_of(program)}")

    mine = await admin.ok("GET", f"/audit?actor_id={alice.id}")
    of_token = await admin.ok("GET", f"/audit?actor_id={id_of(program)}")
    verified = await admin.ok("POST", "/audit/verify")
    event = await db.fetchval("SELECT actor::text FROM events WHERE type = 'source.created'")

    found = {row["action"]: row for row in mine["items"]}
    assert found["source.create"]["actor"] == {"type": "token", "id": id_of(program)}
    assert {row["user_id"] for row in [*mine["items"], *of_token["items"]]} == {str(alice.id)}
    assert [row["action"] for row in of_token["items"]] == ["source.create"]
    for action in ("api_token.create", "api_token.revoke"):
        assert found[action]["actor"] == {"type": "user", "id": str(alice.id)}
        assert found[action]["resource"] == {"type": "api_token", "id": id_of(program)}
    assert verified["intact"] is True
    assert json.loads(event) == {"type": "token", "id": id_of(program)}
    assert program.token.rsplit("_", 1)[1] not in json.dumps(mine)


async def test_the_versions_of_an_entry_name_the_token_that_wrote_them(alice: Person, project: str) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    entry = (await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "one"}))["id"]
    program = await program_of(alice, "vault:write", "vault:reveal")

    await program.ok("POST", f"/entries/{entry}/rotate", {"secret": "two"})
    await program.ok("POST", f"/entries/{entry}/reveal")
    await alice.ok("PATCH", f"/entries/{entry}", {"name": "f"}, if_match=2)
    versions = await alice.ok("GET", f"/entries/{entry}/versions")

    person, token = {"type": "user", "id": str(alice.id)}, {"type": "token", "id": id_of(program)}
    assert [version["actor"] for version in versions["items"]] == [person, token, person]


async def test_a_decision_with_a_token_is_its_owners_and_says_so(alice: Person, project: str, db: Any) -> None:
    sides = []
    for name in ("l", "r"):
        source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"]
        await alice.ok("POST", f"/sources/{source}/records", {"data": {"amount": "1.00"}})
        sides.append(source)
    both = {"left_source": sides[0], "right_source": sides[1]}
    job = UUID((await alice.ok("POST", f"/projects/{project}/jobs", both))["id"])
    pair = await db.fetchval("SELECT pair_id FROM reconciliation_jobs WHERE id = $1", job)
    match = await Match.create(id=uuid7(), job_id=job, pair_id=pair, project_id=UUID(project), status="suggested")
    record = UUID((await alice.ok("GET", f"/sources/{sides[0]}/records"))["items"][0]["id"])
    await MatchRecord.create(match_id=match.id, record_id=record, job_id=job, side="left", confirmed=False)
    program = await program_of(alice, "review", project_ids=[project])

    await program.ok("POST", f"/matches/{match.id}/confirm", {"reason": "nightly"})
    decided = await alice.ok("GET", f"/matches/{match.id}")
    event = await db.fetchrow(
        "SELECT actor::text AS actor, data::text AS data FROM events WHERE type = 'match.confirmed'"
    )

    assert (decided["decided_by"], decided["decided_by_name"]) == (str(alice.id), "Alice")
    assert [entry["actor"] for entry in decided["history"]] == [
        {"type": "token", "id": id_of(program), "name": "Alice"}
    ]
    assert json.loads(event["actor"]) == {"type": "token", "id": id_of(program)}
    assert json.loads(event["data"])["decided_by"] == str(alice.id)


async def test_a_stale_version_is_said_to_be_changed_by_the_person_behind_the_token(
    alice: Person, project: str
) -> None:
    program = await program_of(alice, "write")
    await program.ok("PATCH", f"/projects/{project}", {"name": "April"})

    async with await alice.send("PATCH", f"/projects/{project}", {"name": "May"}, if_match=1) as response:
        problem = await response.json()

    assert (problem["code"], problem["changed_by"]) == ("version_conflict", str(alice.id))


async def test_the_time_of_use_is_written_at_most_once_a_minute_and_nobody_waits_for_it(
    alice: Person, db: asyncpg.Connection
) -> None:
    program = await program_of(alice, "read")
    read = "SELECT last_used_at FROM api_tokens"

    async with db.transaction():
        await db.execute("SELECT 1 FROM api_tokens FOR UPDATE")  # so that the use cannot be written now
        async with asyncio.timeout(5):
            await program.ok("GET", "/me")
        locked = await db.fetchval(read)
    await program.ok("GET", "/me")
    first = await _until_used(db)
    for _ in range(10):
        await program.ok("GET", "/me")
    unchanged = await db.fetchval(read)
    await db.execute("UPDATE api_tokens SET last_used_at = now() - interval '2 minutes'")
    old = await db.fetchval(read)
    await program.ok("GET", "/me")
    later = await _until_used(db, after=old)

    assert locked is None
    assert unchanged == first
    assert later - old > timedelta(seconds=100)


async def _until_used(db: asyncpg.Connection, after: datetime | None = None) -> datetime:
    async with asyncio.timeout(30):
        while True:
            found = await db.fetchval("SELECT last_used_at FROM api_tokens")
            if found is not None and found != after:
                used: datetime = found
                return used
            await asyncio.sleep(0.02)


async def test_a_deleted_persons_tokens_are_revoked_and_say_nothing_any_more(
    alice: Person, admin: Person, bob: Person, db: Any
) -> None:
    program = await program_of(bob, "read", networks=["127.0.0.0/8"])
    await admin.send("DELETE", f"/users/{bob.id}")

    row = await db.fetchrow("SELECT * FROM api_tokens")
    audit = await admin.ok("GET", f"/audit?resource_id={id_of(program)}")

    assert await program.refused("GET", "/me") == (401, "token_revoked")
    assert (row["name"], row["networks"]) == ("", None)
    assert row["revoked_at"] is not None
    assert "api_token.create" in [found["action"] for found in audit["items"]]


def test_tokens_are_left_out_of_logs(caplog: pytest.LogCaptureFixture) -> None:
    token = f"tr_{uuid7().hex}_{'a' * 43}"

    said = log.redact(f"GET failed with {token}, then curl -H 'Authorization: Bearer {token}'")

    assert "a" * 43 not in said
    assert token[:35] in said


@pytest.mark.parametrize("scope", EVERYTHING)
async def test_a_secret_never_reaches_log_or_events(
    alice: Person, db: Any, caplog: pytest.LogCaptureFixture, scope: str
) -> None:
    caplog.set_level(logging.DEBUG)
    program = await program_of(alice, scope)
    await program.send("GET", "/projects")
    await program_with(alice, program.token + "x").send("GET", "/projects")

    secret = program.token.rsplit("_", 1)[1]
    events = await db.fetch("SELECT data::text AS data FROM events")
    assert secret not in caplog.text
    assert secret not in repr([dict(row) for row in events])
