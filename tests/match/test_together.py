"""Several people in one room: one wins, the others are told who and what, and everybody sees it at once."""

import asyncio
import time

import orjson
import pytest

from core import log
from server.api.watch import WATCH
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


async def test_a_decision_holds_what_others_wait_for_only_while_it_reads_the_books_and_writes(room, server):
    _, bob, matches = room
    asked: list[str] = []

    def note(said):
        if log.request_id.get() == "the-one-to-count":
            asked.append(said.query)

    listened_to = []
    for match in matches:
        for connection in set(server.app[WATCH]._connections) - set(listened_to):
            connection.add_query_logger(note)
            listened_to.append(connection)
        async with await bob.send("POST", f"/matches/{match}/reject", {}, X_Request_ID="the-one-to-count") as response:
            assert response.status == 200
        if asked[-1:] == ["COMMIT"]:
            break
        asked.clear()  # the decision was made over a connection that was opened just now, to which nobody listened
    for connection in listened_to:
        connection.remove_query_logger(note)

    last = next(
        n for n, statement in enumerate(asked) if "FROM pairs" in statement and "FOR NO KEY UPDATE" in statement
    )
    assert all(noun in asked[last] for noun in ("reconciliation_jobs", "audit_chains", "streams"))
    books_read, written, committed = asked[last + 1 :]
    assert "FROM book_entries" in books_read
    assert all(f"INSERT INTO {table}" in written for table in ("audit_log", "events"))
    assert committed == "COMMIT"


async def test_the_reason_of_a_bulk_undo_is_in_the_history_of_each_match(room, db):
    books, _, (decided, of_job, *_) = room
    name = (await books.person.ok("GET", "/me"))["display_name"]
    await books.person.ok("POST", f"/matches/{decided}/confirm", {"reason": "Looks right"})
    await db.execute("UPDATE matches SET status = 'confirmed' WHERE id = $1::text::uuid", of_job)
    await db.execute("UPDATE match_records SET confirmed = true WHERE match_id = $1::text::uuid", of_job)
    body = {**books.sides, "action": "undo", "ids": [decided, of_job], "expected_count": 2, "reason": "Wrong month"}

    done = await books.person.ok("POST", f"/projects/{books.project}/review", body)
    found = [await books.person.ok("GET", f"/matches/{one}") for one in (decided, of_job)]
    refused = await books.person.refused("POST", f"/matches/{of_job}/undo", {})

    undone = ("match.undo", name, "Wrong month")
    said = [[(line["action"], line["actor"]["name"], line["reason"]) for line in one["history"]] for one in found]
    assert done["changed"] == 2
    assert said == [[("match.confirm", name, "Looks right"), undone], [undone]]
    assert [one["status"] for one in found] == ["suggested", "suggested"]
    assert refused == (409, "already_decided")


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


async def test_an_assignment_of_many_at_once_is_in_the_history_of_each(room, db):
    books, bob, (match, another, *_) = room
    name = (await books.person.ok("GET", "/me"))["display_name"]
    body = {**books.sides, "action": "assign", "reason": "Month end", "user_id": str(bob.id)}
    await books.person.ok("POST", f"/projects/{books.project}/review", {**body, "ids": [match], "expected_count": 1})
    both = {"ids": [match, another], "expected_count": 2, "reason": None, "user_id": None}
    await books.person.ok("POST", f"/projects/{books.project}/review", {**body, **both})

    found = [await books.person.ok("GET", f"/matches/{one}") for one in (match, another)]
    refused = await books.person.problem("POST", f"/matches/{match}/confirm", {}, if_match=1)

    said = [[(line["action"], line["actor"]["name"], line["reason"]) for line in one["history"]] for one in found]
    assert [lines[-2:] for lines in said] == [
        [("match.assign", name, "Month end"), ("match.assign", name, None)],
        [("match.assign", name, None)],
    ]
    rows = await db.fetch(
        "SELECT resource_id, details::text AS details FROM audit_log WHERE action = 'matches.assign' ORDER BY id"
    )
    assert [orjson.loads(row["details"]) for row in rows] == [
        {"count": 1, "assignee": str(bob.id), "reason": "Month end"},
        {"count": 2, "assignee": None},
    ]
    assert (refused["code"], refused["action"], refused["changed_by_name"]) == (
        "version_conflict",
        "match.assign",
        name,
    )
    assert refused["detail"].startswith(f"{name} said who is to look at this match at ")


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


