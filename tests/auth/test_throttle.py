"""The throttle's counters for many networks."""

import asyncio
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.problems import Busy, RateLimited
from server.api.address import network_of
from server.api.watch import WATCH
from server.auth.answers import GATE
from server.auth.passwords import GUESSING, MAX_QUEUED_OF_A_NETWORK, _wide
from server.auth.throttle import GLOBAL_PER_S, MOST_WAITING, Throttle, account_of
from tests.conftest import PASSWORD, Person

EMAIL = "somebody@example.test"


@pytest.fixture
def throttle(server: TestServer) -> Throttle:
    """The running server's throttle."""
    return server.app[GATE].throttle


async def outcome(throttle: Throttle, account: str, ip: str) -> str:
    """Whether an attempt may be verified, or how it is refused."""
    throttle.forget()
    try:
        await throttle.attempt(account, ip)
    except RateLimited as refusal:
        return f"wait {refusal.retry_after_s}"
    return "verify"


async def later(db: asyncpg.Connection, seconds: float) -> None:
    """Moves the counters into the past."""
    await db.execute(
        "UPDATE throttles SET window_started_at = window_started_at - make_interval(secs => $1), "
        "blocked_until = blocked_until - make_interval(secs => $1)",
        seconds,
    )


async def test_the_wait_doubles_up_to_a_quarter_of_an_hour(
    throttle: Throttle, settings: Any, db: asyncpg.Connection
) -> None:
    for _ in range(5):
        assert await outcome(throttle, EMAIL, "198.51.100.1") == "verify"

    waits = []
    for _ in range(7):
        seconds = int((await outcome(throttle, EMAIL, "198.51.100.1")).removeprefix("wait "))
        waits.append(seconds)
        await later(db, seconds)
        await db.execute("DELETE FROM throttles WHERE key LIKE 'account:%'")
        assert await outcome(throttle, EMAIL, "198.51.100.1") == "verify"  # after the wait, one attempt is allowed

    assert [round(wait / 30) for wait in waits] == [1, 2, 4, 8, 16, 30, 30]


async def test_a_quarter_of_an_hour_without_attempts_resets_the_counter(
    throttle: Throttle, db: asyncpg.Connection
) -> None:
    for _ in range(5):
        await outcome(throttle, EMAIL, "198.51.100.1")
    await later(db, 15 * 60 + 31)

    assert [await outcome(throttle, EMAIL, "198.51.100.1") for _ in range(5)] == ["verify"] * 5


async def test_an_account_takes_twenty_guesses_from_all_networks(throttle: Throttle, db: asyncpg.Connection) -> None:
    outcomes = [await outcome(throttle, EMAIL, f"198.51.{number}.1") for number in range(21)]

    assert outcomes[:20] == ["verify"] * 20
    assert outcomes[20].startswith("wait ")
    assert 890 <= int(outcomes[20].removeprefix("wait ")) <= 901
    assert await outcome(throttle, "another@example.test", "198.51.1.1") == "verify"


async def test_refused_guesses_of_one_address_do_not_lock_the_owner_out(throttle: Throttle, settings: Any) -> None:
    outcomes = [await outcome(throttle, EMAIL, "198.51.100.1") for _ in range(40)]

    assert outcomes.count("verify") == 5
    assert await outcome(throttle, EMAIL, "203.0.113.9") == "verify"


async def test_a_network_takes_sixty_failures_and_successes_do_not_count(throttle: Throttle, settings: Any) -> None:
    for number in range(70):  # an office behind one address
        account = f"colleague{number % 50}@example.test"
        assert await outcome(throttle, account, "198.51.100.7") == "verify"
        await throttle.succeeded(account, "198.51.100.7")
    failures = [await outcome(throttle, f"guess{number}@example.test", "198.51.100.8") for number in range(61)]

    assert failures[:60] == ["verify"] * 60
    assert failures[60].startswith("wait ")
    assert await outcome(throttle, "new@example.test", "198.51.101.1") == "verify"


