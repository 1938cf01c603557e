"""Undo: one decision goes back, the others stay."""

from server.books.recount import differences
from tests.match.conftest import eur


async def test_a_confirmation_and_what_it_superseded_come_back(make_books, db):
    books = await make_books(eur("10.00"), eur("10.00", "10.00"))
    mine = await books.suggest(books.left, books.right[:1])
    rival = await books.suggest(books.left, books.right[1:])
    confirmed = await books.person.ok("POST", f"/matches/{mine}/confirm", {"reason": "seen"})
    lost = await books.person.ok("GET", f"/matches/{rival}")

    undone = await books.person.ok("POST", f"/matches/{mine}/undo", {"reason": "paid twice"})

    assert (confirmed["status"], lost["status"]) == ("confirmed", "superseded")
    assert (undone["status"], undone["decided_by"], undone["reason"]) == ("suggested", None, None)
    assert (await books.person.ok("GET", f"/matches/{rival}"))["status"] == "suggested"
    counts = (await books.summary())["counts"]
    assert (counts["confirmed"], counts["suggested"]) == (0, 2)
    assert (await books.person.refused("POST", f"/matches/{mine}/undo", {})) == (409, "already_decided")
    history = (await books.person.ok("GET", f"/matches/{mine}"))["history"]
    assert [(entry["action"], entry["reason"]) for entry in history] == [
        ("match.confirm", "seen"),
        ("match.undo", "paid twice"),
    ]


async def test_a_rejection_comes_back_unless_somebody_used_its_records(make_books):
    books = await make_books(eur("10.00"), eur("10.00"))
    match = await books.suggest(books.left, books.right)
    await books.person.ok("POST", f"/matches/{match}/reject", {})
    by_hand = await books.match(books.left, books.right)

    refused = await books.person.problem("POST", f"/matches/{match}/undo", {})
    await books.person.ok("POST", f"/matches/{by_hand['id']}/undo", {})
    back = await books.person.ok("POST", f"/matches/{match}/undo", {})

    assert (refused["status"], refused["code"], refused["match_id"]) == (409, "record_in_use", by_hand["id"])
    assert back["status"] == "suggested"
    assert (await books.person.ok("GET", f"/matches/{by_hand['id']}"))["status"] == "withdrawn"


async def test_what_a_job_confirmed_becomes_a_suggestion(make_books, db):
    books = await make_books(eur("10.00"), eur("10.00"))
    match = await books.suggest(books.left, books.right)
    await books.person.ok("POST", f"/matches/{match}/confirm", {})
    await db.execute("DELETE FROM decisions")  # as if its pass had confirmed it

    back = await books.person.ok("POST", f"/matches/{match}/undo", {})

    assert back["status"] == "suggested"
    assert await books.term("open") == "10.00"


async def test_a_decided_match_tells_who_decided(make_books, bob):
    books = await make_books(eur("10.00"), eur("10.00"))
    match = await books.suggest(books.left, books.right)
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    await books.person.ok("POST", f"/matches/{match}/confirm", {})
    name = (await books.person.ok("GET", "/me"))["display_name"]

    for verb in ("confirm", "reject"):
        refused = await bob.problem("POST", f"/matches/{match}/{verb}", {})
        assert (refused["status"], refused["code"]) == (409, "already_decided")
        assert (refused["decided_by"], refused["decided_by_name"]) == (str(books.person.id), name)
        assert name in refused["detail"]


async def test_a_split_comes_back_whole(make_books):
    books = await make_books(eur("1.00", "2.00"), eur("1.00", "2.00"))
    match = await books.match(books.left, books.right)
    parts = [{"left": [left], "right": [right]} for left, right in zip(books.left, books.right, strict=True)]

    split = await books.person.ok("POST", f"/matches/{match['id']}/split", {"parts": parts})
    confirmed = await books.matches("&status=confirmed")
    undone = await books.person.ok("POST", f"/matches/{confirmed[0]['id']}/undo", {})

    assert (split["status"], len(confirmed)) == ("superseded", 2)
    assert undone["status"] == "withdrawn"
    assert [one["id"] for one in await books.matches("&status=confirmed")] == [match["id"]]
    assert await books.term("matched") == "3.00"


async def test_a_record_that_is_taken_out_of_a_match_is_open_until_the_split_is_undone(make_books):
    books = await make_books(eur("60.00"), eur("10.00", "20.00", "30.00"))
    match = await books.match(books.left, books.right)
    parts = [{"left": books.left, "right": books.right[:2]}, {"left": [], "right": books.right[2:]}]

    await books.person.ok("POST", f"/matches/{match['id']}/split", {"parts": parts, "difference": "open"})
    (rest,) = await books.matches("&status=confirmed")
    open_right = await books.term("open", "right")
    undone = await books.person.ok("POST", f"/matches/{rest['id']}/undo", {})

    assert (rest["kind"], rest["remainder"]["amount"]["amount"], open_right) == ("one_to_many", "30.00", "30.00")
    assert undone["status"] == "withdrawn"
    assert [one["id"] for one in await books.matches("&status=confirmed")] == [match["id"]]
    assert await books.term("open", "right") == "0.00"


