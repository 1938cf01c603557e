"""The summary of a pair: by pass, by age, and from either side."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from server.books.sums import AGES


def _ago(days):
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


@pytest.fixture
async def books(make_books):
    ages = (0, 7, 8, 30, 31, 60, 61, 90, 91, 150)
    left = [(f"{n + 1}.00", "EUR", _ago(days)) for n, days in enumerate(ages)]
    return await make_books(
        [*left, ("100.00", "EUR"), ("40.00", "EUR", _ago(3))], [("100.00", "EUR", _ago(2)), ("30.00", "EUR")]
    )


async def _aged(books):
    """Open items by side and age, from the list of open items itself."""
    page = await books.person.ok("GET", f"/projects/{books.project}/open-items?{books.query}&limit=100")
    found = Counter()
    for item in page["items"]:
        if item["age_days"] is not None:
            place = next(from_ for from_, to in AGES if to is None or item["age_days"] <= to)
            found[item["side"], place] += Decimal(item["amount"]["amount"])
    return found


def _ageing(summary):
    return {
        (row["side"], row["from_days"]): sum(Decimal(one["amount"]) for one in row["sums"])
        for row in summary["ageing"]
        if row["count"]
    }


async def test_open_items_are_counted_by_age(books):
    before = await books.summary()
    await books.match([books.left[11]], [books.right[1]], difference="open")
    suggested = await books.suggest([books.left[0]], [books.right[0]])

    summary = await books.summary()

    assert _ageing(before) == await _aged_at_first(books)
    assert _ageing(summary) == await _aged(books)
    assert [row["count"] for row in summary["ageing"] if row["side"] == "left"] == [2, 2, 2, 2, 2]
    assert (summary["remainders_left"], summary["remainders_right"]) == (1, 0)
    await books.person.ok("POST", f"/matches/{suggested}/reject", {})
    assert _ageing(await books.summary()) == await _aged(books)


async def _aged_at_first(books):
    return {
        ("left", 0): Decimal(43),
        ("left", 8): Decimal(7),
        ("left", 31): Decimal(11),
        ("left", 61): Decimal(15),
        ("left", 91): Decimal(19),
        ("right", 0): Decimal(100),
    }


async def test_what_a_match_leaves_open_is_as_old_as_it_was_after_an_undo_of_its_undo(books, db):
    made = await books.match([books.left[11]], [books.right[1]], difference="open")
    await db.execute(
        "UPDATE matches SET remainder_since = now() - interval '45 days' WHERE id = $1::text::uuid", made["id"]
    )
    await db.execute("UPDATE book_entries SET since = since - 45 WHERE term = 'remainder'")
    merged = await books.match([books.left[0]], [], replaces=[made["id"]], difference="open")
    await books.person.ok("POST", f"/matches/{merged['id']}/undo", {})

    summary = await books.summary()

    assert _ageing(summary) == await _aged(books)
    assert ("left", 31) in _ageing(summary)


async def test_matches_are_counted_by_pass_and_records_flow_through_it(books):
    await books.match([books.left[10]], [books.right[0]])
    await books.suggest([books.left[0], books.left[1]], [books.right[1]])
    code = (await books.person.ok("GET", f"/projects/{books.project}"))["reason_codes"][0]["code"]
    await books.person.ok("POST", f"/records/{books.left[2]}/write-off", {"reason": code})

    summary = await books.summary()
    turned = f"left_source={books.right_source}&right_source={books.left_source}"
    other = await books.person.ok("GET", f"/projects/{books.project}/summary?{turned}")

    assert summary["by_pass"] == [{"pass": "by hand", "matches": 2, "records": 5}]
    flow = summary["flow"]
    assert (flow["left"]["count"], flow["open"]["left"]["count"], flow["written_off"]["left"]["count"]) == (12, 8, 1)
    assert flow["passes"][0]["left"] == {"count": 3, "sums": [{"amount": "103.00", "currency": "EUR"}]}
    assert flow["passes"][0]["by_status"] == {"suggested": 1, "confirmed": 1}
    assert other["flow"]["passes"][0]["right"] == flow["passes"][0]["left"]
    assert other["flow"]["open"]["right"] == flow["open"]["left"]
    assert _ageing(other)["right", 8] == _ageing(summary)["left", 8]
    assert all(row["opening"] is row["closing"] is row["ties"] is None for row in summary["balance"])
    assert {row["side"]: row["movements"] for row in summary["balance"]} == {
        row["side"]: row["total"] for row in summary["sums"]
    }
