"""Refresh tokens: each works once, in cookies for pages and in bodies for programs."""

import asyncio
import itertools
from http.cookies import SimpleCookie
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientResponse, ClientSession
from aiohttp.test_utils import TestServer

from server.auth.sessions import MAX_SESSIONS
from tests.conftest import PASSWORD, Person

API = {"X-Client": "api"}
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"


async def refresh(http: ClientSession, token: str, key: str | None = None) -> tuple[int, dict[str, Any]]:
    """Status and body of a refresh by a program."""
    headers = API | ({"Idempotency-Key": key} if key else {})
    async with http.post(REFRESH, json={"refresh_token": token}, headers=headers) as response:
        return response.status, await response.json()


async def is_signed_in(http: ClientSession, token: str) -> bool:
    """Whether an access token works."""
    async with http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status == 200


async def test_each_refresh_gives_the_next_token(http: ClientSession, alice: Person) -> None:
    token, seen = alice.refresh_token, {alice.refresh_token}
    for _ in range(3):
        status, body = await refresh(http, token)
        assert status == 200
        assert await is_signed_in(http, body["access_token"])
        token = body["refresh_token"]
        seen.add(token)

    assert len(seen) == 4


async def test_a_second_use_ends_the_family_and_is_published_and_audited(
    http: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    _, first = await refresh(http, alice.refresh_token)

    status, problem = await refresh(http, alice.refresh_token)

    assert (status, problem["code"]) == (401, "refresh_reused")
    assert (await refresh(http, first["refresh_token"]))[1]["code"] == "refresh_invalid"
    assert not await is_signed_in(http, first["access_token"])
    events = await db.fetch("SELECT type, data FROM events WHERE stream = $1", f"user:{alice.id}")
    session = await db.fetchval("SELECT id FROM sessions")
    assert [event["type"] for event in events] == ["session.revoked"]
    assert str(session) in events[0]["data"]
    audit = await db.fetchrow("SELECT * FROM audit_log WHERE action = 'auth.refresh_reuse'")
    assert (audit["outcome"], audit["resource_id"]) == ("failure", str(session))


async def test_of_concurrent_uses_one_succeeds_and_the_family_ends(http: ClientSession, alice: Person) -> None:
    answers = await asyncio.gather(*(refresh(http, alice.refresh_token) for _ in range(8)))

    assert sorted(status for status, _ in answers) == [200] + [401] * 7
    winner = next(body for status, body in answers if status == 200)
    assert (await refresh(http, winner["refresh_token"]))[0] == 401


async def test_a_repeated_request_replaces_a_lost_answer(
    http: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    _, lost = await refresh(http, alice.refresh_token, "a-retry")
    status, found = await refresh(http, alice.refresh_token, "a-retry")
    again, newest = await refresh(http, alice.refresh_token, "a-retry")

    assert (status, again) == (200, 200)
    assert len({lost["refresh_token"], found["refresh_token"], newest["refresh_token"]}) == 3
    assert await db.fetchval("SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL AND used_at IS NULL") == 1
    assert (await refresh(http, newest["refresh_token"]))[0] == 200


@pytest.mark.parametrize("how", ["another key", "no key", "late", "child used"])
async def test_anything_but_an_exact_repetition_counts_as_reuse(
    http: ClientSession, alice: Person, db: asyncpg.Connection, how: str
) -> None:
    _, first = await refresh(http, alice.refresh_token, "a-retry")
    if how == "late":
        await db.execute("UPDATE refresh_tokens SET used_at = used_at - interval '61 s' WHERE used_at IS NOT NULL")
    if how == "child used":
        await refresh(http, first["refresh_token"])

    key = {"another key": "another", "no key": None}.get(how, "a-retry")
    status, problem = await refresh(http, alice.refresh_token, key)

    assert (status, problem["code"]) == (401, "refresh_reused")


async def test_the_token_of_a_lost_answer_is_refused_later(http: ClientSession, alice: Person) -> None:
    _, lost = await refresh(http, alice.refresh_token, "a-retry")
    await refresh(http, alice.refresh_token, "a-retry")

    assert (await refresh(http, lost["refresh_token"]))[1]["code"] == "refresh_invalid"


NO_TOKENS = [
    "",
    "x",
    "rt1..",
    "rt1.AAAAAAAAAAAAAAAAAAAAAA.",
    "rt1.AAAAAAAAAAAAAAAAAAAAAA." + "B" * 43,
    "rt2.a.b",
    "é" * 80,
]


async def test_a_malformed_refresh_token_is_invalid(http: ClientSession, settings: Any) -> None:
    for token in NO_TOKENS:
        status, problem = await refresh(http, token)

        assert (status, problem["code"]) == (401, "refresh_invalid")


async def test_a_known_lookup_with_a_wrong_secret_is_invalid_and_ends_nothing(
    http: ClientSession, alice: Person
) -> None:
    kind, lookup, secret = alice.refresh_token.split(".")

    status, problem = await refresh(http, f"{kind}.{lookup}.{secret[::-1]}")

    assert (status, problem["code"]) == (401, "refresh_invalid")
    assert (await refresh(http, alice.refresh_token))[0] == 200


async def test_only_a_digest_of_the_secret_is_stored(alice: Person, db: asyncpg.Connection) -> None:
    _, lookup, secret = alice.refresh_token.split(".")

    row = await db.fetchval("SELECT t::text FROM refresh_tokens t WHERE lookup = $1", lookup)

    assert row
    assert secret not in row


async def test_a_session_ends_after_its_idle_and_absolute_limits(
    http: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    times = "SELECT extract(epoch FROM expires_at - now())::int FROM "
    assert abs(await db.fetchval(times + "refresh_tokens") - 12 * 3600) < 60
    assert abs(await db.fetchval(times + "sessions") - 24 * 3600) < 60

    await db.execute("UPDATE sessions SET expires_at = now() + interval '1 hour'")
    _, body = await refresh(http, alice.refresh_token)
    assert await db.fetchval(times + "refresh_tokens WHERE used_at IS NULL") <= 3600  # never after the session's end

    await db.execute("UPDATE sessions SET expires_at = now() - interval '1 s'")
    assert (await refresh(http, body["refresh_token"]))[1]["code"] == "refresh_invalid"
    assert not await is_signed_in(http, body["access_token"])


async def test_an_idle_session_is_not_refreshed(http: ClientSession, alice: Person, db: asyncpg.Connection) -> None:
    await db.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 s'")

    assert (await refresh(http, alice.refresh_token))[1]["code"] == "refresh_invalid"


async def test_a_remembered_device_stays_signed_in_for_thirty_days(
    http: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    body = {"email": alice.email, "password": PASSWORD, "remember": True}
    async with http.post("/api/v1/auth/login", json=body) as response:
        cookie = SimpleCookie(response.headers["Set-Cookie"])["rt-0"]

    assert abs(int(cookie["max-age"]) - 30 * 86_400) < 60
    days = await db.fetchval("SELECT extract(epoch FROM max(expires_at) - now()) / 86400 FROM sessions")
    assert 29.9 < days < 30.1


async def test_when_there_are_too_many_sessions_the_oldest_ends(
    http: ClientSession, alice: Person, db: asyncpg.Connection, server: TestServer
) -> None:
    body = {"email": alice.email, "password": PASSWORD}
    for _ in range(MAX_SESSIONS):
        async with http.post("/api/v1/auth/login", json=body, headers=API) as response:
            newest = await response.json()

    assert await db.fetchval("SELECT count(*) FROM sessions WHERE revoked_at IS NULL") == MAX_SESSIONS == 20
    assert not await is_signed_in(http, alice.token)
    assert (await refresh(http, alice.refresh_token))[1]["code"] == "refresh_invalid"
    assert await is_signed_in(http, newest["access_token"])


# -- cookies -----------------------------------------------------------------------------------------------------------


class Browser:
    """
    Sends requests as a page of the dashboard does. It sets the cookie itself, so that a test can also send it from
    another origin.
    """

    def __init__(self, http: ClientSession, origin: str, cookie: str) -> None:
        self.http, self.origin, self.cookie = http, origin, cookie

    async def post(self, path: str, body: Any = None, **changes: str | None) -> ClientResponse:
        """Sends a request as the page does, with headers changed or (None) left out."""
        given = {
            "Origin": self.origin,
            "X-Requested-With": "tallyroom",
            "Cookie": f"rt-0={self.cookie}",
            **{name.replace("_", "-"): value for name, value in changes.items()},
        }
        headers = {name: value for name, value in given.items() if value is not None}
        if isinstance(body, str):
            return await self.http.post(path, data=body, headers=headers)
        return await self.http.post(path, json={} if body is None else body, headers=headers)


@pytest.fixture
async def browser(http: ClientSession, alice: Person, settings: Any) -> Browser:
    """Alice's browser, signed in."""
    async with http.post("/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}) as response:
        body = await response.json()
        cookie = SimpleCookie(response.headers["Set-Cookie"])["rt-0"]
    assert "refresh_token" not in body
    http.cookie_jar.clear()
    return Browser(http, settings.base_url, cookie.value)


async def test_the_cookie_is_for_this_server_and_no_script(http: ClientSession, alice: Person) -> None:
    async with http.post("/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}) as response:
        cookie = SimpleCookie(response.headers["Set-Cookie"])["rt-0"]

    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Strict", "/", "")
    assert abs(int(cookie["max-age"]) - 12 * 3600) < 60


async def test_a_program_gets_its_token_in_the_body_and_no_cookie(http: ClientSession, alice: Person) -> None:
    async with http.post(
        "/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}, headers=API
    ) as response:
        assert "Set-Cookie" not in response.headers
        token = (await response.json())["refresh_token"]
    async with http.post(REFRESH, json={"refresh_token": token}) as response:
        assert "Set-Cookie" not in response.headers
        assert (await response.json())["refresh_token"].startswith("rt1.")


async def test_a_page_refreshes_with_its_cookie(browser: Browser) -> None:
    response = await browser.post(REFRESH)

    assert response.status == 200
    assert "refresh_token" not in await response.json()
    browser.cookie = SimpleCookie(response.headers["Set-Cookie"])["rt-0"].value
    assert (await browser.post(REFRESH, Origin=None, Sec_Fetch_Site="same-origin")).status == 200


async def test_no_script_can_read_the_token_in_the_cookie(browser: Browser) -> None:
    response = await browser.post(REFRESH, X_Client="api")

    assert response.status == 401
    assert "rt1." not in await response.text()
    assert (await browser.post(REFRESH)).status == 200  # and the token was not used up


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:0.evil.example"},
    {"Origin": "https://127.0.0.1:0"},
    {"Origin": None},
    {"Origin": None, "Sec-Fetch-Site": "same-site"},
    {"Origin": None, "Sec-Fetch-Site": "cross-site"},
    {"Origin": None, "Sec-Fetch-Site": "none"},
    {"X-Requested-With": None},
    {"X-Requested-With": "XMLHttpRequest"},
]


async def test_a_request_from_another_origin_is_refused(browser: Browser) -> None:
    for path, changes in itertools.product((REFRESH, LOGOUT), FOREIGN):
        response = await browser.post(path, **changes)

        assert (response.status, (await response.json())["code"]) == (403, "csrf")
        assert "Set-Cookie" not in response.headers
    assert (await browser.post(REFRESH)).status == 200


FORMS = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]


async def test_a_request_that_a_form_could_send_is_refused(browser: Browser) -> None:
    for path, kind in itertools.product((REFRESH, LOGOUT), FORMS):
        response = await browser.post(path, "{}", Content_Type=kind)

        assert (response.status, (await response.json())["code"]) == (415, "unsupported_media_type")
    assert (await browser.post(REFRESH)).status == 200


async def test_the_cookie_authenticates_nothing_else(browser: Browser) -> None:
    for method, path in (("GET", "/api/v1/me"), ("GET", "/api/v1/auth/sessions"), ("POST", "/api/v1/projects")):
        async with browser.http.request(
            method, path, json={"name": "x"}, headers={"Cookie": f"rt-0={browser.cookie}"}
        ) as response:
            assert response.status == 401


async def test_logout_ends_the_family_and_the_cookie(browser: Browser, db: asyncpg.Connection) -> None:
    response = await browser.post(LOGOUT)
    cookie = SimpleCookie(response.headers["Set-Cookie"])["rt-0"]

    assert response.status == 204
    assert (cookie.value, cookie["max-age"], cookie["path"], cookie["samesite"]) == ("", "0", "/", "Strict")
    assert (await browser.post(REFRESH)).status == 401
    assert (await browser.post(LOGOUT)).status == 204
    assert await db.fetchval("SELECT count(*) FROM audit_log WHERE action = 'auth.logout'") == 1
    async with browser.http.get(LOGOUT) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


async def test_logout_of_a_program_revokes_at_once(http: ClientSession, alice: Person) -> None:
    async with http.post(LOGOUT, json={"refresh_token": alice.refresh_token}, headers=API) as response:
        assert response.status == 204

    assert not await is_signed_in(http, alice.token)
    assert (await refresh(http, alice.refresh_token))[0] == 401