async def test_a_success_refunds_its_own_attempt_only(throttle: Throttle, db: asyncpg.Connection) -> None:
    for number in range(3):
        await outcome(throttle, f"guess{number}@example.test", "198.51.100.8")
    await outcome(throttle, EMAIL, "198.51.100.8")
    await throttle.succeeded(EMAIL, "198.51.100.8")

    rows = {row["key"]: row["count"] for row in await db.fetch("SELECT key, count FROM throttles")}
    assert rows["network:198.51.100.0/24"] == 3
    assert not [key for key in rows if EMAIL in key]
    assert len([key for key in rows if key.startswith("pair:")]) == 3


async def test_a_hundred_failures_in_a_row_disable_the_password(throttle: Throttle, db: asyncpg.Connection) -> None:
    await outcome(throttle, EMAIL, "198.51.100.8")
    await db.execute("UPDATE throttles SET count = 99 WHERE key LIKE 'consecutive:%'")
    assert await outcome(throttle, EMAIL, "203.0.113.1") == "verify"

    await later(db, 86_400)

    assert (await outcome(throttle, EMAIL, "203.0.113.2")).startswith("wait ")


async def test_attempts_and_successes_at_once_neither_wait_for_each_other_nor_miscount(
    throttle: Throttle, db: asyncpg.Connection
) -> None:
    async def sign_in(number: int) -> None:
        account, address = f"user{number % 4}@example.test", f"198.51.{number % 3}.8"
        await outcome(throttle, account, address)
        await throttle.succeeded(account, address)

    for _ in range(5):
        await asyncio.gather(*(sign_in(number) for number in range(48)))
    failed = [await outcome(throttle, EMAIL, "198.51.100.8") for _ in range(2)]

    assert failed == ["verify"] * 2
    rows = await db.fetch("SELECT key, count FROM throttles WHERE key LIKE 'network:%'")
    assert {row["key"]: row["count"] for row in rows if row["count"]} == {"network:198.51.100.0/24": 2}


async def test_at_most_fifty_sign_ins_per_second_are_verified(throttle: Throttle, settings: Any) -> None:
    for number in range(GLOBAL_PER_S):
        throttle._take_place()
        assert len(throttle._recent) == number + 1

    with pytest.raises(Busy) as refused:
        await throttle.attempt(EMAIL, "198.51.100.8")

    assert refused.value.retry_after_s == 1


