"""Sign-in: one answer for every failure, limits checked before the password, and one normal form of each password."""

import asyncio
import unicodedata
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.demo import PASSWORD as DEMO_PASSWORD
from core.settings import Settings, SettingsError, load
from server.api.keys import KEYRING
from server.audit import refusals
from server.auth.answers import GATE
from server.auth.passwords import MAX_QUEUED, Passwords, normalised, policy_faults
from server.store.keyring import open_keyring
from tests.conftest import PASSWORD, Person

LOGIN = "/api/v1/auth/login"
WRONG = "not the right password"


async def answer_to(http: ClientSession, email: str, password: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a sign-in, without what differs at every request."""
    headers = {"X-Request-ID": "the-same-request"}
    async with http.post(LOGIN, json={"email": email, "password": password}, headers=headers) as response:
        kept = {name: value for name, value in response.headers.items() if name not in ("Date", "Set-Cookie")}
        return response.status, kept, await response.read()


async def test_every_failure_gets_the_same_bytes(
    http: ClientSession, alice: Person, bob: Person, admin: Person
) -> None:
    await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})
    invited = {"email": "invited@example.test", "display_name": "I", "role": "user"}
    await admin.ok("POST", "/users", invited)

    wrong = await answer_to(http, alice.email, WRONG)
    unknown = await answer_to(http, "nobody@example.test", PASSWORD)
    disabled = await answer_to(http, bob.email, PASSWORD)
    without = await answer_to(http, "invited@example.test", PASSWORD)
    malformed = await answer_to(http, "no address", PASSWORD)
    too_long = await answer_to(http, alice.email, "x" * 2000)

    assert wrong[0] == 401
    assert b'"invalid_credentials"' in wrong[2]
    assert wrong[1]["WWW-Authenticate"] == "Bearer"
    assert wrong == unknown == disabled == without == malformed == too_long


async def test_a_hash_is_computed_even_for_an_unknown_address(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = server.app[GATE].passwords
    verified: list[str] = []
    real = passwords._verify
    monkeypatch.setattr(passwords, "_verify", lambda stored, text: verified.append(stored) or real(stored, text))

    fits = await passwords.verify(PASSWORD, None, None)

    assert not fits
    assert verified == [passwords._dummy]
    assert not passwords.needs_rehash(passwords._dummy)  # uses today's parameters, so it takes as long as a real hash


async def test_a_failure_is_recorded_with_its_network_and_without_the_password(
    http: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    await answer_to(http, alice.email, WRONG)
    await refusals.settle()

    row = await db.fetchrow("SELECT * FROM audit_log WHERE action = 'auth.login' AND outcome = 'failure'")
    assert row["actor_id"] == alice.id
    assert "127.0.0.0/24" in row["details"]
    for table in ("audit_log", "throttles", "idempotency_keys", "events"):
        for stored in await db.fetch(f"SELECT t::text AS row FROM {table} t"):
            assert WRONG not in stored["row"]


async def test_the_sixth_guess_has_to_wait_and_the_right_password_too(http: ClientSession, alice: Person) -> None:
    statuses = [(await answer_to(http, alice.email, WRONG))[0] for _ in range(5)]
    refused = await answer_to(http, alice.email, PASSWORD)
    elsewhere = await answer_to(http, alice.email.upper(), PASSWORD)

    assert statuses == [401] * 5
    assert refused[0] == elsewhere[0] == 429
    assert b'"rate_limited"' in refused[2]
    assert 1 <= int(refused[1]["Retry-After"]) <= 31


async def test_an_unknown_address_is_throttled_like_a_known_one(http: ClientSession, alice: Person) -> None:
    known = [(await answer_to(http, alice.email, WRONG))[0] for _ in range(6)]
    unknown = [(await answer_to(http, "nobody@example.test", WRONG))[0] for _ in range(6)]

    assert known == unknown == [401] * 5 + [429]


async def test_of_thirty_guesses_at_once_five_are_verified(http: ClientSession, alice: Person) -> None:
    answers = await asyncio.gather(*(answer_to(http, alice.email, WRONG) for _ in range(30)))

    assert sorted(status for status, _, _ in answers) == [401] * 5 + [429] * 25


async def test_twelve_right_passwords_at_once_all_sign_in(http: ClientSession, alice: Person) -> None:
    answers = await asyncio.gather(*(answer_to(http, alice.email, PASSWORD) for _ in range(12)))

    assert [status for status, _, _ in answers] == [200] * 12


async def test_others_sign_in_while_one_person_is_refused(http: ClientSession, alice: Person, bob: Person) -> None:
    for _ in range(5):
        await answer_to(http, bob.email, WRONG)

    async def hammer() -> set[int]:
        return {(await answer_to(http, bob.email, WRONG))[0] for _ in range(30)}

    hammering = [asyncio.create_task(hammer()) for _ in range(10)]
    signed_in = {(await answer_to(http, alice.email, PASSWORD))[0] for _ in range(5)}
    refused = set().union(*await asyncio.gather(*hammering))

    assert signed_in == {200}
    assert refused == {429}


async def test_one_counter_covers_every_way_to_enter_a_password(alice: Person) -> None:
    change = {"current_password": WRONG, "new_password": "another long password"}
    for _ in range(3):
        assert await alice.refused("POST", "/auth/reauth", {"password": WRONG}) == (401, "invalid_credentials")
    for _ in range(2):
        assert await alice.refused("POST", "/auth/password/change", change) == (401, "invalid_credentials")

    assert await alice.refused("POST", "/auth/reauth", {"password": PASSWORD}) == (429, "rate_limited")
    assert await alice.refused("POST", "/auth/password/change", change) == (429, "rate_limited")
    login = {"email": alice.email, "password": PASSWORD}
    assert await alice.refused("POST", "/auth/login", login) == (429, "rate_limited")


async def test_a_forwarded_address_is_ignored_without_a_trusted_proxy(http: ClientSession, alice: Person) -> None:
    for number in range(5):
        headers = {"X-Forwarded-For": f"203.0.{number}.7", "Forwarded": f"for=203.0.{number}.7"}
        async with http.post(LOGIN, json={"email": alice.email, "password": WRONG}, headers=headers) as response:
            assert response.status == 401
    async with http.post(
        LOGIN, json={"email": alice.email, "password": PASSWORD}, headers={"X-Forwarded-For": "203.0.9.9"}
    ) as response:
        assert response.status == 429
    assert (await alice.ok("GET", "/auth/sessions"))["items"][0]["network"] == "127.0.0.0/24"


async def test_composed_and_decomposed_spellings_are_the_same_password(
    http: ClientSession, admin: Person, alice: Person
) -> None:
    composed = unicodedata.normalize("NFC", "süße Grüße an alle")
    body = {"email": "ute@example.test", "display_name": "Ute", "role": "user", "password": composed}
    await admin.ok("POST", "/users", body)

    for spelling in (composed, unicodedata.normalize("NFD", composed), composed.replace(" ", "\u00a0")):
        assert (await answer_to(http, "ute@example.test", spelling))[0] == 200


BAD_PASSWORDS = [
    ("x" * 14, "password_too_short"),
    ("\ufb01" * 7, "password_too_short"),  # 7 ligatures are 14 letters
    ("x" * 257, "invalid_field"),
    ("\ufdfa" * 64, "invalid_field"),  # 64 characters that become 1,152 in NFKC
    ("ü" * 513, "invalid_field"),  # 1,026 bytes
    ("", "invalid_field"),
    (DEMO_PASSWORD, "invalid_field"),
]


async def test_a_password_of_a_wrong_length_is_refused(admin: Person) -> None:
    for password, code in BAD_PASSWORDS:
        body = {"email": "new@example.test", "display_name": "N", "role": "user", "password": password}

        async with await admin.send("POST", "/users", body) as response:
            problem = await response.json()

        assert response.status == 422
        assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [("/password", code)]
        assert problem["code"] == code


@pytest.mark.parametrize("password", ["x" * 15, "\ufb01" * 8, "x" * 256, "\ud7ff" * 256, "           \t   x"])
def test_a_password_of_an_allowed_length_is_accepted(password: str) -> None:
    assert policy_faults(password, "/password") == []


@pytest.mark.parametrize("text", ['"\\ud800-lone-surrogate-here"', '"nul \\u0000 in the middle"'])
async def test_text_that_cannot_be_stored_is_422_for_every_password(
    http: ClientSession, alice: Person, text: str
) -> None:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {alice.token}"}
    for path, body in (
        ("login", '{"email": "a@example.test", "password": %s}'),
        ("reauth", '{"password": %s}'),
        ("password/change", '{"current_password": %s, "new_password": "a new long password"}'),
        ("password/change", '{"current_password": "x", "new_password": %s}'),
    ):
        async with http.post(f"/api/v1/auth/{path}", data=body % text, headers=headers) as response:
            assert response.status == 422, path
            assert "surrogate-here" not in await response.text()


def test_invalid_text_is_never_hashed() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        normalised("\ud800" * 15)


async def test_a_hash_with_older_parameters_is_renewed_at_sign_in(
    http: ClientSession, alice: Person, server: TestServer, settings: Settings, db: asyncpg.Connection
) -> None:
    older = Passwords(settings.model_copy(update={"argon2_time": 3}), server.app[GATE].passwords._keyring)
    stored, _ = await older.hash(PASSWORD)
    older.close()
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", alice.id, stored)

    assert (await answer_to(http, alice.email, PASSWORD))[0] == 200

    renewed = await db.fetchval("SELECT password_hash FROM users WHERE id = $1", alice.id)
    assert "t=3" in stored
    assert "t=2" in renewed
    assert (await answer_to(http, alice.email, PASSWORD))[0] == 200


async def test_when_too_many_hashes_wait_a_sign_in_gets_503(
    http: ClientSession, alice: Person, server: TestServer, monkeypatch: pytest.MonkeyPatch, db: asyncpg.Connection
) -> None:
    monkeypatch.setattr(server.app[GATE].passwords, "_queued", Counter({"another network": MAX_QUEUED}))
    places = len(server.app[GATE].throttle._recent)

    status, headers, body = await answer_to(http, alice.email, PASSWORD)

    assert status == 503
    assert b'"busy"' in body
    assert int(headers["Retry-After"]) >= 1
    # It is refused before anything is counted.
    assert len(server.app[GATE].throttle._recent) == places
    assert await db.fetchval("SELECT count(*) FROM throttles") == 0


async def test_a_sign_in_whose_turn_does_not_come_is_503_and_does_not_count(
    http: ClientSession, alice: Person, server: TestServer, monkeypatch: pytest.MonkeyPatch, db: asyncpg.Connection
) -> None:
    lane = server.app[GATE].passwords._lane
    monkeypatch.setattr(lane, "_wait_s", 0.05)
    places = len(server.app[GATE].throttle._recent)

    async with AsyncExitStack() as stack:
        for _ in range(lane._most):
            await stack.enter_async_context(lane.turn("another network"))
        status, _, body = await answer_to(http, alice.email, PASSWORD)

    assert (status, b'"busy"' in body, b"Too many sign-ins" in body) == (503, True, True)
    assert len(server.app[GATE].throttle._recent) == places
    assert await db.fetchval("SELECT max(count) FROM throttles") == 0


@pytest.mark.parametrize(
    ("memory", "time", "allowed"), [(19456, 2, True), (47104, 1, True), (19455, 2, False), (1024, 3, False)]
)
def test_the_server_does_not_start_with_hashes_weaker_than_owasp_recommends(
    memory: int, time: int, allowed: bool
) -> None:
    environ = {"TALLYROOM_ARGON2_MEMORY_KIB": str(memory), "TALLYROOM_ARGON2_TIME": str(time)}
    if allowed:
        load(environ)
    else:
        with pytest.raises(SettingsError, match="TALLYROOM_ARGON2"):
            load(environ)


def test_the_default_hash_is_argon2id_of_64_mib() -> None:
    settings = load({})

    assert (settings.argon2_memory_kib, settings.argon2_time, settings.argon2_lanes) == (65536, 3, 4)


async def test_the_pepper_is_part_of_the_hash(server: TestServer, settings: Settings) -> None:
    passwords = server.app[GATE].passwords
    stored, pepper = await passwords.hash(PASSWORD)
    keyring = passwords._keyring
    other: Any = Passwords(settings, type(keyring)(keyring.provider, {**keyring.application, pepper: bytes(32)}, {}))

    assert await passwords.verify(PASSWORD, stored, pepper)
    assert not await other.verify(PASSWORD, stored, pepper)
    assert stored.startswith("$argon2id$v=19$")
    other.close()


@pytest.mark.parametrize("name", ["pepper-1", "audit"])
async def test_a_lost_key_is_not_replaced_by_another(
    server: TestServer, settings: Settings, db: asyncpg.Connection, name: str
) -> None:
    await db.execute("UPDATE application_keys SET name = 'lost' WHERE name = $1", name)
    try:
        with pytest.raises(SettingsError, match=f"'{name}' is missing.*restore it"):
            await open_keyring(server.app[KEYRING].provider)
    finally:
        await db.execute("UPDATE application_keys SET name = $1 WHERE name = 'lost'", name)

    assert (await open_keyring(server.app[KEYRING].provider)).application == server.app[KEYRING].application