async def test_a_split_that_leaves_no_match_is_refused(make_books):
    books = await make_books(eur("3.00"), eur("1.00", "2.00"))
    match = await books.match(books.left, books.right)
    path = f"/matches/{match['id']}/split"

    none = await books.person.problem(
        "POST", path, {"parts": [{"left": books.left, "right": []}, {"left": [], "right": books.right}]}
    )
    empty = await books.person.problem(
        "POST", path, {"parts": [{"left": books.left, "right": books.right}, {"left": [], "right": []}]}
    )

    assert [(one["status"], one["errors"][0]["pointer"]) for one in (none, empty)] == [
        (422, "/parts"),
        (422, "/parts/1"),
    ]


async def test_a_split_that_loses_or_doubles_a_record_is_refused(make_books):
    books = await make_books(eur("1.00", "2.00"), eur("1.00", "2.00"))
    match = await books.match(books.left, books.right)
    one, two = ({"left": [books.left[n]], "right": [books.right[n]]} for n in (0, 1))

    lost = await books.person.problem("POST", f"/matches/{match['id']}/split", {"parts": [one]})
    doubled = await books.person.problem("POST", f"/matches/{match['id']}/split", {"parts": [one, one]})
    strange = await books.person.problem(
        "POST", f"/matches/{match['id']}/split", {"parts": [one, {**two, "left": [books.right[1]]}]}
    )

    assert {lost["status"], doubled["status"], strange["status"]} == {422}
    assert doubled["errors"][0]["pointer"] == "/parts/1/left/0"
    assert strange["errors"][0]["pointer"] == "/parts/1/left/0"
    assert (await books.person.ok("GET", f"/matches/{match['id']}"))["status"] == "confirmed"


async def test_a_record_is_written_off_and_taken_back(make_books):
    books = await make_books(eur("10.00", "3.00"), eur("10.00"))
    record = books.left[1]

    unknown = await books.person.problem("POST", f"/records/{record}/write-off", {"reason": "luck"})
    written = await books.person.ok("POST", f"/records/{record}/write-off", {"reason": "bad_debt"})
    again = await books.person.refused("POST", f"/records/{record}/write-off", {"reason": "bad_debt"})
    terms = [await books.term(name) for name in ("written_off", "open", "total")]
    listed = await books.person.ok("GET", f"/sources/{books.left_source}/records?state=written_off")
    await books.person.ok("DELETE", f"/records/{record}/write-off")

    assert (unknown["status"], unknown["errors"][0]["pointer"]) == (422, "/reason")
    assert (written["state"], again) == ("written_off", (409, "record_in_use"))
    assert terms == ["3.00", "10.00", "13.00"]
    assert [one["id"] for one in listed["items"]] == [record]
    assert (await books.person.ok("GET", f"/records/{record}"))["state"] == "open"
    assert [await books.term(name) for name in ("written_off", "open")] == ["0.00", "13.00"]


