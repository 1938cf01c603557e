"""What reaches a match by way of another one: limits, records and remainders hold there too."""

import pytest

from server.books.recount import differences
from tests.match.conftest import eur

LIMIT = {"four_eyes_over": {"amount": "50.00", "currency": "EUR"}}
NO_LIMIT = {"four_eyes_over": None}


async def limit(books, body):
    await books.person.ok("PATCH", f"/projects/{books.project}", body)


async def test_a_match_that_was_extended_leaves_nothing_open(make_books):
    books = await make_books(eur("100.00"), eur("50.00", "40.00"))
    first = await books.match(books.left, books.right[:1], difference="open")
    second = await books.match([], books.right[1:], replaces=[first["id"]], difference="open")

    items = (await books.person.ok("GET", f"/projects/{books.project}/open-items?{books.query}"))["items"]
    refused = await books.person.problem("POST", f"/matches/{first['id']}/undo", {})

    assert [(item["match_id"], item["amount"]["amount"]) for item in items] == [(second["id"], "10.00")]
    assert (refused["status"], refused["code"], refused["match_id"]) == (409, "record_in_use", second["id"])
    assert await differences(books.db) == []


async def test_undoing_a_rival_takes_no_match_back_that_two_people_have_to_undo(make_books):
    books = await make_books(eur("100.00"), eur("100.00", "100.00"))
    match, rival = await books.suggest(books.left, books.right[:1]), await books.suggest(books.left, books.right[1:])
    await books.person.ok("POST", f"/matches/{match}/confirm", {})
    await limit(books, LIMIT)

    refused = await books.person.problem("POST", f"/matches/{rival}/undo", {})

    assert (refused["status"], refused["code"], refused["match_id"]) == (409, "four_eyes", match)
    assert (await books.person.ok("GET", f"/matches/{match}"))["status"] == "confirmed"


async def test_a_match_that_two_people_have_to_undo_is_not_replaced_by_one(make_books):
    books = await make_books(eur("100.00", "-99.00"), eur("100.00", "-99.00"))
    match = await books.match(books.left[:1], books.right[:1])
    await limit(books, LIMIT)
    body = {**books.sides, "left": books.left[1:], "right": books.right[1:], "replaces": [match["id"]]}

    assert await books.person.refused("POST", f"/projects/{books.project}/matches", body) == (409, "four_eyes")


async def test_a_bulk_that_skips_a_match_leaves_its_rivals_alone(make_books):
    books = await make_books(eur("100.00"), eur("100.00", "100.00"))
    match, rival = await books.suggest(books.left, books.right[:1]), await books.suggest(books.left, books.right[1:])
    path = f"/projects/{books.project}/review"
    body = {**books.sides, "action": "confirm", "ids": [match], "expected_count": 1}
    done = await books.person.ok("POST", path, body)
    await limit(books, LIMIT)

    whole = await books.person.ok("POST", f"/decisions/{done['decision_id']}/undo")
    one = await books.person.ok("POST", path, {**body, "action": "undo"})

    assert (whole["changed"], one["changed"]) == (0, 0)
    assert {found["code"] for found in (*one["skipped"],)} == {"four_eyes"}
    assert (await books.person.ok("GET", f"/matches/{rival}"))["status"] == "superseded"
    assert await differences(books.db) == []


async def test_a_bulk_undoes_a_merge_as_a_whole_or_not_at_all(make_books):
    books = await make_books(eur("40.00", "40.00"), eur("40.00", "40.00"))
    parts = [(await books.match([left], [right]))["id"] for left, right in zip(books.left, books.right, strict=True)]
    merged = await books.match([], [], replaces=parts)
    await limit(books, LIMIT)
    body = {**books.sides, "action": "undo", "ids": [merged["id"]], "expected_count": 1}

    skipped = await books.person.ok("POST", f"/projects/{books.project}/review", body)
    await limit(books, NO_LIMIT)
    undone = await books.person.ok("POST", f"/projects/{books.project}/review", body)

    assert (skipped["changed"], skipped["skipped"][0]["code"], undone["changed"]) == (0, "four_eyes", 1)
    assert sorted(match["id"] for match in await books.matches("&status=confirmed")) == sorted(parts)
    assert await differences(books.db) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
