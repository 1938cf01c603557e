"""
How exceptions become answers: those of the database are distinguished from our own, and each is logged with its type
and place.
"""

import logging
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.problems import NotFound, Unavailable
from core.settings import Settings
from server.api.translation import problem_of
from server.project import queries
from server.store import database
from server.store.errors import described, is_of_database
from tests.conftest import Person

SECRET = "SENTINEL-value"


async def _bug(kind: type[Exception]) -> None:
    raise kind(SECRET)


@pytest.mark.parametrize(
    "kind",
    [
        FileNotFoundError,
        TimeoutError,
        ConnectionRefusedError,
        ConnectionResetError,
        BrokenPipeError,
        OSError,
        PermissionError,
        KeyError,
        RuntimeError,
    ],
)
async def test_a_bug_is_logged_and_not_reported_as_an_unavailable_database(
    alice: Person,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: type[Exception],
) -> None:
    monkeypatch.setattr(queries, "view_of", lambda *_: _bug(kind))

    assert await alice.refused("GET", f"/projects/{project}") == (500, "internal")
    assert sum("a request failed" in record.getMessage() for record in caplog.records) == 1


async def test_a_bug_while_handling_a_problem_is_not_reported_as_that_problem(
    alice: Person, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: Any) -> None:
        try:
            raise NotFound
        except NotFound:
            raise KeyError(SECRET)  # noqa: B904 - the point is that it happened at the same time

    monkeypatch.setattr(queries, "view_of", breaks)

    assert await alice.refused("GET", f"/projects/{project}") == (500, "internal")


async def test_exceptions_of_the_driver_mean_an_unavailable_database(settings: Settings, tmp_path: Any) -> None:
    found: list[BaseException] = []
    for address in ({"host": str(tmp_path)}, {"host": "127.0.0.1", "port": 1}):
        try:
            await asyncpg.connect(**address, user="x", database="x")
        except OSError as error:
            found.append(error)
    connection = await database.connect(settings, "tests")
    try:
        await connection.fetch("SELECT pg_sleep(5)", timeout=0.05)
    except TimeoutError as error:
        found.append(error)
    await connection.close()

    assert {type(error) for error in found} == {FileNotFoundError, ConnectionRefusedError, TimeoutError}
    assert [problem_of(error).status for error in found] == [Unavailable.status] * 3
    assert all(is_of_database(error) for error in found)


async def test_a_refusal_caused_by_an_exception_is_logged_with_its_request(
    admin: Person, http: ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with http.post(
            "/api/v1/auth/login", data=f'{{"email": "{SECRET}', headers={"Content-Type": "application/json"}
        ) as response:
            assert response.status == 400
        async with http.get("/api/v1/me", headers={"Authorization": f"Bearer {SECRET}"}) as response:
            assert response.status == 401
        await admin.refused("GET", "/me", if_match=0)

    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    requests = {(line["path"], line["status"]): line for line in lines if line["event"] == "request"}
    assert requests["/api/v1/auth/login", 400]["error"].startswith("JSONDecodeError")
    assert requests["/api/v1/auth/login", 400]["at"].startswith("server.api.body.strict_json:")
    assert requests["/api/v1/me", 401]["error"].startswith("DecodeError")
    assert requests["/api/v1/me", 401]["at"].startswith("server.auth.tokens:")
    assert SECRET not in str(lines)


@pytest.mark.parametrize(
    ("made", "status"),
    [
        (asyncpg.DiskFullError, 507),
        (asyncpg.AdminShutdownError, 503),
        (asyncpg.DeadlockDetectedError, 503),
        (asyncpg.DataError, 422),
    ],
)
async def test_what_is_translated_is_logged_once_with_type_and_place(
    alice: Person,
    project: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    made: type[Exception],
    status: int,
) -> None:
    monkeypatch.setattr(queries, "view_of", lambda *_: _bug(made))

    with caplog.at_level(logging.INFO):
        refused = await alice.refused("GET", f"/projects/{project}")

    told = [record.msg for record in caplog.records if isinstance(record.msg, dict) and "error" in record.msg]
    assert refused[0] == status
    assert len(told) == 1
    assert told[0]["error"] == made.__name__
    assert told[0]["at"].startswith("tests.server.test_translation:")
    assert told[0]["request_id"]
    assert SECRET not in str(told)


@pytest.mark.parametrize(
    ("insert", "status"),
    [
        ("UPDATE users SET email = (SELECT min(email) FROM users)", 409),
        ("INSERT INTO streams SELECT * FROM streams", 500),
    ],
)
async def test_only_a_key_chosen_by_the_caller_is_reported_as_a_duplicate(
    alice: Person, bob: Person, project: str, db: asyncpg.Connection, insert: str, status: int
) -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as raised:
        await db.execute(insert)

    assert problem_of(raised.value).status == status


def test_a_description_names_types_and_never_the_values_they_quote() -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise RuntimeError(SECRET) from error
    except RuntimeError as error:
        found = described(error)

    assert found["error"] == "RuntimeError < ValueError"
    assert SECRET not in str(found)


async def test_a_reveal_that_hits_a_bug_gives_no_secret_but_a_500(
    server: TestServer, alice: Person, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    entry = (await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": SECRET}))["id"]
    monkeypatch.setattr("server.vault.actions.entry.open_entry", lambda *_: _bug(FileNotFoundError))

    async with await alice.send("POST", f"/entries/{entry}/reveal") as response:
        text = await response.text()

    assert response.status == 500
    assert SECRET not in text
