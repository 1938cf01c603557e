"""Sign-in with Google, tested with our own issuer, which can also misbehave."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import jwt
import orjson
import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from server.auth.google.keys import GoogleKeys
from server.auth.google.routes import GOOGLE
from server.auth.google.tokens import Google
from tests.auth.follower import Follower
from tests.auth.issuer import CLIENT_ID, Issuer, start
from tests.conftest import PASSWORD, Person

pytestmark = pytest.mark.integration

SIGN_IN = "/api/v1/auth/google"
API = {"X-Client": "api"}


@pytest.fixture(scope="module")
async def running_issuer() -> AsyncIterator[Issuer]:
    """A running issuer."""
    issuer = Issuer()
    server = await start(issuer)
    yield issuer
    issuer.may_answer.set()
    await server.close()


@pytest.fixture
def issuer(running_issuer: Issuer) -> Issuer:
    """The issuer, reset to good behavior."""
    fresh = Issuer(keys=running_issuer.keys)
    running_issuer.headers, running_issuer.status, running_issuer.body = fresh.headers, 200, None
    running_issuer.keys = {"one": running_issuer.keys["one"]}
    running_issuer.fetches = 0
    running_issuer.may_answer.set()
    return running_issuer


@pytest.fixture
def google(server: TestServer, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Google:
    """The server's Sign-in with Google, before any keys were fetched."""
    found = server.app[GOOGLE]
    assert found is not None
    monkeypatch.setattr(found, "keys", GoogleKeys(issuer.url))
    monkeypatch.setattr(found, "new_people", "off")
    monkeypatch.setattr(found, "domains", frozenset())
    return found


@dataclass
class Browser:
    """A browser, which keeps its cookies."""

    http: ClientSession
    issuer: Issuer

    async def nonce(self) -> str:
        """A nonce for this browser."""
        async with self.http.post("/api/v1/auth/google/nonce") as response:
            assert response.status == 200, await response.text()
            return str((await response.json())["nonce"])

    async def token(self, **claims: Any) -> str:
        """A token with a nonce for this browser."""
        said = {"nonce": await self.nonce()} | claims
        return self.issuer.token(said.pop("nonce"), **said)

    async def sign_in(self, credential: str) -> tuple[int, Any]:
        """Status and body."""
        async with self.http.post(SIGN_IN, json={"credential": credential}, headers=API) as response:
            return response.status, await response.json()

    async def refused(self, credential: str) -> tuple[int, str]:
        """Status and code of a refusal, which must not set a cookie."""
        async with self.http.post(SIGN_IN, json={"credential": credential}) as response:
            assert "rt-" not in response.headers.get("Set-Cookie", "")
            return response.status, (await response.json())["code"]


@asynccontextmanager
async def opened(server: TestServer, issuer: Issuer) -> AsyncIterator[Browser]:
    # To a browser, an address of numbers is a host like any other. This client must be told so.
    async with ClientSession(base_url=server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as session:
        yield Browser(session, issuer)


@pytest.fixture
async def browser(server: TestServer, google: Google, issuer: Issuer) -> AsyncIterator[Browser]:
    """A browser that has received nothing from the server yet."""
    async with opened(server, issuer) as found:
        yield found


@pytest.fixture
async def other_browser(server: TestServer, issuer: Issuer) -> AsyncIterator[Browser]:
    """Another browser."""
    async with opened(server, issuer) as found:
        yield found


@pytest.fixture
def linked(browser: Browser, alice: Person, google: Google) -> Callable[..., Awaitable[Any]]:
    """Links a Google account to Alice's."""

    async def do(sub: str = "alice-at-google", **claims: Any) -> Any:
        return await link(alice, await browser.token(sub=sub, email=alice.email, **claims), browser)

    return do


async def link(person: Person, credential: str, browser: Browser) -> Any:
    """The person's account after linking. The browser sends the request, because the nonce is bound to its cookie."""
    headers = {"Authorization": f"Bearer {person.token}"}
    async with browser.http.post("/api/v1/me/google", json={"credential": credential}, headers=headers) as response:
        return response.status, await response.json()


async def test_a_linked_account_signs_in_and_is_unchanged(
    browser: Browser, alice: Person, linked: Any, db: asyncpg.Connection
) -> None:
    status, me = await linked()
    assert status == 200, me
    assert (status, me["google_linked"], me["has_password"]) == (200, True, True)

    status, answer = await browser.sign_in(await browser.token(sub="alice-at-google", email="other@gmail.com"))

    assert (status, answer["user"]["id"], answer["user"]["email"]) == (200, str(alice.id), alice.email)
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert claims["amr"] == ["google"]
    async with browser.http.get("/api/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"}) as me_now:
        assert me_now.status == 200
    rows = await db.fetch("SELECT action, actor_id FROM audit_log WHERE action LIKE 'auth.%' ORDER BY id")
    assert [row["action"] for row in rows][-2:] == ["auth.google_link", "auth.login"]
    assert {row["actor_id"] for row in rows} == {alice.id}
    assert await db.fetchval("SELECT count(*) FROM login_nonces") == 0


