"""Write-offs as people find them: in the lists of each pair of their source, to be signed, rejected and taken back."""

from dataclasses import replace

import pytest

from server.books.recount import differences
from tests.conftest import Person
from tests.match.conftest import Books, eur

Room = tuple[Books, Person, Person]


@pytest.fixture
async def room(make_books, bob, make_person) -> Room:
    """Books of which what is above 100 euros needs two people; Bob is a controller and Carl an analyst."""
    books = await make_books(eur("500.00", "50.00", "70.00"), eur("600.00", "50.00"))
    carl = await make_person("carl", "user")
    for person, role in ((bob, "controller"), (carl, "analyst")):
        await books.person.ok("POST", f"/projects/{books.project}/members", {"email": person.email, "role": role})
    limit = {"four_eyes_over": {"amount": "100.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)
    return books, bob, carl


async def _write_off(person: Person, record: str, **more: str) -> str:
    """Write a record off. Returns: the id of the match that says so."""
    done = await person.ok("POST", f"/records/{record}/write-off", {"reason": "duplicate", **more})
    return str(done["match_id"])


async def _ids(books: Books, more: str = "") -> list[str]:
    return [match["id"] for match in await books.matches(more)]


async def test_what_waits_for_a_signature_is_in_the_lists_and_counted(room):
    books, bob, carl = room
    waiting = await _write_off(carl, books.left[0], comment="paid twice")

    (match,) = await books.matches("&status=suggested")
    summary = await books.summary()
    project = await bob.ok("GET", f"/projects/{books.project}")

    assert (match["id"], match["kind"], match["difference_reason"]) == (waiting, "one_sided", "duplicate")
    assert (match["left_source"], match["right_source"]) == (books.left_source, None)
    assert [(one["id"], one["side"], one["amount"]["amount"]) for one in match["records"]] == [
        (books.left[0], "left", "500.00")
    ]
    assert [(one["by"], one["action"]) for one in match["signatures"]] == [(str(carl.id), "write_off")]
    assert (summary["to_sign"], summary["counts"]["suggested"], project["counts"]["to_review"]) == (1, 0, 1)


async def test_the_second_person_signs_the_match(room, db):
    books, bob, carl = room
    waiting = await _write_off(carl, books.left[0], comment="paid twice")
    path = f"/matches/{waiting}/confirm"

    again = await carl.refused("POST", path, {})
    signed = await bob.ok("POST", path, {})

    assert again == (409, "four_eyes")
    assert (signed["status"], signed["decided_by"], signed["reason"]) == ("confirmed", str(bob.id), "paid twice")
    assert (await bob.ok("GET", f"/records/{books.left[0]}"))["state"] == "written_off"
    assert await books.term("written_off") == "500.00"
    assert (await books.summary())["to_sign"] == 0
    assert (await bob.refused("POST", path, {}))[0] == 409
    assert await differences(db) == []


async def test_a_second_analyst_cannot_sign(room, make_person):
    books, bob, _ = room
    dora = await make_person("dora", "user")
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": dora.email, "role": "analyst"})
    waiting = await _write_off(bob, books.left[0])

    assert await dora.refused("POST", f"/matches/{waiting}/confirm", {}) == (403, "forbidden")


async def test_the_second_person_signs_the_same_reason(room):
    books, bob, carl = room
    await _write_off(carl, books.left[0])

    other = await bob.problem("POST", f"/records/{books.left[0]}/write-off", {"reason": "fee"})

    assert (other["status"], other["errors"][0]["pointer"]) == (422, "/reason")
    assert await books.term("written_off") == "0.00"


async def test_a_signature_of_another_version_is_refused(room):
    books, bob, carl = room
    waiting = await _write_off(carl, books.left[0])

    refused = await bob.problem("POST", f"/matches/{waiting}/confirm", {}, if_match=1)

    assert (refused["status"], refused["code"]) == (409, "version_conflict")


async def test_a_rejected_write_off_leaves_its_record_open_and_waits_again_when_that_is_undone(room, db):
    books, bob, carl = room
    waiting = await _write_off(carl, books.left[0])

    rejected = await bob.ok("POST", f"/matches/{waiting}/reject", {"reason": "a payment will come"})
    state = (await bob.ok("GET", f"/records/{books.left[0]}"))["state"]
    back = await bob.ok("POST", f"/matches/{waiting}/undo", {})

    assert (rejected["status"], rejected["decided_by"], state) == ("rejected", str(bob.id), "open")
    assert rejected["latest_decision"]["kind"] == "reject"
    assert (back["status"], [one["by"] for one in back["signatures"]]) == ("suggested", [str(carl.id)])
    assert (await bob.ok("POST", f"/matches/{waiting}/confirm", {}))["status"] == "confirmed"
    assert await differences(db) == []


async def test_a_rejected_write_off_does_not_come_back_beside_another_one(room):
    books, bob, carl = room
    first = await _write_off(carl, books.left[0])
    await bob.ok("POST", f"/matches/{first}/reject", {})
    await _write_off(carl, books.left[0])

    refused = await bob.refused("POST", f"/matches/{first}/undo", {})

    assert refused == (409, "record_in_use")
    assert len(await books.matches("&status=suggested")) == 1


@pytest.mark.parametrize("is_turned", [False, True])
async def test_a_completed_write_off_is_found_in_each_pair_on_the_side_of_its_source(room, make_books, is_turned):
    books, bob, carl = room
    written_off = await _write_off(carl, books.right[1], comment="bank's mistake")
    matched = (await books.match(books.left[1:2], books.right[:1], difference="open"))[
        "id"
    ]  # waits, being above the limit
    other = await make_books(eur("1.00"), eur("2.00"))
    elsewhere = replace(books, left_source=other.left_source)
    sides = {"left_source": books.right_source, "right_source": books.left_source} if is_turned else {}
    seen = replace(books, **sides)

    (found,) = await seen.matches("&kind=one_sided&status=confirmed")

    assert (found["id"], found["decided_by"], found["reason"]) == (written_off, str(carl.id), "bank's mistake")
    side = "left" if is_turned else "right"
    assert (found[f"{side}_source"], found["records"][0]["side"]) == (books.right_source, side)
    assert set(await _ids(seen)) == {written_off, matched}
    assert await _ids(seen, "&q=50.00") != []
    assert await _ids(elsewhere) == [written_off]
    assert await _ids(other) == []
    assert await bob.ok("POST", f"/matches/{written_off}/undo", {})
    assert (await bob.ok("GET", f"/records/{books.right[1]}"))["state"] == "open"


async def test_pages_go_through_matches_and_write_offs_in_one_order_and_back(make_books):
    books = await make_books(eur("1.00", "2.00", "3.00", "4.00", "5.00"), eur("1.00", "3.00", "6.00"))
    for left, right in ((0, 0), (2, 1)):
        await books.match([books.left[left]], [books.right[right]])
    for record in (books.left[1], books.left[3], books.right[2]):
        await _write_off(books.person, record)
    path = f"/projects/{books.project}/matches?{books.query}&sort=-amount&limit=2"

    pages = [await books.person.ok("GET", path)]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await books.person.ok("GET", f"{path}&cursor={cursor}"))
    before = await books.person.ok("GET", f"{path}&cursor={pages[2]['prev_cursor']}")
    skipped = await books.person.ok("GET", f"{path}&skip=3")
    found = await books.person.ok("GET", f"{path}&q=3.00")

    amounts = [[match["records"][0]["amount"]["amount"] for match in page["items"]] for page in pages]
    assert amounts == [["6.00", "4.00"], ["3.00", "2.00"], ["1.00"]]
    assert {page["total"] for page in pages} == {5}
    assert before["items"] == pages[1]["items"]
    assert skipped["items"] == [*pages[1]["items"][1:], *pages[2]["items"]]
    assert [match["kind"] for match in found["items"]] == ["one_to_one"]


async def test_a_bulk_leaves_signatures_to_people_and_rejects_and_takes_back_write_offs(room, db):
    books, bob, carl = room
    waiting = await _write_off(carl, books.left[0])
    small = await _write_off(carl, books.left[1])
    matched = (await books.match(books.left[2:], books.right[1:], difference="open"))["id"]
    path = f"/projects/{books.project}/review"

    async def bulk(action: str, status: str, **more: str) -> dict[str, object]:
        body = {**books.sides, "action": action, "filter": {"status": status, **more}, "expected_count": 1}
        return await bob.ok("POST", path, body)

    confirmed = await bulk("confirm", "suggested")
    rejected = await bulk("reject", "suggested")
    taken_back = await bulk("undo", "confirmed", kind="one_sided")
    await bob.ok("POST", f"/decisions/{rejected['decision_id']}/undo")
    statuses = {match["id"]: match["status"] for match in await books.matches()}

    assert (confirmed["changed"], confirmed["skipped"]) == (0, [{"id": waiting, "code": "four_eyes"}])
    assert (rejected["changed"], taken_back["changed"]) == (1, 1)
    assert statuses == {waiting: "suggested", small: "withdrawn", matched: "confirmed"}
    assert await differences(db) == []


async def test_a_changed_record_is_waited_for_no_longer_and_everybody_is_told(room):
    books, bob, carl = room
    waiting = await _write_off(carl, books.left[0])
    record = await bob.ok("GET", f"/records/{books.left[0]}")
    stream = f"/streams/project:{books.project}/events"
    head = (await bob.ok("GET", stream))["head"]

    await bob.ok("PATCH", f"/records/{books.left[0]}", {"data": {"amount": "510.00"}}, if_match=record["version"])

    told = (await bob.ok("GET", f"{stream}?after={head}"))["events"]
    assert (await bob.ok("GET", f"/matches/{waiting}"))["status"] == "superseded"
    assert [event["data"]["match_id"] for event in told if event["type"] == "match.signed"] == [waiting]


async def test_the_latest_decision_names_the_match_that_took_the_records(make_books):
    books = await make_books(eur("10.00"), eur("10.00", "10.00"))
    mine = await books.suggest(books.left, books.right[:1])
    rival = await books.suggest(books.left, books.right[1:])
    before = await books.person.ok("GET", f"/matches/{mine}")
    confirmed = await books.person.ok("POST", f"/matches/{mine}/confirm", {})

    lost = await books.person.ok("GET", f"/matches/{rival}")
    back = await books.person.ok("POST", f"/matches/{rival}/undo", {})

    assert (before["latest_decision"], back["latest_decision"]) == (None, None)
    assert confirmed["latest_decision"]["match_id"] is None
    latest = lost["latest_decision"]
    assert (latest["kind"], latest["by"], latest["match_id"]) == ("confirm", str(books.person.id), mine)
    assert (await books.person.ok("GET", f"/matches/{mine}"))["status"] == "suggested"
