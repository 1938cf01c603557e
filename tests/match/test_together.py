"""Several people in one room: one wins, the others are told who and what, and everybody sees it at once."""

import asyncio
import time

import pytest

from server.books.recount import differences
from tests.auth.follower import Follower
from tests.match.conftest import eur


@pytest.fixture
async def room(make_books, bob):
    """Ten suggestions of one job, and Bob, who may decide too."""
    books = await make_books(eur(*["10.00"] * 10), eur(*["10.00"] * 10))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    job = await books.job()
    matches = [await books.suggest([left], [right], job) for left, right in zip(books.left, books.right, strict=True)]
    return books, bob, matches


async def test_of_two_decisions_at_once_one_wins_and_the_other_is_told(room):
    books, bob, matches = room
    names = {str(person.id): (await person.ok("GET", "/me"))["display_name"] for person in (books.person, bob)}

    async def attempt(person, match, verb):
        async with await person.send("POST", f"/matches/{match}/{verb}", {}) as response:
            return response.status, await response.json()

    for match in matches[:6]:
        answers = await asyncio.gather(attempt(books.person, match, "confirm"), attempt(bob, match, "reject"))
        assert sorted(status for status, _ in answers) == [200, 409]
        won = next(answer for status, answer in answers if status == 200)
        lost = next(answer for status, answer in answers if status == 409)
        assert (lost["code"], lost["match_status"]) == ("already_decided", won["status"])
        assert (lost["decided_by"], lost["decided_by_name"]) == (won["decided_by"], names[won["decided_by"]])


async def test_who_decides_on_an_older_version_is_told_who_did_what_meanwhile(room):
    books, bob, (match, replaced, *_) = room
    bobs_name = (await bob.ok("GET", "/me"))["display_name"]
    seen = await books.person.ok("GET", f"/matches/{match}")
    await bob.ok("POST", f"/matches/{match}/confirm", {})
    await bob.ok("POST", f"/matches/{replaced}/reject", {})
    parts = [
        {"left": seen_ids(seen, "left"), "right": seen_ids(seen, "right")},
        {"left": [], "right": books.right[5:6]},
    ]

    split = await books.person.problem("POST", f"/matches/{match}/split", {"parts": parts}, if_match=seen["version"])
    assigned = await books.person.problem(
        "PUT", f"/matches/{match}/assignee", {"user_id": None}, if_match=seen["version"]
    )
    body = {**books.sides, "left": [], "right": books.right[5:6], "replaces": [replaced]}
    merged = await books.person.problem("POST", f"/projects/{books.project}/matches", body)

    for refused, did in ((split, "confirm"), (assigned, "confirm"), (merged, "reject")):
        assert (refused["status"], refused["code"], refused["action"]) == (409, "version_conflict", f"match.{did}")
        assert (refused["changed_by"], refused["changed_by_name"]) == (str(bob.id), bobs_name)
        assert refused["detail"].startswith(f"{bobs_name} {did}ed this match at ")


def seen_ids(match, side):
    """The records of one side of a match."""
    return [record["id"] for record in match["records"] if record["side"] == side]


async def test_of_two_matches_by_hand_over_one_record_one_is_made(room):
    books, bob, _ = room
    path = f"/projects/{books.project}/matches"

    async def attempt(person, right):
        body = {**books.sides, "left": books.left[:1], "right": [right]}
        async with await person.send("POST", path, body) as response:
            return response.status

    found = await asyncio.gather(attempt(books.person, books.right[0]), attempt(bob, books.right[1]))

    assert sorted(found) == [201, 409]
    assert await books.term("matched") == "10.00"