async def test_a_page_gets_a_cookie_and_no_refresh_token(browser: Browser, linked: Any) -> None:
    await linked()
    credential = await browser.token(sub="alice-at-google")

    async with browser.http.post(SIGN_IN, json={"credential": credential}) as response:
        body, cookie = await response.json(), response.headers["Set-Cookie"]

    assert "refresh_token" not in body
    assert cookie.startswith("rt-")
    assert "HttpOnly" in cookie


def rs256_key_as_hmac(issuer: Issuer, nonce: str) -> str:
    """A token signed with HS256 and the client id as its secret."""
    claims = jwt.decode(issuer.token(nonce), options={"verify_signature": False})
    return jwt.encode(claims, CLIENT_ID.ljust(32, "x"), algorithm="HS256", headers={"kid": "one"})


def unsigned(issuer: Issuer, nonce: str) -> str:
    """A token without a signature."""
    claims = jwt.decode(issuer.token(nonce), options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})


def with_header(issuer: Issuer, nonce: str, **more: Any) -> str:
    """A correctly signed token with more in its header."""
    claims = jwt.decode(issuer.token(nonce), options={"verify_signature": False})
    return jwt.encode(claims, issuer.keys["one"], algorithm="RS256", headers={"kid": "one", **more})


def changed_after_signing(issuer: Issuer, nonce: str) -> str:
    """A token whose claims were changed after signing."""
    head, body, signature = issuer.token(nonce).split(".")
    claims = orjson.loads(base64.urlsafe_b64decode(body + "=="))
    body = base64.urlsafe_b64encode(orjson.dumps(claims | {"sub": "somebody"})).decode().rstrip("=")
    return f"{head}.{body}.{signature}"


# Seconds from now, as the token is made: long after this module was loaded.
BAD_TIMES: dict[str, dict[str, int]] = {
    "expired": {"exp": -120},
    "from the future": {"iat": 600},
    "not valid yet": {"nbf": 600},
    "made long ago": {"iat": -900},
}
BAD_CLAIMS: dict[str, dict[str, Any]] = {
    "another client's": {"aud": "other.apps.googleusercontent.com"},
    "a list of audiences": {"aud": [CLIENT_ID]},
    "one of two audiences": {"aud": [CLIENT_ID, "other"]},
    "made for another client": {"azp": "other.apps.googleusercontent.com"},
    "an issuer with a suffix": {"iss": "https://accounts.google.com.evil"},
    "an issuer with a slash": {"iss": "https://accounts.google.com/"},
    "an issuer over http": {"iss": "http://accounts.google.com"},
    "times as texts": {"exp": "9999999999"},
    "a time as a truth": {"iat": True},
    "an address that is not verified": {"email_verified": False},
    "verified in a word": {"email_verified": "true"},
    "verified as a number": {"email_verified": 1},
    "no address": {"email": "nobody"},
    "an address that is not text": {"email": ["nina@acme.test"]},
    "an empty sub": {"sub": ""},
    "a sub that is a number": {"sub": 7},
    "a sub that is too long": {"sub": "9" * 256},
    "a domain that is not text": {"hd": ["acme.test"]},
    "another nonce": {"nonce": "x" * 43},
    "a nonce that is not text": {"nonce": 1},
}