async def test_of_matches_that_replaced_each_other_a_bulk_brings_the_latest_back(make_books, order):
    books = await make_books(eur("10.00", "20.00", "30.00", "5.00"), eur("10.00", "20.00", "30.00", "5.00"))
    chain: list[str] = []
    for n in range(3):
        made = await books.match(books.left[n : n + 1], books.right[n : n + 1], replaces=chain[-1:])
        chain.append(made["id"])
    first, second, third = chain
    other = (await books.match(books.left[3:], books.right[3:]))["id"]
    asked = [(first, second, other)[n] for n in order]
    body = {**books.sides, "action": "undo", "ids": asked, "expected_count": 3}

    done = await books.person.ok("POST", f"/projects/{books.project}/review", body)

    states = {one["id"]: one["status"] for one in await books.matches()}
    assert (done["changed"], done["skipped"]) == (2, [{"id": first, "code": "record_in_use"}])
    assert [states[one] for one in (first, second, third, other)] == [
        "superseded",
        "confirmed",
        "withdrawn",
        "withdrawn",
    ]
    assert await differences(books.db) == []


async def test_a_bulk_undoes_every_match_but_those_that_others_replaced(make_books):
    books = await make_books(eur("10.00", "20.00", "30.00", "5.00"), eur("10.00", "20.00", "30.00", "5.00"))
    chain: list[str] = []
    for n in range(3):
        made = await books.match(books.left[n : n + 1], books.right[n : n + 1], replaces=chain[-1:])
        chain.append(made["id"])
    body = {**books.sides, "action": "undo", "filter": {"status": "superseded"}, "expected_count": 2}

    done = await books.person.ok("POST", f"/projects/{books.project}/review", body)
    again = await books.person.ok("POST", f"/projects/{books.project}/review", {**body, "expected_count": 1})

    assert (done["changed"], done["skipped"]) == (1, [{"id": chain[0], "code": "record_in_use"}])
    assert (again["changed"], again["skipped"]) == (1, [])
    assert (await books.matches("&status=confirmed"))[0]["id"] == chain[0]
    assert await differences(books.db) == []


async def test_replacing_a_suggestion_supersedes_others_over_its_records(make_books):
    books = await make_books(eur("10.00", "5.00"), eur("10.00", "10.00", "5.00"))
    replaced = await books.suggest(books.left[:1], books.right[:1])
    other = await books.suggest(books.left[:1], books.right[1:2])

    await books.match(books.left[1:], books.right[2:], replaces=[replaced])

    assert (await books.person.ok("GET", f"/matches/{other}"))["status"] == "superseded"
    assert (await books.summary())["agrees"] is True


async def test_a_write_off_of_two_people_is_undone_as_a_whole(make_books, bob):
    books = await make_books(eur("100.00"), eur("1.00"))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "controller"})
    await limit(books, LIMIT)
    for person in (books.person, bob):
        await person.ok("POST", f"/records/{books.left[0]}/write-off", {"reason": "other"})
    await limit(books, NO_LIMIT)

    await bob.ok("DELETE", f"/records/{books.left[0]}/write-off")

    items = (await bob.ok("GET", f"/projects/{books.project}/open-items?{books.query}&side=left"))["items"]
    assert [item["record"]["id"] for item in items] == [books.left[0]]


async def test_sums_are_exact_however_long(make_books):
    long = "12345678901234567890.123456789"
    books = await make_books(eur(long, long, "9" * 29), eur(long))

    await books.match(books.left[:1], books.right)

    assert await books.term("matched") == long
    # 2 x 12345678901234567890.123456789 + 99999999999999999999999999999
    assert await books.term("total") == "100000000024691357802469135779.246913578"


async def test_the_sign_is_free_again_when_nothing_is_confirmed(make_books):
    books = await make_books(eur("100.00", "70.00"), eur("-100.00", "70.00"))
    wrong = await books.match(books.left[:1], books.right[:1])
    await books.person.ok("POST", f"/matches/{wrong['id']}/undo", {})

    match = await books.match(books.left[1:], books.right[1:])

    assert match["difference"]["amount"] == "0.00"
    assert (await books.summary())["sign"] == 1
