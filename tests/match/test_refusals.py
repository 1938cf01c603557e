"""What a refusal says: why, who did what, where in the body, and what to do."""

import pytest

from tests.match.conftest import eur


@pytest.fixture
async def carl(make_person):
    return await make_person("carl")


@pytest.fixture
async def books(make_books, bob, carl):
    """Three records a side; bob is an analyst and carl a viewer."""
    made = await make_books(eur("10.00", "20.00", "30.00"), eur("10.00", "20.00", "30.00"))
    for person, role in ((bob, "analyst"), (carl, "viewer")):
        await made.person.ok("POST", f"/projects/{made.project}/members", {"email": person.email, "role": role})
    return made


async def test_it_says_which_roles_may(books, bob, carl, admin):
    match = (await books.match(books.left[:1], books.right[:1]))["id"]

    decides = await carl.problem("POST", f"/matches/{match}/undo", {})
    assigns = await bob.problem("PUT", f"/matches/{match}/assignee", {"user_id": None}, if_match=1)
    edits = await bob.problem("PATCH", f"/projects/{books.project}", {"name": "Mine"})
    adds = await admin.problem("PATCH", f"/projects/{books.project}", {"name": "Mine"})

    assert (
        decides["detail"]
        == "This needs the role analyst, controller or owner in the project. Yours is viewer: ask an owner of the project for it."
    )
    assert (
        assigns["detail"]
        == "This needs the role controller or owner in the project. Yours is analyst: ask an owner of the project for it."
    )
    assert (
        edits["detail"]
        == "This needs the role owner in the project. Yours is analyst: ask an owner of the project for it."
    )
    assert adds["detail"].startswith("This needs a member of the project with the role owner.")


async def test_a_record_in_use_says_who_uses_it(books, bob):
    match = await books.match(books.left[:1], books.right[:1])
    await books.person.ok("POST", f"/records/{books.left[1]}/write-off", {"reason": "other"})
    name = match["decided_by_name"]

    changed = await bob.problem("PATCH", f"/records/{books.left[0]}", {"reference": "R"}, if_match=1)
    removed = await bob.problem("DELETE", f"/records/{books.left[1]}", if_match=1)

    assert changed["detail"].startswith(f"{name} matched this record by hand at ")
    assert removed["detail"].startswith(f"{name} wrote this record off at ")
    assert (changed["match_id"], changed["decided_by_name"]) == (match["id"], name)
    assert changed["detail"].endswith(" UTC. Undo that match first.")


async def test_a_source_that_is_being_read_says_for_whom(books, bob):
    job = await books.job()

    refused = await bob.problem("PATCH", f"/records/{books.left[0]}", {"reference": "R"}, if_match=1)

    assert (refused["code"], refused["job_id"], refused["started_by_name"]) == ("source_in_use", job, "Alice")
    assert refused["detail"].startswith("A reconciliation that Alice started is queued, and reads this source.")


async def test_a_suggestion_that_made_way_says_what_for(books, bob):
    first, second, third = [await books.suggest([books.left[n]], [books.right[n]]) for n in range(3)]
    rival = await books.suggest(books.left[1:2], books.right[2:])
    await books.person.ok("POST", f"/matches/{rival}/confirm", {})
    name = (await books.person.ok("GET", f"/matches/{rival}"))["decided_by_name"]
    await books.db.execute("UPDATE reconciliation_jobs SET status = 'completed'")  # a live job reads the records
    data = {"data": {"amount": "11.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/records/{books.left[0]}", data, if_match=1)

    edited, taken, other = [
        (await bob.problem("POST", f"/matches/{one}/confirm", {}))["detail"] for one in (first, second, third)
    ]

    assert edited == f"{name} changed a record of this match since it was suggested. Match them again."
    assert taken == other
    assert taken.startswith(f"{name} decided on another match with records of this one at ")


async def test_faults_are_in_plain_words(books):
    path = f"/projects/{books.project}/review"
    body = {**books.sides, "action": "confirm", "expected_count": 1}
    ids = [books.left[0][:-12] + f"{n:012}" for n in range(5001)]

    faults = {
        fault["pointer"]: fault["message"]
        for more in (
            {"ids": []},
            {"ids": ids},
            {"ids": ["x"], "reason": "x" * 10_001, "more": 1},
            {"expected_count": -1},
        )
        for fault in (await books.person.problem("POST", path, body | more))["errors"]
    }
    short = await books.person.problem("POST", path, body | {"ids": []})

    assert short["errors"][0]["message"] == "needs at least 1 item"
    assert faults["/ids"] == "may have at most 5,000 items"
    assert faults["/ids/0"] == "must be an id (a UUID)"
    assert faults["/reason"] == "may have at most 10,000 characters"
    assert faults["/more"] == "is not a field of this"
    assert faults["/expected_count"] == "must be at least 0"


async def test_a_body_that_is_too_large_says_where(books):
    ids = [books.left[0][:-12] + f"{n:012}" for n in range(10_000)]
    body = {**books.sides, "action": "confirm", "ids": ids, "expected_count": 10_000}

    many = await books.person.problem("POST", f"/projects/{books.project}/review", body)
    long = await books.person.problem("POST", f"/projects/{books.project}/review", body | {"reason": "x" * 1_100_000})

    assert (many["status"], [fault["pointer"] for fault in many["errors"]]) == (413, ["/ids"])
    assert many["errors"][0]["message"] == many["detail"] == "The body may hold at most 10,000 keys and values."
    assert (long["status"], long["errors"][0]["message"]) == (413, long["detail"])


async def test_what_is_said_in_part_is_asked_for(books, bob):
    match = (await books.match(books.left[:1], books.right[:1]))["id"]
    path = f"/projects/{books.project}"
    assign = {**books.sides, "action": "assign", "ids": [match], "expected_count": 1}
    await books.person.ok("POST", f"{path}/review", assign | {"user_id": str(bob.id)})
    by_hand = {**books.sides, "left": books.left[1:2], "right": books.right[2:], "difference": "open"}

    nobody = await books.person.problem("POST", f"{path}/review", assign)
    kept = (await books.person.ok("GET", f"/matches/{match}"))["assignee"]
    reason = await books.person.problem("POST", f"{path}/matches", by_hand | {"difference_reason": "fee"})
    other = await books.person.problem("POST", f"{path}/review", assign | {"expected_count": 2, "user_id": None})

    assert [(fault["pointer"], fault["code"]) for fault in nobody["errors"]] == [("/user_id", "missing_field")]
    assert kept == str(bob.id)
    assert [fault["pointer"] for fault in reason["errors"]] == ["/difference_reason"]
    assert other["detail"] == "There is 1 match like these now, not 2. Look again, then decide."