@pytest.mark.parametrize("claims", BAD_CLAIMS.values(), ids=BAD_CLAIMS.keys())
async def test_a_token_with_a_wrong_claim_signs_nobody_in(
    browser: Browser, google: Google, monkeypatch: pytest.MonkeyPatch, linked: Any, claims: dict[str, Any]
) -> None:
    await linked(sub="108204268033311374519")

    assert await browser.refused(await browser.token(**claims)) == (401, "google_token_invalid")
    assert (await browser.sign_in(await browser.token()))[0] == 200


@pytest.mark.parametrize("times", BAD_TIMES.values(), ids=BAD_TIMES.keys())
async def test_a_token_of_another_time_signs_nobody_in(browser: Browser, linked: Any, times: dict[str, int]) -> None:
    await linked(sub="108204268033311374519")
    claims = {name: int(time.time()) + offset for name, offset in times.items()}

    assert await browser.refused(await browser.token(**claims)) == (401, "google_token_invalid")
    assert (await browser.sign_in(await browser.token()))[0] == 200


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp", "iat", "nonce", "email", "email_verified"])
async def test_a_token_without_a_claim_signs_nobody_in(browser: Browser, missing: str) -> None:
    credential = await browser.token(without=(missing,))

    assert await browser.refused(credential) == (401, "google_token_invalid")


@pytest.mark.parametrize(
    "make",
    [
        rs256_key_as_hmac,
        unsigned,
        changed_after_signing,
        lambda issuer, nonce: with_header(issuer, nonce, crit=["exp"], exp=1),
        lambda issuer, nonce: with_header(issuer, nonce, jku=issuer.url),
        lambda issuer, nonce: with_header(issuer, nonce, kid=""),
        lambda issuer, nonce: issuer.token(nonce).rsplit(".", 1)[0] + ".",
        lambda issuer, nonce: issuer.token(nonce) + "A" * 8192,
        lambda *_: "no token",
        lambda *_: "ä.b.c",
    ],
    ids=["HS256", "none", "changed", "crit", "jku", "kid", "unsigned", "long", "text", "not ASCII"],
)
async def test_a_token_that_google_did_not_sign_signs_nobody_in(
    browser: Browser, linked: Any, issuer: Issuer, make: Callable[[Issuer, str], str]
) -> None:
    await linked(sub="108204268033311374519")
    credential = make(issuer, await browser.nonce())

    status, code = await browser.refused(credential)

    assert (status, code) in {(401, "google_token_invalid"), (422, "invalid_field")}


async def test_a_nonce_works_once_and_in_its_own_browser(
    browser: Browser, other_browser: Browser, linked: Any, db: asyncpg.Connection
) -> None:
    await linked()
    credential = await browser.token(sub="alice-at-google")
    late = await browser.token(sub="alice-at-google")

    assert await other_browser.refused(credential) == (401, "google_token_invalid")
    await other_browser.nonce()  # now it has a cookie too
    assert await other_browser.refused(credential) == (401, "google_token_invalid")
    both = await asyncio.gather(*(browser.sign_in(credential) for _ in range(2)))
    await db.execute("UPDATE login_nonces SET expires_at = now()")

    assert sorted(status for status, _ in both) == [200, 401]
    assert await browser.refused(credential) == (401, "google_token_invalid")
    assert await browser.refused(late) == (401, "google_token_invalid")


async def test_the_nonces_of_a_network_are_bounded(browser: Browser, google: Google) -> None:
    answers = []
    for _ in range(121):
        async with browser.http.post("/api/v1/auth/google/nonce", json={}) as response:
            answers.append((response.status, response.headers.get("Retry-After")))

    assert answers == [(200, None)] * 120 + [(429, "60")]


