"""Matches are given to somebody who may decide on them, who is told and finds them."""

import pytest

from tests.auth.follower import Follower
from tests.match.conftest import eur


@pytest.fixture
async def room(make_books):
    """Three suggestions of one job."""
    books = await make_books(eur("10.00", "20.00", "30.00"), eur("10.00", "20.00", "30.00"))
    job = await books.job()
    return books, [
        await books.suggest([left], [right], job) for left, right in zip(books.left, books.right, strict=True)
    ]


def giving(books, matches, person, *, is_bulk):
    """A request that gives matches to a person: one, or many at once."""
    if not is_bulk:
        return "PUT", f"/matches/{matches[0]}/assignee", {"user_id": str(person.id)}
    body = {
        **books.sides,
        "action": "assign",
        "ids": matches,
        "expected_count": len(matches),
        "user_id": str(person.id),
    }
    return "POST", f"/projects/{books.project}/review", body


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_nobody_is_given_a_match_who_may_only_read(room, bob, is_bulk):
    books, matches = room
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "viewer"})

    refused = await books.person.problem(*giving(books, matches, bob, is_bulk=is_bulk), if_match=None if is_bulk else 1)

    assert refused["status"] == 422
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("/user_id", "invalid_field")]
    assert "may only read" in refused["errors"][0]["message"]
    assert {one["assignee"] for one in await books.matches()} == {None}


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_whoever_is_given_matches_is_told_where_they_are(server, room, bob, is_bulk):
    books, matches = room
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    follower = await Follower.of(server, bob.token, f"user:{bob.id}")

    await books.person.ok(*giving(books, matches, bob, is_bulk=is_bulk), if_match=None if is_bulk else 1)
    told = (await follower.heard("work.assigned"))["data"]

    assert (told["project_id"], told["left_source"], told["right_source"]) == (books.project, *books.sides.values())
    assert (told["match_id"], told["count"]) == ((None, 3) if is_bulk else (matches[0], 1))
    await follower.leave()


async def test_a_bulk_keeps_to_the_matches_of_one_person(room, bob):
    books, matches = room
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    await books.person.ok(*giving(books, matches[:2], bob, is_bulk=True))
    of_bob = {"status": "suggested", "assignee": str(bob.id)}

    body = {**books.sides, "action": "confirm", "filter": of_bob, "expected_count": 2}
    done = await bob.ok("POST", f"/projects/{books.project}/review", body)

    assert done["changed"] == 2
    assert [one["status"] for one in await books.matches()] == ["confirmed", "confirmed", "suggested"]
    assert [one["id"] for one in await books.matches(f"&assignee={bob.id}")] == matches[:2]
