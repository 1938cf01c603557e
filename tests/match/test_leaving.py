"""Whoever leaves a project, may decide no longer, or whose account ends, is taken off the matches that they were to look at."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from server.match import leaving
from tests.auth.follower import Follower
from tests.match.conftest import eur
from tests.match.test_together import held_up


@pytest.fixture
async def room(make_books, bob):
    """Three suggestions, and Bob, who is to look at two of them."""
    books = await make_books(eur("10.00", "20.00", "30.00"), eur("10.00", "20.00", "30.00"))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    job = await books.job()
    matches = [await books.suggest([left], [right], job) for left, right in zip(books.left, books.right, strict=True)]
    for match in matches[:2]:
        await books.person.ok("PUT", f"/matches/{match}/assignee", {"user_id": str(bob.id)}, if_match=1)
    await books.person.ok("PUT", f"/matches/{matches[2]}/assignee", {"user_id": str(books.person.id)}, if_match=1)
    return books, matches


async def _leave(person, books, admin, how):
    path = f"/projects/{books.project}/members/{person.id}"
    if how == "leaves":
        await person.ok("DELETE", path)
    elif how == "is removed":
        await books.person.ok("DELETE", path)
    elif how == "runs out":
        soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
        await books.person.ok("PUT", path, {"role": "analyst", "expires_at": soon})
        while not await leaving.sweep():
            await asyncio.sleep(0.05)
        assert await leaving.sweep() == 0
    elif how == "may only read":
        await books.person.ok("PUT", path, {"role": "viewer"})
    elif how == "is disabled":
        await admin.ok("PATCH", f"/users/{person.id}", {"status": "disabled"})
    else:
        await admin.ok("DELETE", f"/users/{person.id}")


@pytest.mark.parametrize("how", ["leaves", "is removed", "may only read", "runs out", "is disabled", "is deleted"])
async def test_nobody_stays_to_look_at_a_match_who_cannot(server, room, bob, admin, how):
    books, matches = room
    follower = await Follower.of(server, books.person.token, f"project:{books.project}")

    await _leave(bob, books, admin, how)
    async with asyncio.timeout(20):
        while len(told := [data["data"] for name, data in follower.events if name == "match.assigned"]) < 2:
            await asyncio.sleep(0.01)

    found = [await books.person.ok("GET", f"/matches/{match}") for match in matches]
    assert [(one["assignee"], one["version"]) for one in found] == [(None, 3)] * 2 + [(str(books.person.id), 2)]
    assert [(one["match_id"], one["version"], one["assignee"]) for one in told] == [
        (match, 3, None) for match in sorted(matches[:2])
    ]
    assert [one["action"] for one in found[0]["history"]][-2:] == ["match.assign"] * 2
    await follower.leave()


async def test_many_matches_are_told_at_once(server, room, bob, monkeypatch):
    books, matches = room
    monkeypatch.setattr(leaving, "MOST_TOLD", 1)
    follower = await Follower.of(server, books.person.token, f"project:{books.project}")

    await bob.ok("DELETE", f"/projects/{books.project}/members/{bob.id}")
    told = (await follower.heard("matches.reviewed"))["data"]

    assert (told["action"], told["count"], told["counts"]["suggested"]) == ("assign", 2, 3)
    assert [one["assignee"] for one in await books.matches()] == [None, None, str(books.person.id)]
    lines = [(await books.person.ok("GET", f"/matches/{match}"))["history"] for match in matches]
    assert [[line["actor"]["id"] for line in one] for one in lines] == [
        [str(books.person.id), str(bob.id)],
        [str(books.person.id), str(bob.id)],
        [str(books.person.id)],
    ]
    await follower.leave()


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_whoever_is_leaving_is_given_nothing_at_the_same_moment(room, bob, db, is_bulk):
    books, matches = room
    body = {"user_id": str(bob.id)}
    path = f"/matches/{matches[2]}/assignee"
    if is_bulk:
        path = f"/projects/{books.project}/review"
        body |= {**books.sides, "action": "assign", "ids": [matches[2]], "expected_count": 1}

    async with db.transaction():  # both wait here: for the membership, or for what comes after it
        await db.execute("SELECT 1 FROM project_members WHERE user_id = $1 FOR UPDATE", bob.id)
        leaving_now = asyncio.ensure_future(bob.send("DELETE", f"/projects/{books.project}/members/{bob.id}"))
        await held_up(db, 1)
        given = asyncio.ensure_future(
            books.person.send("POST" if is_bulk else "PUT", path, body, if_match=None if is_bulk else 2)
        )
        await held_up(db, 2)
    answers = [(await one).status for one in (leaving_now, given)]

    assert answers[0] == 204
    assert answers[1] in (200, 422)
    assert str(bob.id) not in {one["assignee"] for one in await books.matches()}


async def test_a_disabled_account_is_given_nothing(room, bob, admin):
    books, matches = room
    await admin.ok("PATCH", f"/users/{bob.id}", {"status": "disabled"})

    refused = await books.person.refused("PUT", f"/matches/{matches[2]}/assignee", {"user_id": str(bob.id)}, if_match=2)

    assert refused == (422, "invalid_field")