async def test_blocked_people_take_no_capacity_from_others(
    throttle: Throttle, server: TestServer, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await outcome(throttle, EMAIL, "198.51.100.1")
    with pytest.raises(RateLimited) as first:
        await throttle.attempt(EMAIL, "198.51.100.1")
    places, statements = len(throttle._recent), []
    for connection in server.app[WATCH]._connections:
        connection.add_query_logger(lambda found: statements.append(found.query))

    refusals = await asyncio.gather(
        *(throttle.attempt(EMAIL, f"198.51.100.{number % 200}") for number in range(500)), return_exceptions=True
    )
    asked = list(statements)
    for connection in server.app[WATCH]._connections:
        connection._query_loggers.clear()

    assert {type(found) for found in refusals} == {RateLimited}
    assert {abs(found.retry_after_s - first.value.retry_after_s) <= 1 for found in refusals} == {True}
    assert len(throttle._recent) == places
    assert asked == []
    await throttle.attempt("another@example.test", "203.0.113.7")


@pytest.mark.parametrize("kind", ["account", "consecutive", "network"])
async def test_a_block_of_any_kind_takes_no_slot_from_others(
    throttle: Throttle, db: asyncpg.Connection, kind: str
) -> None:
    key = {"network": "network:198.51.100.0/24"}.get(kind, f"{kind}:{EMAIL}")
    await outcome(throttle, EMAIL, "198.51.100.1")
    await db.execute("UPDATE throttles SET count = 1000 WHERE key = $1", key)
    throttle.forget()

    for _ in range(2 * GLOBAL_PER_S):
        with pytest.raises(RateLimited):
            await throttle.attempt(EMAIL, "198.51.100.1")

    await throttle.attempt("another@example.test", "203.0.113.7")
    assert len(throttle._recent) == 1


async def test_a_block_is_remembered_for_only_a_second(
    throttle: Throttle, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.auth.throttle.REMEMBERED_S", 0.05)
    for _ in range(5):
        await outcome(throttle, EMAIL, "198.51.100.1")
    with pytest.raises(RateLimited):
        await throttle.attempt(EMAIL, "198.51.100.1")

    await db.execute("DELETE FROM throttles")  # as resetting the password in another process does
    await asyncio.sleep(0.06)

    await throttle.attempt(EMAIL, "198.51.100.1")


async def test_one_network_cannot_fill_the_queue_of_hashes(server: TestServer) -> None:
    passwords = server.app[GATE].passwords
    many = [passwords.verify("a wrong password", None, None, network="198.51.100.0/24") for _ in range(60)]
    tasks = [asyncio.create_task(attempt) for attempt in many]
    await asyncio.sleep(0)

    other = await passwords.verify("a wrong password", None, None, network="203.0.113.0/24")
    found = await asyncio.gather(*tasks, return_exceptions=True)

    assert other is False
    assert sum(isinstance(answer, Busy) for answer in found) == 60 - MAX_QUEUED_OF_A_NETWORK
    assert not passwords._queued


@pytest.mark.parametrize("network", ["198.51.{}.0/24", "2001:db8:1:{:x}::/64"])
async def test_hundreds_of_networks_that_guess_do_not_keep_others_from_signing_in(
    server: TestServer, network: str
) -> None:
    passwords = server.app[GATE].passwords
    networks = [network.format(n) for n in range(200)]
    for found in networks:
        passwords._note(_wide(found), fits=False)
    guesses = [passwords.verify("a wrong password", None, None, network=found) for found in networks]
    tasks = [asyncio.create_task(guess) for guess in guesses]
    await asyncio.sleep(0)

    async with asyncio.timeout(30):  # two or three hashes, whatever waits
        await asyncio.gather(
            *(passwords.verify("a right one", None, None, network=f"203.0.{n}.0/24") for n in range(4))
        )
    still_waiting = sum(not task.done() for task in tasks)
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert still_waiting > 10
    assert sum(answer is False for answer in answers) == MAX_QUEUED_OF_A_NETWORK
    passwords._failed.clear()


async def test_a_password_that_fits_ends_the_suspicion(server: TestServer) -> None:
    passwords = server.app[GATE].passwords
    await passwords.verify("a wrong password", None, None, network="198.51.100.0/24")
    guessed = passwords._owner("198.51.100.0/24")
    stored, pepper = await passwords.hash("the right sentence of hers")

    await passwords.verify("the right sentence of hers", stored, pepper, network="198.51.100.0/24")

    assert (guessed, passwords._owner("198.51.100.0/24")) == (GUESSING, "198.51.100.0/24")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("nonsense", "unknown"),
    ],
)
def test_addresses_are_counted_by_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_unparsable_address_is_counted_by_itself() -> None:
    assert account_of(" A@EXAMPLE.test ") == "a@example.test"
    assert account_of("one") != account_of("two")
    assert account_of("\ud800").startswith("malformed:")


@pytest.mark.parametrize(("password", "answers"), [(PASSWORD, [200] * 8), ("not the password", [401] * 5 + [429] * 3)])
async def test_many_simultaneous_sign_ins_do_not_count_as_guessing_nor_allow_more_guesses(
    http: ClientSession, alice: Person, password: str, answers: list[int]
) -> None:
    async def sign_in() -> int:
        body = {"email": alice.email, "password": password}
        async with http.post("/api/v1/auth/login", json=body, headers={"X-Client": "api"}) as response:
            return response.status

    assert sorted(await asyncio.gather(*(sign_in() for _ in range(8)))) == answers


async def test_the_number_of_waiting_sign_ins_per_person_is_limited(throttle: Throttle) -> None:
    started, go_on = [], asyncio.Event()

    async def attempt() -> str:
        try:
            async with throttle.attempted(EMAIL, "198.51.100.9"):
                started.append(1)
                await go_on.wait()
                await throttle.succeeded(EMAIL, "198.51.100.9")
                return "verified"
        except RateLimited:
            return "refused"

    attempts = [asyncio.create_task(attempt()) for _ in range(5 + MOST_WAITING + 3)]
    refused, _ = await asyncio.wait(attempts[-3:])
    go_on.set()

    assert [task.result() for task in refused] == ["refused"] * 3
    assert await asyncio.gather(*attempts[:-3]) == ["verified"] * (5 + MOST_WAITING)
    assert len(started) == 5 + MOST_WAITING
