"""Sessions and passwords: what ends them, how soon, and what continues."""

from datetime import timedelta
from typing import Any

import asyncpg
import jwt
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from core.clock import now
from core.ids import uuid7
from server.auth.answers import GATE
from tests.auth.follower import Follower, refusal_of
from tests.conftest import PASSWORD, Person

API = {"X-Client": "api"}
NEW = "another long password"
CHANGE = {"current_password": PASSWORD, "new_password": NEW}


async def sign_in(http: ClientSession, person: Person, password: str = PASSWORD, **headers: str) -> Person:
    """A second sign-in of a person."""
    async with http.post(
        "/api/v1/auth/login", json={"email": person.email, "password": password}, headers=API | headers
    ) as response:
        body = await response.json()
        assert response.status == 200, body
    return Person(http, person.id, person.email, body["access_token"], body["refresh_token"])


async def refresh_of(http: ClientSession, token: str) -> tuple[int, dict[str, Any]]:
    """Status and body of a refresh."""
    async with http.post("/api/v1/auth/refresh", json={"refresh_token": token}) as response:
        return response.status, await response.json()


async def test_people_see_their_own_sign_ins(http: ClientSession, alice: Person, bob: Person) -> None:
    await sign_in(http, alice, User_Agent="x")
    await sign_in(http, alice, **{"User-Agent": "Mozilla/5.0 (X11) Gecko/20100101 Firefox/140.0"})

    listed = await alice.ok("GET", "/auth/sessions")

    assert listed["total"] == 3
    assert set(listed["items"][0]) == {"id", "created_at", "last_used_at", "network", "client", "current"}
    assert [item["current"] for item in listed["items"]].count(True) == 1
    assert {item["client"] for item in listed["items"]} == {"python", "Firefox"}
    assert (await bob.ok("GET", "/auth/sessions"))["total"] == 1


async def test_people_can_end_only_their_own_sessions(http: ClientSession, alice: Person, bob: Person) -> None:
    other = await sign_in(http, alice)
    mine = next(item for item in (await other.ok("GET", "/auth/sessions"))["items"] if item["current"])

    assert await bob.refused("DELETE", f"/auth/sessions/{mine['id']}") == (404, "not_found")
    assert await alice.refused("DELETE", f"/auth/sessions/{uuid7()}") == (404, "not_found")
    await alice.ok("DELETE", f"/auth/sessions/{mine['id']}")
    await alice.ok("DELETE", f"/auth/sessions/{mine['id']}")

    assert await other.refused("GET", "/me") == (401, "token_revoked")
    assert (await refresh_of(http, other.refresh_token))[0] == 401
    await alice.ok("GET", "/me")


async def test_a_new_password_ends_all_other_sessions(
    http: ClientSession, alice: Person, server: TestServer, db: asyncpg.Connection
) -> None:
    other = await sign_in(http, alice)
    here = await Follower.of(server, alice.token)
    there = await Follower.of(server, other.token)
    session = next(item["id"] for item in (await alice.ok("GET", "/auth/sessions"))["items"] if item["current"])

    async with await alice.send("POST", "/auth/password/change", CHANGE, X_Client="api") as response:
        granted = await response.json()

    assert response.status == 200
    assert set(granted) == {"access_token", "token_type", "expires_in", "user", "refresh_token"}
    assert await there.closed() == ["auth.revoked", "closing"]
    changed = Person(http, alice.id, alice.email, granted["access_token"], granted["refresh_token"])
    assert [item["id"] for item in (await changed.ok("GET", "/auth/sessions"))["items"]] == [session]
    assert (await here.call("auth.refresh", {"token": changed.token}))["ok"]
    for old in (alice, other):
        assert await old.refused("GET", "/me") == (401, "token_revoked")
        assert (await refresh_of(http, old.refresh_token))[0] == 401
    assert (await refresh_of(http, changed.refresh_token))[0] == 200
    async with http.post("/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}) as response:
        assert response.status == 401
    await sign_in(http, alice, NEW)
    row = await db.fetchrow("SELECT * FROM audit_log WHERE action = 'auth.password_change'")
    assert (row["actor_id"], row["outcome"]) == (alice.id, "success")
    await here.leave()


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"current_password": PASSWORD, "new_password": "x" * 14}, 422, "/new_password"),
        ({"current_password": PASSWORD, "new_password": PASSWORD}, 422, "/new_password"),
        ({"current_password": PASSWORD, "new_password": "x" * 257}, 422, "/new_password"),
        ({"current_password": PASSWORD}, 422, "/new_password"),
        ({"new_password": NEW}, 422, "/current_password"),
        ({"current_password": "wrong", "new_password": NEW}, 401, None),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(
    http: ClientSession, alice: Person, body: dict[str, str], status: int, pointer: str | None
) -> None:
    async with await alice.send("POST", "/auth/password/change", body) as response:
        problem = await response.json()

    assert response.status == status
    assert [fault["pointer"] for fault in problem["errors"]] == ([pointer] if pointer else [])
    await alice.ok("GET", "/me")
    await sign_in(http, alice)