async def test_of_two_first_decisions_at_once_one_fixes_the_sign_for_both(make_books, db):
    books = await make_books(eur("100.00", "50.00", "7.00"), eur("-100.00", "50.00", "7.00"))
    undone = await books.match(books.left[2:], books.right[2:])
    await books.person.ok("POST", f"/matches/{undone['id']}/undo", {})
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def attempt(n):
        body = {**books.sides, "left": books.left[n : n + 1], "right": books.right[n : n + 1]}
        async with await books.person.send("POST", f"/projects/{books.project}/matches", body) as response:
            return response.status, (await response.json()).get("code")

    async with db.transaction():  # so that both have seen that there is no confirmed match yet
        await db.execute("SELECT 1 FROM pairs FOR NO KEY UPDATE")
        attempts = [asyncio.ensure_future(attempt(n)) for n in range(2)]
        while await db.fetchval(waiting) < 2:
            await asyncio.sleep(0.01)
    answers = await asyncio.gather(*attempts)

    assert sorted(answers, key=str) == [(201, None), (422, "not_tied")]
    matched = [await books.term("matched", side) for side in ("left", "right")]
    assert matched == (["100.00", "-100.00"] if answers[0][0] == 201 else ["50.00", "50.00"])
    assert await differences(db) == []


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
            books.person.refused("PUT", f"/matches/{matches[0]}/assignee", {"user_id": None}, if_match=1),
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
            await db.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction, what was seen first is seen again


async def at_once(db, books, first, second):
    """
    Two requests of which the second begins when the first has checked all that it wants to: the pair is locked last, and
    somebody holds it until then. Returns: what each of them answers, status and body.
    """

    async def answer(person, method, *request):
        version = 1 if method == "PATCH" else None  # nobody has changed the record before
        async with await person.send(method, *request, if_match=version) as response:
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


@pytest.fixture
async def shared(make_books, bob):
    """
    Two matches that wait for a second person, and a rival of each. The rivals share the last record of either side.
    """
    books = await make_books(eur("10.00", "20.00", "100.00", "7.00"), eur("10.00", "20.00", "90.00", "7.00"))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "controller"})
    await books.match(books.left[3:], books.right[3:])  # fixes the sign of the pair
    project = f"/projects/{books.project}"
    await books.person.ok("PATCH", project, {"four_eyes_over": {"amount": "1.00", "currency": "EUR"}})
    matches = [(await books.match(books.left[n : n + 1], books.right[n : n + 1]))["id"] for n in (0, 1)]
    await books.match([books.left[0], books.left[2]], books.right[2:3], difference="open")
    await books.match(books.left[1:3], books.right[1:3], difference="open")
    await books.person.ok("PATCH", project, {"four_eyes_over": None})
    return books, bob, matches


def bulk(books, person, action, match):
    """A request that decides on one match as a bulk."""
    body = {**books.sides, "action": action, "ids": [match], "expected_count": 1}
    return person, "POST", f"/projects/{books.project}/review", body


def edit(person, record):
    """A request that changes a record."""
    return person, "PATCH", f"/records/{record}", {"data": {"amount": "3.00", "currency": "EUR"}}


