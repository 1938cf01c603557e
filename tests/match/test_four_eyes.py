"""Four eyes: above the limit the first person only signs, and a second one, a controller, decides."""

import pytest

from tests.match.conftest import eur


@pytest.fixture
async def room(make_books, bob, make_person):
    """Books of which what is above 100 euros needs two people; Bob is a controller and Carl an analyst."""
    books = await make_books(eur("500.00", "50.00", "70.00"), eur("500.00", "50.00"))
    carl = await make_person("carl", "user")
    for person, role in ((bob, "controller"), (carl, "analyst")):
        await books.person.ok("POST", f"/projects/{books.project}/members", {"email": person.email, "role": role})
    limit = {"four_eyes_over": {"amount": "100.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)
    return books, bob, carl


async def test_a_confirmation_takes_two(room):
    books, _, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    path = f"/matches/{match}/confirm"

    signed = await carl.ok("POST", path, {})
    again = await carl.refused("POST", path, {})
    alice_signs = await books.person.ok("POST", path, {})

    assert (signed["status"], [one["by"] for one in signed["signatures"]]) == ("suggested", [str(carl.id)])
    assert again == (409, "four_eyes")
    assert alice_signs["status"] == "confirmed"
    assert await books.term("matched") == "500.00"


async def test_the_second_person_is_a_controller(room):
    books, bob, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    await bob.ok("POST", f"/matches/{match}/confirm", {})

    refused = await carl.refused("POST", f"/matches/{match}/confirm", {})

    assert refused == (403, "forbidden")
    assert await books.term("matched") == "0.00"


async def test_a_signature_is_taken_back_by_who_gave_it(room):
    books, bob, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    await carl.ok("POST", f"/matches/{match}/confirm", {})

    by_bob = await bob.refused("POST", f"/matches/{match}/undo", {})
    back = await carl.ok("POST", f"/matches/{match}/undo", {})

    assert by_bob == (409, "already_decided")
    assert (back["status"], back["signatures"]) == ("suggested", [])


async def test_below_the_limit_one_is_enough(room):
    books, _, carl = room
    match = await books.suggest(books.left[1:2], books.right[1:])

    assert (await carl.ok("POST", f"/matches/{match}/confirm", {}))["status"] == "confirmed"


async def test_undoing_takes_two_as_well(room):
    books, bob, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    for person in (carl, bob):
        await person.ok("POST", f"/matches/{match}/confirm", {})

    signed = await carl.ok("POST", f"/matches/{match}/undo", {})
    again = await carl.refused("POST", f"/matches/{match}/undo", {})
    undone = await bob.ok("POST", f"/matches/{match}/undo", {})

    assert (signed["status"], again) == ("confirmed", (409, "four_eyes"))
    assert (undone["status"], undone["signatures"]) == ("suggested", [])


async def test_a_match_by_hand_waits_as_a_suggestion(room):
    books, bob, carl = room
    books.person = carl
    match = await books.match(books.left[:1], books.right[:1])
    waiting = await books.term("matched")

    confirmed = await bob.ok("POST", f"/matches/{match['id']}/confirm", {})

    assert (match["status"], [one["action"] for one in match["signatures"]]) == ("suggested", ["match"])
    assert waiting == "0.00"
    assert confirmed["status"] == "confirmed"
    assert await books.term("matched") == "500.00"


async def test_a_write_off_takes_two(room):
    books, bob, carl = room
    path = f"/records/{books.left[0]}/write-off"

    signed = await carl.ok("POST", path, {"reason": "other"})
    again = await carl.refused("POST", path, {"reason": "other"})
    before = await books.term("written_off")
    written = await bob.ok("POST", path, {"reason": "other"})

    assert ([one["by"] for one in signed["signatures"]], again) == ([str(carl.id)], (409, "four_eyes"))
    assert (before, written["state"], await books.term("written_off")) == ("0.00", "written_off", "500.00")


async def test_a_bulk_leaves_them_and_says_so(room):
    books, bob, _ = room
    job = await books.job()
    large = await books.suggest(books.left[:1], books.right[:1], job)
    small = await books.suggest(books.left[1:2], books.right[1:], job)
    body = {**books.sides, "action": "confirm", "filter": {}, "expected_count": 2}

    done = await bob.ok("POST", f"/projects/{books.project}/review", body)

    assert (done["changed"], done["skipped"]) == (1, [{"id": large, "code": "four_eyes"}])
    assert (await bob.ok("GET", f"/matches/{small}"))["status"] == "confirmed"


async def test_who_signs_a_split_signs_its_parts(room):
    books, bob, carl = room
    match = await books.suggest(books.left, books.right)
    for person in (carl, bob):
        await person.ok("POST", f"/matches/{match}/confirm", {})
    path = f"/matches/{match}/split"
    mine = {
        "parts": [
            {"left": books.left[:1], "right": books.right[:1]},
            {"left": books.left[1:], "right": books.right[1:]},
        ]
    }
    mine |= {"difference": "open"}
    other = {
        **mine,
        "parts": [
            {"left": books.left[:2], "right": books.right[:1]},
            {"left": books.left[2:], "right": books.right[1:]},
        ],
    }

    signed = await carl.ok("POST", path, mine)
    of_others = await bob.ok("POST", path, other)  # other parts: only a first signature
    read = await carl.ok("GET", f"/matches/{match}")
    of_mine = await bob.refused("POST", path, other)
    split = await bob.ok("POST", path, mine)

    assert (signed["status"], signed["signed_split"]["parts"]) == ("confirmed", mine["parts"])
    assert (of_others["status"], read["signed_split"]["parts"]) == ("confirmed", other["parts"])
    assert of_mine == (409, "four_eyes")
    assert (split["status"], split["signed_split"]) == ("superseded", None)


@pytest.mark.parametrize("verb", ["undo", "split"])
async def test_a_signature_under_an_undo_or_a_split_is_taken_back(room, verb):
    books, bob, carl = room
    match = await books.suggest(books.left[:2], books.right)
    for person in (carl, bob):
        await person.ok("POST", f"/matches/{match}/confirm", {})
    body = {}
    if verb == "split":
        body["parts"] = [
            {"left": [left], "right": [right]} for left, right in zip(books.left, books.right, strict=False)
        ]
    await carl.ok("POST", f"/matches/{match}/{verb}", body)

    of_bob = await bob.refused("DELETE", f"/matches/{match}/signature")
    back = await carl.ok("DELETE", f"/matches/{match}/signature")
    again = await carl.refused("DELETE", f"/matches/{match}/signature")
    first = await bob.ok("POST", f"/matches/{match}/{verb}", body)

    assert (of_bob, again) == ((409, "already_decided"),) * 2
    assert [(one["by"], one["action"]) for one in back["signatures"]] == [(str(carl.id), "confirm")]
    assert first["status"] == "confirmed"  # Bob's is the only signature now
    history = (await bob.ok("GET", f"/matches/{match}"))["history"]
    said = [(one["action"], one["signed"]) for one in history if one["signed"]]
    assert said == [("match.sign", "confirm"), ("match.sign", verb), ("match.unsign", verb), ("match.sign", verb)]


async def test_the_signature_of_somebody_who_left_does_not_count(room):
    books, bob, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    await carl.ok("POST", f"/matches/{match}/confirm", {})
    await books.person.ok("DELETE", f"/projects/{books.project}/members/{carl.id}")

    first = await bob.ok("POST", f"/matches/{match}/confirm", {})
    second = await books.person.ok("POST", f"/matches/{match}/confirm", {})

    assert (first["status"], second["status"]) == ("suggested", "confirmed")


async def test_a_write_off_that_waits_is_open_and_missing_in_the_books(room):
    books, bob, carl = room
    await carl.ok("POST", f"/records/{books.left[0]}/write-off", {"reason": "other"})

    summary = await books.summary()
    listed = await books.person.ok("GET", f"/projects/{books.project}/open-items?{books.query}")
    await bob.ok("POST", f"/records/{books.left[0]}/write-off", {"reason": "other"})
    after = await books.summary()

    said = "EUR: 1 record waits for somebody else to sign that it is written off."
    assert (summary["agrees"], summary["missing"]) == (False, [said])
    assert (
        summary["counts"]["open_left"] + summary["counts"]["open_right"] == listed["total"] == len(listed["items"]) == 5
    )
    assert after["missing"] == []


@pytest.mark.parametrize("is_first", [True, False], ids=["written off first", "matched first"])
async def test_a_record_that_two_suggestions_hold_is_taken_out_of_the_open_items_once(room, is_first):
    books, _, carl = room
    books.person = carl
    for turn in (is_first, not is_first):
        if turn:
            await carl.ok("POST", f"/records/{books.left[0]}/write-off", {"reason": "other"})
        else:
            await books.match(books.left[:1], books.right[:1])

    listed = await carl.ok("GET", f"/projects/{books.project}/open-items?{books.query}")

    assert (listed["total"], len(listed["items"])) == (3, 3)


def _signed(match):
    """Who has signed what."""
    return [(one["by"], one["action"]) for one in match["signatures"]]


@pytest.mark.parametrize("is_bulk", [False, True])
async def test_undoing_a_rejection_brings_back_what_was_signed(room, is_bulk):
    books, bob, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    await carl.ok("POST", f"/matches/{match}/confirm", {})
    if is_bulk:
        body = {**books.sides, "action": "reject", "ids": [match], "expected_count": 1}
        done = await bob.ok("POST", f"/projects/{books.project}/review", body)
        undo = f"/decisions/{done['decision_id']}/undo"
    else:
        await bob.ok("POST", f"/matches/{match}/reject", {})
        undo = f"/matches/{match}/undo"

    rejected = await bob.ok("GET", f"/matches/{match}")
    await bob.ok("POST", undo, {})
    back = await bob.ok("GET", f"/matches/{match}")
    confirmed = await bob.ok("POST", f"/matches/{match}/confirm", {})

    assert rejected["signatures"] == []
    assert [(one["action"], one["signed"]) for one in rejected["history"]][:1] == [("match.sign", "confirm")]
    assert (back["status"], _signed(back)) == ("suggested", [(str(carl.id), "confirm")])
    assert confirmed["status"] == "confirmed"  # the second signature


async def test_undoing_what_superseded_a_signed_match_brings_its_signature_back(room):
    books, bob, carl = room
    match = await books.suggest(books.left[:1], books.right[:1])
    await carl.ok("POST", f"/matches/{match}/confirm", {})
    await carl.ok("POST", f"/records/{books.left[1]}/write-off", {"reason": "other"})
    await books.person.ok("PATCH", f"/projects/{books.project}", {"four_eyes_over": None})
    other = await books.match(books.left[:1], books.right[1:], difference="open")
    superseded = await bob.ok("GET", f"/matches/{match}")

    await bob.ok("POST", f"/matches/{other['id']}/undo", {})
    back = await bob.ok("GET", f"/matches/{match}")

    assert (superseded["status"], superseded["signatures"]) == ("superseded", [])
    assert (back["status"], _signed(back)) == ("suggested", [(str(carl.id), "confirm")])


async def test_a_split_that_is_undone_leaves_the_signatures_under_the_match_and_none_under_the_split(room):
    books, bob, carl = room
    match = await books.suggest(books.left[:2], books.right)
    for person in (carl, bob):
        await person.ok("POST", f"/matches/{match}/confirm", {})
    body = {"parts": [{"left": [books.left[n]], "right": [books.right[n]]} for n in range(2)]}
    for person in (carl, bob):
        await person.ok("POST", f"/matches/{match}/split", body)
    await books.person.ok("PATCH", f"/projects/{books.project}", {"four_eyes_over": None})

    back = await bob.ok("POST", f"/matches/{match}/undo", {})

    assert (back["status"], _signed(back)) == ("confirmed", [(str(carl.id), "confirm")])