async def test_a_sign_in_verified_against_the_old_password_fails(
    http: ClientSession, alice: Person, server: TestServer, db: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = server.app[GATE].passwords
    verify = passwords.verify

    async def changed_meanwhile(*values: Any, **named: Any) -> bool:
        fits = await verify(*values, **named)
        await db.execute("UPDATE users SET password_changed_at = now() WHERE id = $1", alice.id)
        return fits

    monkeypatch.setattr(passwords, "verify", changed_meanwhile)

    async with http.post("/api/v1/auth/login", json={"email": alice.email, "password": PASSWORD}) as response:
        assert (response.status, (await response.json())["code"]) == (401, "invalid_credentials")
    assert await alice.refused("POST", "/auth/password/change", CHANGE) == (401, "invalid_credentials")
    assert await db.fetchval("SELECT count(*) FROM sessions") == 1


async def test_reauth_updates_the_time_of_the_last_password_check(alice: Person, http: ClientSession, db: Any) -> None:
    await db.execute("UPDATE sessions SET authenticated_at = now() - interval '1 hour'")

    fresh = await alice.ok("POST", "/auth/reauth", {"password": PASSWORD})

    assert set(fresh) == {"access_token", "token_type", "expires_in"}
    assert await db.fetchval("SELECT now() - authenticated_at < interval '10 s' FROM sessions")
    await Person(http, alice.id, alice.email, fresh["access_token"], "").ok("GET", "/me")


async def test_an_expired_password_is_good_only_for_changing_it(
    http: ClientSession, admin: Person, alice: Person, project: str, server: TestServer
) -> None:
    open_socket = await Follower.of(server, alice.token)
    past = (now() - timedelta(days=1)).isoformat()
    view = await admin.ok("PATCH", f"/users/{alice.id}", {"password_expires_at": past})

    assert view["password_expires_at"] is not None
    await open_socket.closed()
    assert open_socket.events[-1] == ("closing", {"code": "password_expired", "reconnect": False})
    late = await sign_in(http, alice)
    for person in (alice, late):
        for method, path, body in (
            ("GET", "/projects", None),
            ("GET", f"/projects/{project}", None),
            ("GET", f"/projects/{uuid7()}", None),
            ("GET", "/auth/sessions", None),
            ("POST", "/auth/reauth", {"password": PASSWORD}),
            ("POST", "/projects", {"name": "x"}),
        ):
            assert await person.refused(method, path, body) == (403, "password_expired"), path
        await person.ok("GET", "/me")
        await person.ok("PATCH", "/me", {"display_name": "Alice"})
    assert await refusal_of(server, late.token) == "password_expired"
    granted = await late.ok("POST", "/auth/password/change", CHANGE, X_Client="api")
    assert granted["user"]["password_expires_at"] is None
    again = Person(http, alice.id, alice.email, granted["access_token"], granted["refresh_token"])
    await again.ok("GET", f"/projects/{project}")
    async with http.post("/api/v1/auth/logout", json={"refresh_token": again.refresh_token}) as response:
        assert response.status == 204


async def test_the_socket_closes_when_the_password_expires(admin: Person, alice: Person, server: TestServer) -> None:
    follower = await Follower.of(server, alice.token)

    soon = (now() + timedelta(seconds=1)).isoformat()
    await admin.ok("PATCH", f"/users/{alice.id}", {"password_expires_at": soon})

    assert await follower.closed() == ["closing"]
    assert follower.events[-1][1] == {"code": "password_expired", "reconnect": False}


async def test_an_administrator_signs_a_person_out_everywhere(
    http: ClientSession, admin: Person, alice: Person, server: TestServer
) -> None:
    other = await sign_in(http, alice)
    followers = [await Follower.of(server, alice.token), await Follower.of(server, other.token)]

    await admin.ok("POST", f"/users/{alice.id}/sessions/revoke")

    for follower in followers:
        assert await follower.closed() == ["auth.revoked", "closing"]
    for person in (alice, other):
        assert await person.refused("GET", "/me") == (401, "token_revoked")
        assert (await refresh_of(http, person.refresh_token))[0] == 401
    await sign_in(http, alice)


async def test_a_token_and_its_socket_end_with_their_session(
    alice: Person, http: ClientSession, server: TestServer, db: asyncpg.Connection
) -> None:
    end = now() + timedelta(seconds=4)
    await db.execute("UPDATE sessions SET expires_at = $1 WHERE user_id = $2", end, alice.id)
    answer: dict[str, Any] = {"refresh_token": alice.refresh_token}
    for _ in range(2):  # the second ends when the first does
        body = {"refresh_token": answer["refresh_token"]}
        async with http.post("/api/v1/auth/refresh", json=body, headers=API) as response:
            answer = await response.json()
        claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
        assert claims["exp"] == int(end.timestamp())
        assert answer["expires_in"] == claims["exp"] - claims["iat"] <= 4
    old, new = await Follower.of(server, alice.token), await Follower.of(server, answer["access_token"])

    await new.heard("auth.expiring")
    assert (await new.call("auth.refresh", {"token": answer["access_token"]}))["ok"]
    names = [await old.closed(11), await new.closed(11)]

    assert names == [["auth.expiring", "auth.expired", "closing"]] * 2
    assert (now() - end).total_seconds() < 7