async def test_above_the_limit_a_controller_writes_off(make_books, bob):
    books = await make_books(eur("10.00", "3.00"), [*eur("10.00"), ("1.00", "USD")])
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "analyst"})
    limit = {"write_off_limit": {"amount": "5.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)
    body = {"reason": "other"}

    below = await bob.ok("POST", f"/records/{books.left[1]}/write-off", body)
    above = await bob.refused("POST", f"/records/{books.left[0]}/write-off", body)
    other_currency = await bob.refused("POST", f"/records/{books.right[1]}/write-off", body)
    owner = await books.person.ok("POST", f"/records/{books.left[0]}/write-off", body)

    assert (below["state"], owner["state"]) == ("written_off", "written_off")
    assert above == other_currency == (403, "over_limit")


async def test_a_match_that_lost_a_record_stays_away(make_books):
    books = await make_books(eur("10.00"), eur("10.00"))
    match = await books.suggest(books.left, books.right)
    await books.person.ok("POST", f"/matches/{match}/reject", {})
    await books.db.execute("UPDATE reconciliation_jobs SET status = 'cancelled'")
    await books.person.ok("DELETE", f"/records/{books.left[0]}", if_match=1)

    refused = await books.person.problem("POST", f"/matches/{match}/undo", {})

    assert (refused["status"], refused["code"]) == (409, "record_in_use")
    assert "gone or has changed" in refused["detail"]


async def test_a_write_off_that_waits_makes_way_for_a_match(make_books):
    books = await make_books(eur("500.00"), eur("500.00"))
    limit = {"four_eyes_over": {"amount": "100.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)
    waiting = await books.person.ok("POST", f"/records/{books.left[0]}/write-off", {"reason": "other"})
    await books.person.ok("PATCH", f"/projects/{books.project}", {"four_eyes_over": None})

    match = await books.match(books.left, books.right)

    assert (len(waiting["signatures"]), match["status"]) == (1, "confirmed")
    assert (await books.person.ok("GET", f"/records/{books.left[0]}"))["match_id"] == match["id"]


async def test_a_split_of_a_suggestion_books_nothing_without_a_reason(make_books):
    books = await make_books(eur("10.00", "20.00"), eur("10.00", "25.00"))
    match = await books.suggest(books.left, books.right)
    parts = [{"left": books.left[:1], "right": books.right[:1]}, {"left": books.left[1:], "right": books.right[1:]}]

    refused = await books.person.problem("POST", f"/matches/{match}/split", {"parts": parts, "difference": "booked"})
    reason = {"difference": "booked", "difference_reason": "fee"}
    await books.person.ok("POST", f"/matches/{match}/split", {"parts": parts, **reason})

    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, "/difference_reason")
    assert {one["difference_reason"] for one in await books.matches("&status=suggested")} == {"fee"}


async def test_a_split_of_a_suggestion_leaves_nothing_open_between_opposite_signs(make_books):
    books = await make_books(eur("10.00", "20.00"), eur("-10.00", "40.00"))
    match = await books.suggest(books.left, books.right)
    parts = [{"left": books.left[:1], "right": books.right[:1]}, {"left": books.left[1:], "right": books.right[1:]}]

    refused = await books.person.problem("POST", f"/matches/{match}/split", {"parts": parts, "difference": "open"})

    assert (refused["status"], refused["errors"][0]["code"]) == (422, "not_tied")


async def _outlived_split(make_books):
    """A match of plain amounts that was split, and cannot come back yet. Afterwards nothing is confirmed any more."""
    books = await make_books(eur("100.00", "50.00", "7.00"), eur("100.00", "50.00", "-7.00"))
    whole = await books.match(books.left[:2], books.right[:2])
    parts = [{"left": books.left[:1], "right": books.right[:1]}, {"left": books.left[1:2], "right": []}]
    parts.append({"left": [], "right": books.right[1:2]})
    await books.person.ok("POST", f"/matches/{whole['id']}/split", {"parts": parts})
    (part,) = await books.matches("&status=confirmed")
    in_the_way = await books.match(books.left[1:2], books.right[1:2])
    for match in (part, in_the_way):
        await books.person.ok("POST", f"/matches/{match['id']}/undo", {})
    assert await books.matches("&status=confirmed") == []
    return books, whole["id"]


async def test_a_match_does_not_come_back_under_another_sign(make_books, db):
    books, whole = await _outlived_split(make_books)
    turned = await books.match(books.left[2:], books.right[2:])  # now one side counts the other way round
    body = {**books.sides, "action": "undo", "ids": [whole], "expected_count": 1}

    refused = await books.person.problem("POST", f"/matches/{whole}/undo", {})
    skipped = await books.person.ok("POST", f"/projects/{books.project}/review", body)
    await books.person.ok("POST", f"/matches/{turned['id']}/undo", {})
    back = await books.person.ok("POST", f"/matches/{whole}/undo", {})

    assert (refused["status"], refused["code"]) == (409, "version_conflict")
    assert skipped["skipped"] == [{"id": whole, "code": "version_conflict"}]
    assert (back["status"], (await books.summary())["sign"]) == ("confirmed", 1)
    assert [await books.term("matched", side) for side in ("left", "right")] == ["150.00", "150.00"]
    assert await differences(db) == []


async def test_a_source_that_is_deleted_takes_along_what_waited_to_be_written_off(make_books, bob, db):
    books = await make_books(eur("100.00"), eur("100.00"))
    limit = {"four_eyes_over": {"amount": "10.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)
    await books.suggest(books.left, books.right)
    await db.execute("UPDATE reconciliation_jobs SET status = 'cancelled'")
    await books.person.ok("POST", f"/records/{books.right[0]}/write-off", {"reason": "other"})
    await books.person.ok("POST", f"/records/{books.left[0]}/write-off", {"reason": "other"})

    await books.person.ok("DELETE", f"/sources/{books.right_source}")

    left = await db.fetch(
        "SELECT m.status, u.record_id::text FROM matches m LEFT JOIN match_records u ON u.match_id = m.id"
    )
    assert [tuple(row) for row in left] == [("suggested", books.left[0])]
    assert await differences(db) == []
