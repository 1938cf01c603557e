"""Log lines from clients: stored without secrets, and limited in size and rate."""

import time
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession

from core.log import redact
from server.log.actions import Allowance
from tests.conftest import Person


async def test_lines_are_stored_with_and_without_a_token(
    http: ClientSession, alice: Person, admin: Person, db: asyncpg.Connection
) -> None:
    line = {"level": "WARN", "message": "lost", "timestamp": "2026-01-01T00:00:00Z", "metadata": {"tab": 3}}
    for path in ("/api/v1/logs", "/api/logs"):
        async with http.post(path, json={"logs": [line, {"level": "error", "message": "again"}]}) as response:
            assert response.status == 202
            assert await response.json() == {"accepted": 2, "rejected": 0}
    await alice.ok("POST", "/logs", {"logs": [line]}, **{"X-Request-ID": "request-of-alice"})

    page = await admin.ok("GET", "/logs?level=warning")
    assert page["total"] == 3
    newest = page["items"][0]
    assert newest["user_id"] == str(alice.id)
    assert newest["request_id"] == "request-of-alice"
    assert newest["metadata"] == {"tab": 3}
    assert newest["timestamp"] == "2026-01-01T00:00:00+00:00"
    assert await alice.refused("GET", "/logs") == (403, "forbidden")


async def test_secrets_in_lines_are_not_kept(http: ClientSession, db: asyncpg.Connection) -> None:
    line = {
        "level": "error",
        "message": "failed with Bearer abc.SENTINEL",
        "metadata": {"password": "SENTINEL", "deep": {"Authorization": "SENTINEL"}},
    }
    async with http.post("/api/logs", json={"logs": [line]}) as response:
        assert response.status == 202

    assert "SENTINEL" not in await db.fetchval("SELECT t::text FROM log_entries t")


@pytest.mark.parametrize("begun", ["eyJ-", "eyJ.", "rt1.", "postgres://", "postgres://u:", "Bearer ", "Bearer\t\t"])
def test_masking_takes_time_in_proportion_to_the_text(begun: str) -> None:
    def taken_s(length: int) -> float:
        text = (begun * length)[:length]
        began = time.thread_time()
        redact(text)
        return time.thread_time() - began

    assert taken_s(400_000) < 0.5  # takes minutes if each position is compared with the whole rest


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("x-eyJa.b.c!", "x-***!"),
        ("eyJa.eyJb.c.d", "***.d"),
        ("eyJa.b eyJc.d.e", "eyJa.b ***"),
        ("rt1.a.b rt1.a", "*** rt1.a"),
        ("postgres://u:p@h/d", "postgres://u:***@h/d"),
        ("postgresql://h:5432/rt1.a.b", "postgresql://h:5432/***"),
        ("bearer  a.b Bearer", "bearer  *** Bearer"),
    ],
)
def test_secrets_inside_texts_are_masked(text: str, masked: str) -> None:
    assert redact(text) == masked


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"logs": []},
        {"logs": [{"level": "error", "message": "x"}] * 101},
        {"logs": [{"level": "loud", "message": "x"}]},
        {"logs": [{"level": "error", "message": 5}]},
        {"logs": [{"level": "error", "message": "x", "user_id": "y"}]},
        {"logs": [{"level": "error", "message": "x", "metadata": {"k": "v" * 9000}}]},
        {"logs": [{"level": "error", "message": "x" * 10_001}]},
    ],
)
async def test_malformed_lines_are_refused(http: ClientSession, body: Any, db: asyncpg.Connection) -> None:
    async with http.post("/api/logs", json=body) as response:
        assert response.status == 422

    assert await db.fetchval("SELECT count(*) FROM log_entries") == 0


def test_each_network_has_its_own_allowance() -> None:
    allowance = Allowance(100, 1_000_000)

    assert allowance.take("10.0.0.1", [1] * 80) == 80
    assert allowance.take("10.0.0.7", [1] * 80) == 20  # the same network
    assert allowance.take("10.0.0.1", [1]) == 0
    assert allowance.take("10.9.0.1", [1] * 80) == 80
    for network in range(200):
        allowance.take(f"11.{network}.0.1", [1] * 100)
    assert allowance.take("12.0.0.1", [1] * 100) < 100  # there is a limit for all together too


def test_bytes_are_limited_whatever_the_number_of_lines() -> None:
    allowance = Allowance(1000, 100_000)

    assert allowance.take("10.0.0.1", [30_000] * 5) == 3
    assert allowance.take("10.0.0.1", [30_000]) == 0
    assert allowance.take("10.0.0.1", [5_000, 30_000, 1]) == 1  # in order: no line is skipped for a shorter one
    assert 14 <= allowance.wait_s("10.0.0.1", 30_000) <= 16  # 25,000 bytes are missing, at 100,000 a minute
    assert allowance.take("10.9.0.1", [30_000] * 5) == 3


async def test_long_lines_are_refused_before_they_fill_the_disk(http: ClientSession, db: asyncpg.Connection) -> None:
    line = {"level": "error", "message": "x" * 10_000, "metadata": {"k": "v" * 8_000}}
    answers = []
    for _ in range(4):
        async with http.post("/api/logs", json={"logs": [line] * 50}) as response:
            answers.append((response.status, response.headers.get("Retry-After")))

    stored = await db.fetchval("SELECT sum(octet_length(message) + octet_length(metadata::text)) FROM log_entries")
    assert answers[0] == (202, None)
    assert answers[-1][0] == 429
    assert 1 <= int(answers[-1][1] or 0) <= 60
    assert stored <= 140_000


async def test_a_line_that_is_far_too_long_is_refused_before_it_is_parsed(http: ClientSession) -> None:
    line = {"level": "error", "message": "x" * 200_000}
    async with http.post("/api/logs", json={"logs": [line]}) as response:
        problem = await response.json()

    assert (response.status, problem["code"]) == (413, "too_large")
