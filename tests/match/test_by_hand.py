"""Matching by hand: what ties, what does not, and what stays open or is booked."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from server.books.recount import differences
from server.job import lifecycle
from tests.match.conftest import eur


async def test_records_that_tie_are_matched_at_once(make_books):
    books = await make_books(eur("10.00", "5.00", "7.00"), eur("15.00", "1.00"))

    match = await books.match(books.left[:2], books.right[:1], reason="paid together")

    assert (match["kind"], match["status"], match["origin"], match["job_id"]) == (
        *("many_to_one", "confirmed", "manual"),
        None,
    )
    assert match["difference"] == {"amount": "0.00", "currency": "EUR"}
    assert (match["left_source"], match["right_source"]) == (books.left_source, books.right_source)
    summary = await books.summary()
    assert (summary["sign"], summary["agrees"]) == (1, True)
    counts = summary["counts"]
    assert (counts["left"], counts["right"], counts["confirmed"], counts["open_left"], counts["open_right"]) == (
        *(3, 2, 1),
        *(1, 1),
    )
    assert [await books.term(name) for name in ("matched", "open", "total")] == ["15.00", "7.00", "22.00"]
    assert [await books.term(name, "right") for name in ("matched", "open", "total")] == ["15.00", "1.00", "16.00"]


MOST = "99999999999999999999999999999.99"


@pytest.mark.parametrize(
    ("left", "right", "pointers"),
    [
        ((MOST, MOST), (MOST, MOST), ["/left", "/right"]),
        ((MOST, "1.00", "1.00"), (MOST,), ["/left"]),
        ((MOST,), (f"-{MOST}", "-0.01"), ["/right"]),
        ((MOST, "0.00"), ("-1.00",), ["/difference"]),
    ],
)
@pytest.mark.parametrize("more", [{}, {"difference": "booked", "difference_reason": "fee"}])
async def test_sums_that_are_too_large_to_be_kept_are_refused(make_books, left, right, pointers, more):
    books = await make_books(eur(*left, "1.00"), eur(*right, "1.00"))
    await books.match(books.left[-1:], books.right[-1:])
    body = {**books.sides, "left": books.left[:-1], "right": books.right[:-1], **more}

    refused = await books.person.problem("POST", f"/projects/{books.project}/matches", body)

    assert (refused["status"], refused["code"]) == (422, "invalid_field")
    assert [error["pointer"] for error in refused["errors"]] == pointers
    assert all("too large to be kept" in error["message"] for error in refused["errors"])
    assert await books.term("matched") == "1.00"
    assert await differences(books.db) == []


async def test_a_part_of_a_split_that_is_too_large_to_be_kept_is_refused(make_books):
    books = await make_books(eur(MOST, "1.00", "-1.00"), eur(MOST))
    match = await books.match(books.left, books.right)
    parts = [{"left": books.left[:2], "right": books.right}, {"left": books.left[2:], "right": []}]

    refused = await books.person.problem(
        "POST", f"/matches/{match['id']}/split", {"parts": parts, "difference": "open"}, if_match=match["version"]
    )

    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [("/parts/0/left", "invalid_field")]
    assert await books.term("matched") == MOST


async def test_what_does_not_tie_needs_to_be_told_what_becomes_of_it(make_books):
    books = await make_books(eur("10.00"), eur("9.00"))
    path = f"/projects/{books.project}/matches"
    body = {**books.sides, "left": books.left, "right": books.right}

    refused = await books.person.problem("POST", path, body)
    without_reason = await books.person.problem("POST", path, {**body, "difference": "booked"})
    unknown = await books.person.problem("POST", path, {**body, "difference": "booked", "difference_reason": "luck"})

    assert (refused["status"], refused["code"], refused["errors"][0]["pointer"]) == (422, "not_tied", "/difference")
    assert (without_reason["status"], without_reason["errors"][0]["pointer"]) == (422, "/difference_reason")
    assert (unknown["status"], unknown["errors"][0]["pointer"]) == (422, "/difference_reason")
    assert "fee" in unknown["errors"][0]["message"]
    assert await books.term("open") == "10.00"


async def test_a_booked_difference_is_booked_where_it_is_too_much(make_books):
    books = await make_books(eur("10.00"), eur("9.00"))

    match = await books.match(books.left, books.right, difference="booked", difference_reason="fee")

    assert (match["difference"]["amount"], match["difference_reason"], match["remainder"]) == ("1.00", "fee", None)
    assert [await books.term(name) for name in ("matched", "booked", "open")] == ["9.00", "1.00", "0.00"]
    assert [await books.term(name, "right") for name in ("matched", "booked", "open")] == ["9.00", "0.00", "0.00"]


async def test_an_open_difference_is_a_remainder_among_the_open_items(make_books):
    books = await make_books(eur("10.00", "3.00"), eur("9.00"))

    match = await books.match(books.left[:1], books.right, difference="open", remainder_of=books.left[0])

    assert match["remainder"]["amount"] == {"amount": "1.00", "currency": "EUR"}
    assert (match["remainder"]["side"], match["remainder"]["record_id"]) == ("left", books.left[0])
    assert [await books.term(name) for name in ("matched", "open", "remainder")] == ["9.00", "4.00", "1.00"]
    items = (await books.person.ok("GET", f"/projects/{books.project}/open-items?{books.query}"))["items"]
    assert [(item["side"], item["match_id"], item["amount"]["amount"]) for item in items] == [
        ("left", match["id"], "1.00"),
        ("left", None, "3.00"),
    ]


async def test_the_next_payment_extends_the_match(make_books):
    books = await make_books(eur("10.00"), eur("9.00", "1.00"))
    first = await books.match(books.left, books.right[:1], difference="open")

    second = await books.match([], books.right[1:], replaces=[first["id"]])

    assert (second["kind"], second["remainder"], second["extends"]) == ("one_to_many", None, {"match_id": first["id"]})
    assert (await books.person.ok("GET", f"/matches/{first['id']}"))["status"] == "superseded"
    assert [await books.term(name) for name in ("matched", "open")] == ["10.00", "0.00"]
    undone = await books.person.ok("POST", f"/matches/{second['id']}/undo", {})
    back = await books.person.ok("GET", f"/matches/{first['id']}")
    assert (undone["status"], back["status"]) == ("withdrawn", "confirmed")
    assert back["remainder"]["since"] == first["remainder"]["since"]
    assert [await books.term(name) for name in ("matched", "open")] == ["9.00", "1.00"]


async def test_a_match_is_extended_from_the_other_side(make_books):
    books = await make_books(eur("10.00"), eur("9.00", "1.00"))
    first = await books.match(books.left, books.right[:1], difference="open")
    turned = {"left_source": books.right_source, "right_source": books.left_source}

    body = {**turned, "left": books.right[1:], "right": [], "replaces": [first["id"]]}
    second = await books.person.ok("POST", f"/projects/{books.project}/matches", body)

    sides = {record["id"]: record["side"] for record in second["records"]}
    assert sides == {books.left[0]: "right", books.right[0]: "left", books.right[1]: "left"}
    assert [await books.term(name) for name in ("matched", "open")] == ["10.00", "0.00"]


async def test_a_turned_pair_counts_one_side_the_other_way_round(make_books):
    books = await make_books(eur("10.00", "4.00"), eur("-10.00", "-4.00"))

    await books.match(books.left[:1], books.right[:1])
    await books.match(books.left[1:], books.right[1:])

    summary = await books.summary()
    assert (summary["sign"], summary["agrees"]) == (-1, True)
    assert (await books.term("matched"), await books.term("matched", "right")) == ("14.00", "-14.00")


async def test_the_pair_is_the_same_from_the_other_side(make_books):
    books = await make_books(eur("10.00", "5.00"), eur("14.00"))
    await books.match(books.left, books.right, difference="open")

    turned = f"left_source={books.right_source}&right_source={books.left_source}"
    (match,) = (await books.person.ok("GET", f"/projects/{books.project}/matches?{turned}"))["items"]
    summary = await books.person.ok("GET", f"/projects/{books.project}/summary?{turned}")

    assert (match["kind"], match["left_source"], match["difference"]["amount"]) == (
        *("one_to_many", books.right_source),
        "-1.00",
    )
    assert [record["side"] for record in match["records"]] == ["left", "right", "right"]
    assert match["remainder"]["side"] == "right"
    sums = {row["side"]: row["total"]["amount"] for row in summary["sums"]}
    assert sums == {"left": "14.00", "right": "15.00"}


@pytest.mark.parametrize(
    ("left", "right", "pointer"),
    [
        (["right:0"], ["right:0"], "/left/0"),
        (["left:0"], ["left:1"], "/right/0"),
        (["left:0", "left:0"], ["right:0"], "/left"),
        (["left:0"], [], "/right"),
        (["left:0", "nowhere"], ["right:0"], "/left/1"),
        (["left:0"] + ["nowhere"] * 1001, ["right:0"], "/left"),
    ],
)
async def test_records_of_elsewhere_are_refused_by_their_place(make_books, left, right, pointer):
    books = await make_books(eur("1.00", "1.00"), eur("1.00"))
    nowhere = "018f0000-0000-7000-8000-000000000000"

    def ids(names: list[str]) -> list[str]:
        return [nowhere if name == "nowhere" else getattr(books, name.split(":")[0])[int(name[-1])] for name in names]

    body = {**books.sides, "left": ids(left), "right": ids(right)}

    refused = await books.person.problem("POST", f"/projects/{books.project}/matches", body)

    assert refused["status"] == 422
    assert pointer in [error["pointer"] for error in refused["errors"]]
    assert await books.matches() == []


async def test_a_record_is_matched_once(make_books):
    books = await make_books(eur("1.00", "1.00"), eur("1.00", "1.00"))
    first = await books.match(books.left[:1], books.right[:1])

    body = {**books.sides, "left": books.left[:1], "right": books.right[1:]}
    refused = await books.person.problem("POST", f"/projects/{books.project}/matches", body)

    assert (refused["status"], refused["code"], refused["match_id"]) == (409, "record_in_use", first["id"])


async def test_several_currencies_are_booked_or_refused(make_books):
    books = await make_books([("10.00", "EUR")], [("11.00", "USD")])
    path = f"/projects/{books.project}/matches"
    body = {**books.sides, "left": books.left, "right": books.right}

    refused = await books.person.problem("POST", path, {**body, "difference": "open"})
    await books.match(books.left, books.right, difference="booked", difference_reason="fx")

    assert (refused["status"], refused["code"]) == (422, "not_tied")
    assert [await books.term(name) for name in ("matched", "booked")] == ["0.00", "10.00"]
    assert [await books.term(name, "right", "USD") for name in ("matched", "booked")] == ["0.00", "11.00"]
    assert (await books.summary())["agrees"] is True


async def test_a_plan_of_the_other_sign_is_refused(make_books):
    books = await make_books(eur("10.00"), eur("10.00"))
    await books.match(books.left, books.right)
    turned = {"type": "money", "left": "amount", "right": {"column": "amount", "negate": True}}
    document = {
        "fields": {"amount": turned},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "amount", "compare": "equal"}]}],
    }
    plan = await books.person.ok("POST", f"/projects/{books.project}/plans", {"name": "p", "document": document})

    refused = await books.person.problem("POST", f"/projects/{books.project}/jobs", {**books.sides, "plan": plan["id"]})

    assert (refused["status"], refused["code"], refused["errors"][0]["pointer"]) == (422, "invalid_plan", "/plan")


async def test_open_items_are_found_by_what_their_record_or_their_match_says(make_books):
    books = await make_books(eur("5.00", "3.00"), eur("4.00"))
    match = await books.match(books.left[:1], books.right, difference="open")
    listed = f"/projects/{books.project}/open-items?{books.query}"
    everything = (await books.person.ok("GET", listed))["items"]
    record = (await books.person.ok("GET", f"/records/{books.left[1]}"))["data"]
    unlike = next(value for value in record.values() if value and value not in str(match))

    found = (await books.person.ok("GET", f"{listed}&q={unlike}"))["items"]
    of_match = next(value for value in match["records"][0]["data"].values() if value)
    remainder = (await books.person.ok("GET", f"{listed}&q={of_match}"))["items"]
    nothing = (await books.person.ok("GET", f"{listed}&q=nobody-has-this"))["items"]

    assert len(everything) == 2
    assert [item["id"] for item in found] == [books.left[1]]
    assert match["id"] in [item["match_id"] for item in remainder]
    assert nothing == []


async def test_matches_are_sorted_by_the_larger_amount_and_the_earliest_date(make_books):
    left = [("20.00", "EUR", "2026-03-02"), ("-300.00", "EUR", "2026-03-01"), ("5.00", "EUR")]
    right = [("20.00", "EUR", "2026-02-01"), ("-310.00", "EUR", "2026-03-05"), ("5.00", "EUR")]
    books = await make_books(left, right)
    made = []
    for n in range(3):
        made.append((await books.match([books.left[n]], [books.right[n]], difference="open"))["id"])
    small, large, undated = made

    async def order(sort):
        return [match["id"] for match in await books.matches(f"&sort={sort}")]

    assert await order("-amount") == [large, small, undated]
    assert await order("amount") == [undated, small, large]
    assert await order("date") == [small, large, undated]
    assert await order("-date") == [large, small, undated]  # without a date comes last in either direction


async def test_a_job_takes_no_match_of_records_that_it_has_not_read(make_books):
    books = await make_books(eur("10.00"), eur("10.00"))
    job = await books.job()
    await lifecycle.claim_job(UUID(job), 3)  # as a worker that begins
    record = {"data": {"amount": "10.00", "currency": "EUR"}}
    added = await books.person.ok("POST", f"/sources/{books.right_source}/records", {"records": [record]})
    late = added["items"][0]["id"]

    body = {"left": books.left, "right": [late]}
    refused = await books.person.problem("POST", f"/jobs/{job}/matches", body)
    in_pair = await books.match(books.left, [late])

    assert [(fault["pointer"], fault["code"]) for fault in refused["errors"]] == [("/right/0", "invalid_field")]
    assert in_pair["status"] == "confirmed"


@pytest.mark.parametrize("sign", [1, -1])
async def test_differences_are_sorted_as_they_are_shown_from_either_side(make_books, sign):
    left = ("10.00", "20.00", "30.00", "40.00", "50.00", "60.00")
    right = ("12.00", "20.00", "25.00", "33.00", "50.00", "70.00")
    amounts = [f"{sign * Decimal(amount):.2f}" for amount in right]
    books = await make_books(eur(*left), eur(*amounts))
    turned = replace(books, left_source=books.right_source, right_source=books.left_source)
    await books.match([books.left[1]], [books.right[1]])  # fixes the sign
    for n in (0, 2):
        await books.match([books.left[n]], [books.right[n]], difference="open")
    for n in (3, 5):
        await turned.match([books.right[n]], [books.left[n]], difference="open")
    usd = await books.person.ok("GET", f"/matches/{await books.suggest([books.left[4]], [books.right[4]])}")
    assert usd["difference"] is None

    for view in (books, turned):
        for order, is_descending in (("difference", False), ("-difference", True)):
            seen = [match["difference"] for match in await _pages(view, order)]
            shown = [Decimal(one["amount"]) for one in seen if one is not None]
            assert shown == sorted(shown, reverse=is_descending)
            assert len(shown) == 5
            assert seen[-1] is None


async def _pages(books, order):
    """All matches in an order, read two at a time, there and back."""
    path = f"/projects/{books.project}/matches?{books.query}&sort={order}&limit=2"
    pages = [await books.person.ok("GET", path)]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await books.person.ok("GET", f"{path}&cursor={cursor}"))
    for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
        back = await books.person.ok("GET", f"{path}&cursor={page['prev_cursor']}")
        assert back["items"] == before["items"]
    return [match for page in pages for match in page["items"]]