@pytest.mark.parametrize("case", ["edits", "bulks", "bulk and decision", "bulk and edit", "edit and bulk"])
async def test_suggestions_that_go_at_once_count_a_record_they_share_once(shared, db, case):
    books, bob, (mine, other) = shared
    alice = books.person
    first, second = {
        "edits": (edit(alice, books.left[0]), edit(bob, books.right[1])),
        "bulks": (bulk(books, alice, "confirm", mine), bulk(books, bob, "confirm", other)),
        "bulk and decision": (bulk(books, alice, "confirm", mine), (bob, "POST", f"/matches/{other}/confirm", {})),
        "bulk and edit": (bulk(books, alice, "confirm", mine), edit(bob, books.right[1])),
        "edit and bulk": (edit(alice, books.left[0]), bulk(books, bob, "confirm", other)),
    }[case]

    answers = await at_once(db, books, first, second)

    assert [status for status, _ in answers] == [200, 200]
    assert (await books.summary())["counts"]["suggested"] == 0
    assert await differences(db) == []


@pytest.mark.parametrize("case", ["bulks", "bulk and whole", "whole and bulk", "bulk and decision"])
async def test_of_suggestions_over_one_record_that_would_come_back_at_once_one_does(shared, db, case):
    books, bob, (mine, other) = shared
    alice = books.person
    wholes = []
    for match in (mine, other):
        done = await alice.ok(*bulk(books, alice, "confirm", match)[1:])
        wholes.append(f"/decisions/{done['decision_id']}/undo")
    first, second = {
        "bulks": (bulk(books, alice, "undo", mine), bulk(books, bob, "undo", other)),
        "bulk and whole": (bulk(books, alice, "undo", mine), (bob, "POST", wholes[1])),
        "whole and bulk": ((alice, "POST", wholes[0]), bulk(books, bob, "undo", other)),
        "bulk and decision": (bulk(books, alice, "undo", mine), (bob, "POST", f"/matches/{other}/undo", {})),
    }[case]

    answers = await at_once(db, books, first, second)

    assert [status for status, _ in answers] == [200, 200]
    assert (await books.summary())["counts"]["suggested"] == 3  # as if one undo had come after the other
    assert await differences(db) == []


async def test_no_other_sign_is_fixed_under_a_decision_that_has_seen_one(make_books, bob, db):
    """The last confirmed match is undone, and another sign fixed, while somebody confirms under the first sign."""
    books = await make_books(eur("10.00", "20.00", "30.00"), eur("10.00", "20.00", "-30.00"))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    last = await books.match(books.left[:1], books.right[:1])
    path = f"/projects/{books.project}/matches"
    plain = {**books.sides, "left": books.left[1:2], "right": books.right[1:2]}
    turned = {**books.sides, "left": books.left[2:], "right": books.right[2:]}

    async def answer(person, body):
        async with await person.send("POST", path, body) as response:
            return response.status, (await response.json()).get("code")

    async with db.transaction():  # nobody can store a decision, so the first one waits when it has seen the sign
        await db.execute("LOCK TABLE decisions IN SHARE MODE")
        first = asyncio.ensure_future(answer(books.person, plain))
        await held_up(db, 1)
        await bob.ok("POST", f"/matches/{last['id']}/undo", {})
        second = asyncio.ensure_future(answer(bob, turned))
        await held_up(db, 2)
    answers = [await first, await second]

    assert answers == [(201, None), (422, "not_tied")]
    assert [await books.term("matched", side) for side in ("left", "right")] == ["20.00", "20.00"]
    assert await differences(db) == []


async def test_a_bulk_assignment_waits_for_records_before_it_locks_matches(room, db):
    books, _, matches = room
    body = {**books.sides, "action": "assign", "ids": matches, "expected_count": 10, "user_id": None}

    async with db.transaction():  # a decision has locked the records of a match, and locks others after them
        await db.execute(
            "SELECT 1 FROM reconciliation_records WHERE id = $1::text::uuid FOR NO KEY UPDATE", books.left[9]
        )
        assigning = asyncio.ensure_future(books.person.send("POST", f"/projects/{books.project}/review", body))
        await held_up(db, 1)
        await db.execute("SELECT 1 FROM matches WHERE id = $1::text::uuid FOR NO KEY UPDATE NOWAIT", matches[0])
    answer = await assigning

    assert (answer.status, (await answer.json())["changed"]) == (200, 10)