async def test_a_match_that_somebody_holds_is_busy_and_all_others_go_on(room, db):
    books, bob, matches = room

    async with db.transaction():  # as a bulk holds it
        await db.execute("SELECT 1 FROM matches WHERE id = $1::text::uuid FOR UPDATE", matches[0])
        began = time.monotonic()
        held = asyncio.ensure_future(bob.refused("POST", f"/matches/{matches[0]}/confirm", {}))
        other = await books.person.ok("POST", f"/matches/{matches[1]}/confirm", {})
        refused = await held

        began_talking = time.monotonic()
        talks = await asyncio.gather(
            bob.refused("POST", f"/matches/{matches[0]}/comments", {"text": "seen"}),
            bob.refused("PUT", f"/matches/{matches[0]}/assignee", {"user_id": None}, if_match=1),
            bob.refused("DELETE", f"/matches/{matches[0]}/signature"),
        )
        took = time.monotonic() - began_talking

    assert (refused, other["status"]) == ((503, "busy"), "confirmed")
    assert talks == [(503, "busy")] * 3
    assert took < 4  # of the 5 s after which a session gives up
    assert time.monotonic() - began < 30
    assert (await bob.ok("POST", f"/matches/{matches[0]}/confirm", {}))["status"] == "confirmed"


async def test_a_decision_is_heard_in_the_project_with_the_counts_of_the_pair(server, room):
    books, bob, matches = room
    follower = await Follower.of(server, bob.token, f"project:{books.project}")

    await books.person.ok("POST", f"/matches/{matches[0]}/confirm", {})
    event = (await follower.heard("match.confirmed"))["data"]
    await books.person.ok("POST", f"/matches/{matches[0]}/undo", {})
    undone = (await follower.heard("match.undone"))["data"]

    assert (event["match_id"], event["left_source"], event["right_source"]) == (
        *(matches[0], books.left_source),
        books.right_source,
    )
    assert (event["counts"]["confirmed"], event["counts"]["suggested"], event["counts"]["left"]) == (1, 9, 10)
    assert undone["counts"] == (await books.summary())["counts"]
    assert (await bob.ok("GET", f"/projects/{books.project}"))["counts"]["to_review"] == 10
    await follower.leave()


async def held_up(db, least):
    """Waits until so many transactions wait for a lock."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with asyncio.timeout(30):
        while await db.fetchval(waiting) < least:
            await asyncio.sleep(0.01)


async def at_once(db, books, first, second):
    """
    Two requests of which the second begins when the first has checked all that it wants to: the pair is locked last, and
    somebody holds it until then. Returns: what each of them answers, status and body.
    """

    async def answer(person, *request):
        async with await person.send(*request) as response:
            return response.status, await response.json()

    async with db.transaction():
        await db.execute("SELECT 1 FROM pairs WHERE left_source_id = $1::text::uuid FOR UPDATE", books.left_source)
        answers = [asyncio.ensure_future(answer(*first))]
        await held_up(db, 1)
        answers.append(asyncio.ensure_future(answer(*second)))
        await held_up(db, 2)
    return await asyncio.gather(*answers)


@pytest.mark.parametrize("is_undo_first", [True, False])
@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_bulk_undo_brings_nothing_back_over_what_is_matched_at_once(
    make_books, bob, db, is_undo_first, is_whole
):
    books = await make_books(eur("10.00", "10.00", "10.00"), eur("10.00", "10.00", "10.00"))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    await books.match(books.left[2:], books.right[2:])  # fixes the sign of the pair
    rival = await books.suggest(books.left[:1], books.right[:1])
    job = await books.job()
    chosen = await books.suggest(books.left[:1], books.right[1:2], job)
    path = f"/projects/{books.project}/review"
    body = {**books.sides, "ids": [chosen], "expected_count": 1}
    done = await books.person.ok("POST", path, {**body, "action": "confirm"})
    undo = (books.person, "POST", path, {**body, "action": "undo"})
    if is_whole:
        undo = (books.person, "POST", f"/decisions/{done['decision_id']}/undo")
    by_hand = {**books.sides, "left": books.left[1:2], "right": books.right[:1]}
    match = (bob, "POST", f"/projects/{books.project}/matches", by_hand)

    answers = await at_once(db, books, *((undo, match) if is_undo_first else (match, undo)))

    assert sorted(status for status, _ in answers) == [200, 201]
    assert (await bob.ok("GET", f"/matches/{chosen}"))["status"] == "suggested"
    assert (await bob.ok("GET", f"/matches/{rival}"))["status"] == "superseded"
    assert await differences(db) == []