async def test_an_account_with_the_same_address_is_linked_only_after_entering_its_password(
    browser: Browser, alice: Person, google: Google
) -> None:
    credential = await browser.token(sub="new-at-google", email=alice.email.upper(), hd="acme.test")
    for policy in ("off", "invited", "domain"):
        google.new_people, google.domains = policy, frozenset({"acme.test"})
        assert await browser.refused(credential) == (409, "link_required")

    async with browser.http.post(
        "/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}, headers=API
    ) as response:
        signed_in = await response.json()
    alice.token = signed_in["access_token"]
    status, me = await link(alice, credential, browser)
    again = await browser.sign_in(await browser.token(sub="new-at-google", email=alice.email, hd="acme.test"))

    assert (status, me["google_linked"]) == (200, True)
    assert (again[0], again[1]["user"]["id"]) == (200, str(alice.id))


async def test_linking_ends_the_other_sessions_and_needs_a_recent_password(
    server: TestServer, browser: Browser, alice: Person, make_person: Any, linked: Any, db: asyncpg.Connection
) -> None:
    async with browser.http.post(
        "/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}, headers=API
    ) as response:
        elsewhere = (await response.json())["access_token"]
    follower = await Follower.of(server, alice.token, f"user:{alice.id}")
    age = "UPDATE sessions SET authenticated_at = now() - interval '6 minutes'"

    await db.execute(age)
    assert (await linked())[1]["code"] == "step_up_required"
    await alice.ok("POST", "/auth/reauth", {"password": PASSWORD})
    assert (await linked())[0] == 200

    event = (await follower.heard("user.updated"))["data"]
    assert event["changed"] == ["google"]
    async with browser.http.get("/api/v1/me", headers={"Authorization": f"Bearer {elsewhere}"}) as response:
        assert (await response.json())["code"] == "token_revoked"
    await follower.leave()


async def test_unlinking_needs_another_way_to_sign_in(
    browser: Browser, alice: Person, linked: Any, db: asyncpg.Connection
) -> None:
    await linked()
    await db.execute("UPDATE users SET password_hash = NULL WHERE id = $1::text::uuid", str(alice.id))
    without = await alice.refused("DELETE", "/me/google")
    await db.execute("UPDATE users SET password_hash = 'x' WHERE id = $1::text::uuid", str(alice.id))

    await alice.ok("DELETE", "/me/google")
    await alice.ok("DELETE", "/me/google")

    assert without == (403, "forbidden")
    assert (await alice.ok("GET", "/me"))["google_linked"] is False
    assert await browser.refused(await browser.token(sub="alice-at-google")) == (401, "google_token_invalid")


async def test_a_session_from_google_does_not_count_as_a_recent_password(
    browser: Browser, alice: Person, linked: Any
) -> None:
    await linked()
    _, answer = await browser.sign_in(await browser.token(sub="alice-at-google"))
    alice.token = answer["access_token"]

    assert await alice.refused("DELETE", "/me/google") == (403, "step_up_required")
    await alice.ok("POST", "/auth/reauth", {"password": PASSWORD})
    await alice.ok("DELETE", "/me/google")


async def test_a_google_account_belongs_to_one_person(
    browser: Browser, alice: Person, bob: Person, linked: Any
) -> None:
    await linked()

    taken = await link(bob, await browser.token(sub="alice-at-google", email=bob.email), browser)
    second = await linked(sub="another-at-google")

    assert [(status, body["code"]) for status, body in (taken, second)] == [(409, "duplicate")] * 2


POLICIES: dict[str, tuple[str, set[str], dict[str, Any], tuple[int, str]]] = {
    # new people, domains, claims, answer
    "off: a stranger": ("off", set(), {"hd": "acme.test"}, (401, "google_token_invalid")),
    "invited: a stranger": ("invited", set(), {"hd": "acme.test"}, (401, "google_token_invalid")),
    "domain: a stranger of it": ("domain", {"acme.test"}, {"hd": "Acme.TEST"}, (200, "active")),
    "domain: its address alone": ("domain", {"acme.test"}, {}, (401, "google_token_invalid")),
    "domain: another's": ("domain", {"acme.test"}, {"hd": "evil.test"}, (401, "google_token_invalid")),
    "domain: an empty one": ("domain", {"acme.test"}, {"hd": ""}, (401, "google_token_invalid")),
}


@pytest.mark.parametrize(("policy", "domains", "claims", "expected"), POLICIES.values(), ids=POLICIES.keys())
async def test_the_settings_say_whether_new_people_may_sign_in(
    browser: Browser,
    google: Google,
    db: asyncpg.Connection,
    policy: str,
    domains: set[str],
    claims: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    google.new_people, google.domains = policy, frozenset(domains)

    status, answer = await browser.sign_in(await browser.token(**claims))

    assert (status, answer.get("code") or answer["user"]["status"]) == expected
    assert await db.fetchval("SELECT count(*) FROM users") == (status == 200)
    if status == 200:
        assert (answer["user"]["email"], answer["user"]["role"]) == ("nina@acme.test", "user")
        assert (await browser.sign_in(await browser.token(**claims)))[1]["user"]["id"] == answer["user"]["id"]


@pytest.mark.parametrize(
    ("policy", "email", "claims", "expected"),
    [
        ("invited", "nina@acme.test", {"hd": "acme.test"}, (200, "active")),
        ("invited", "nina@gmail.com", {}, (200, "active")),
        # anybody could have verified this address with Google at some time
        ("invited", "nina@acme.test", {}, (409, "link_required")),
        ("off", "nina@acme.test", {"hd": "acme.test"}, (409, "link_required")),
    ],
)
async def test_an_invited_person_can_sign_in_if_google_manages_the_address(
    browser: Browser,
    admin: Person,
    google: Google,
    policy: str,
    email: str,
    claims: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    invited = await admin.ok("POST", "/users", {"email": email, "display_name": "Nina", "role": "manager"})
    google.new_people = policy

    status, answer = await browser.sign_in(await browser.token(email=email, **claims))

    assert (status, answer.get("code") or answer["user"]["status"]) == expected
    if status == 200:
        assert (answer["user"]["id"], answer["user"]["role"]) == (invited["id"], "manager")


async def test_a_disabled_or_deleted_person_cannot_sign_in(
    browser: Browser, admin: Person, alice: Person, linked: Any
) -> None:
    await linked()
    await admin.ok("PATCH", f"/users/{alice.id}", {"status": "disabled"})
    disabled = await browser.refused(await browser.token(sub="alice-at-google"))
    await admin.ok("PATCH", f"/users/{alice.id}", {"status": "active"})
    active = await browser.sign_in(await browser.token(sub="alice-at-google"))
    await admin.ok("DELETE", f"/users/{alice.id}")

    assert disabled == (401, "google_token_invalid")
    assert active[0] == 200
    assert await browser.refused(await browser.token(sub="alice-at-google")) == (401, "google_token_invalid")


async def test_a_network_with_too_many_failed_tokens_is_refused_and_others_are_not(
    browser: Browser, alice: Person, linked: Any, server: TestServer
) -> None:
    await linked()
    limit = 60
    refusals = [await browser.refused("no token") for _ in range(limit)]

    stopped = await browser.refused(await browser.token(sub="alice-at-google"))

    assert set(refusals) == {(401, "google_token_invalid")}
    assert stopped == (429, "rate_limited")


@dataclass
class Clock:
    """A clock that a test sets."""

    at: float = 1000.0

    def __call__(self) -> float:
        return self.at


class TestKeys:
    """Google's keys: fetched once, kept for as long as Google says, and used for a day while Google is unavailable."""

    async def test_they_are_fetched_once_for_many_simultaneous_sign_ins(
        self, browser: Browser, issuer: Issuer, google: Google
    ) -> None:
        credentials = [await browser.token() for _ in range(5)]
        issuer.may_answer.clear()
        asked = [asyncio.create_task(browser.sign_in(credential)) for credential in credentials]
        while not issuer.fetches:
            await asyncio.sleep(0.01)
        issuer.may_answer.set()
        await asyncio.gather(*asked)

        assert issuer.fetches == 1

    async def test_a_hundred_unknown_keys_cause_one_fetch(self, issuer: Issuer) -> None:
        keys = GoogleKeys(issuer.url)
        await keys.find("one")

        found = await asyncio.gather(*(keys.find(f"unknown-{n}") for n in range(100)))

        assert set(found) == {None}
        assert issuer.fetches == 1  # the first one was a moment ago

    async def test_a_new_key_is_found_after_a_minute(self, issuer: Issuer) -> None:
        clock = Clock()
        keys = GoogleKeys(issuer.url, clock)
        await keys.find("one")
        issuer.keys = issuer.keys | {"two": issuer.keys["one"]}
        clock.at += 61

        assert await keys.find("two") is not None
        assert issuer.fetches == 2

    @pytest.mark.parametrize(
        ("header", "after_s", "fetches"),
        [
            ("public, max-age=7200, must-revalidate", 7000, 1),
            ("public, max-age=7200", 7300, 2),
            ("max-age=1", 50, 1),
            ("no-store", 61, 2),
            ("", 3500, 1),
            ("", 3700, 2),
            ("max-age=99999999999999", 86_000, 1),
        ],
    )
    async def test_they_are_kept_as_long_as_google_says(
        self, issuer: Issuer, header: str, after_s: float, fetches: int
    ) -> None:
        issuer.headers = {"Cache-Control": header} if header else {}
        clock = Clock()
        keys = GoogleKeys(issuer.url, clock)
        await keys.find("one")
        clock.at += after_s

        await keys.find("one")

        assert issuer.fetches == fetches

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (500, b"{}"),
            (302, b""),
            (200, b"no JSON"),
            (200, b"[]"),
            (200, b'{"keys": []}'),
            (200, b'{"keys": [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]}'),
            (200, b'{"keys": [' + b" " * 300_000 + b"]}"),
        ],
        ids=["500", "redirect", "no JSON", "a list", "empty", "symmetric", "long"],
    )
    async def test_without_keys_the_answer_is_503_and_old_keys_still_work(
        self,
        browser: Browser,
        linked: Any,
        google: Google,
        issuer: Issuer,
        status: int,
        body: bytes,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        clock = Clock()
        monkeypatch.setattr(google, "keys", GoogleKeys(issuer.url, clock))
        await linked()
        credential = await browser.token(sub="alice-at-google")
        issuer.status, issuer.body, issuer.headers = status, body, {"Location": issuer.url}
        old, none = google.keys, GoogleKeys(issuer.url)

        monkeypatch.setattr(google, "keys", none)
        assert await browser.refused(credential) == (503, "unavailable")
        assert await browser.refused(credential) == (503, "unavailable")
        tried = issuer.fetches
        monkeypatch.setattr(google, "keys", old)
        clock.at += 3601
        assert (await browser.sign_in(credential))[0] == 200
        clock.at += 86_400
        assert await browser.refused(await browser.token(sub="alice-at-google")) == (503, "unavailable")

        assert tried == 2  # one for the link and one more; within seconds of a failure, nothing is fetched

    async def test_a_small_key_is_not_used(self, issuer: Issuer) -> None:
        weak = generate_private_key(65537, 1024).public_key()
        small, good = (
            jwt.algorithms.RSAAlgorithm.to_jwk(key, as_dict=True) for key in (weak, issuer.keys["one"].public_key())
        )
        issuer.body = orjson.dumps({"keys": [{**small, "kid": "small"}, {**good, "kid": "good"}]})
        keys = GoogleKeys(issuer.url)

        assert await keys.find("small") is None
        assert await keys.find("good") is not None


async def test_a_slow_google_delays_nobody_else(
    browser: Browser, issuer: Issuer, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.auth.google.keys.FETCH_S", 0.5)
    credential = await browser.token()
    issuer.may_answer.clear()

    waiting = asyncio.create_task(browser.refused(credential))
    while not issuer.fetches:
        await asyncio.sleep(0.01)
    await alice.ok("GET", "/me")
    assert not waiting.done()

    assert await waiting == (503, "unavailable")


async def test_the_ways_to_sign_in_are_listed(http: ClientSession, google: Google) -> None:
    async with http.get("/api/v1/auth/methods") as response:
        assert await response.json() == {"password": True, "google": {"client_id": CLIENT_ID}}
