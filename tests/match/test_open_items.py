"""What is open in a pair, page by page: records of both sides and remainders, in one order."""

import itertools
from dataclasses import replace

import pytest

from server.api import merging

DATES = ("2026-01-05", "2026-01-03", "2026-01-09", "2026-01-03", "2026-01-01")


@pytest.fixture
async def books(make_books):
    left = [(f"{n * 7 % 11}.00", "EUR", DATES[n % 5]) for n in range(9)] + [("5.00", "EUR"), ("90.00", "EUR", DATES[0])]
    right = [(f"-{n * 3 % 7}.00", "EUR", DATES[n % 4]) for n in range(8)] + [
        ("5.00", "EUR"),
        ("70.00", "EUR", DATES[2]),
    ]
    made = await make_books(left, right)
    await made.match([made.left[10]], [made.right[9]], difference="open")
    await made.suggest([made.left[0]], [made.right[0]])
    return made


async def _pages(books, query, limit, *, back=True):
    """All open items, read page by page, there and back."""
    path = f"/projects/{books.project}/open-items?{books.query}&limit={limit}{query}"
    pages = [await books.person.ok("GET", path)]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await books.person.ok("GET", f"{path}&cursor={cursor}"))
    for page, before in zip(pages[:0:-1], pages[-2::-1], strict=True):
        if back and page["prev_cursor"] is not None:
            earlier = await books.person.ok("GET", f"{path}&cursor={page['prev_cursor']}")
            assert [item["id"] for item in earlier["items"]] == [item["id"] for item in before["items"]]
    return pages


def _value(item, sort):
    if sort.endswith("amount"):
        return None if item["amount"] is None else float(item["amount"]["amount"])
    return item["remainder"]["since"][:10] if item["record"] is None else item["record"]["date"]


@pytest.mark.parametrize(
    ("sort", "side", "limit"),
    list(itertools.product(("date", "-date", "amount", "-amount"), ("", "&side=left"), (3, 500))),
)
async def test_pages_hold_each_open_item_once_and_in_order(books, sort, side, limit):
    pages = await _pages(books, f"&sort={sort}{side}", limit)

    items = [item for page in pages for item in page["items"]]
    assert len({item["id"] for item in items}) == len(items) == (10 if side else 18)
    assert {page["total"] for page in pages} == {len(items)}
    is_descending = sort.startswith("-")
    keys = [((value := _value(item, sort)) is None, value, item["id"]) for item in items]
    with_value = [key for key in keys if not key[0]]
    assert with_value == sorted(with_value, reverse=is_descending)
    # Those without a value come last in either direction.
    without = sorted((key for key in keys if key[0]), key=lambda key: key[2], reverse=is_descending)
    assert keys == [*with_value, *without]
    skipped = await books.person.ok(
        "GET", f"/projects/{books.project}/open-items?{books.query}&limit=4&skip=5&sort={sort}{side}"
    )
    assert [item["id"] for item in skipped["items"]] == [item["id"] for item in items[5:9]]


async def test_a_remainder_names_the_record_that_it_remains_of_from_either_side(books):
    turned = replace(books, left_source=books.right_source, right_source=books.left_source)

    for view, side in ((books, "left"), (turned, "right")):
        (item,) = [one for page in await _pages(view, "", 500) for one in page["items"] if one["match_id"] is not None]
        assert (item["side"], item["record"], item["remainder_of"]["id"]) == (side, None, books.left[10])
        assert (item["remainder_of"]["date"], item["amount"]["amount"]) == (DATES[0], "20.00")
        assert item["remainder_records"] == 1


async def test_open_items_are_found_by_text_and_by_amount(books):
    for q, wanted in (("90", 1), ("-4.00", 1), ("7.00", 1), ("7", 3), ('"', 0), ("absent", 0)):
        found = [item for page in await _pages(books, f"&q={q}&side=left", 2) for item in page["items"]]
        texts = [" ".join(filter(None, (item["record"] or item["remainder_of"])["data"].values())) for item in found]
        assert len(found) == wanted or q == "-4.00", (q, texts)


async def test_a_search_goes_on_where_it_stopped(books, monkeypatch):
    whole = [item["id"] for page in await _pages(books, "&q=EUR", 500) for item in page["items"]]
    monkeypatch.setattr(merging, "SEARCHED_ROWS", 3)

    pages = await _pages(books, "&q=EUR", 500, back=False)
    nothing = await _pages(books, "&q=absent", 500, back=False)

    assert [item["id"] for page in pages for item in page["items"]] == whole
    assert pages[0]["looked_at"] is not None
    assert pages[0]["total"] is None
    assert [page["items"] for page in nothing] == [[]] * len(nothing)
    assert len(nothing) > 1
    assert nothing[-1]["looked_at"] is None


async def test_a_record_that_is_suggested_in_another_pair_is_open_in_this_one(books, make_books):
    other = await make_books([("1.00", "EUR")], [("2.00", "EUR")])
    pair = replace(books, right_source=other.right_source, right=other.right)
    await pair.suggest([books.left[1]], [other.right[0]])

    (page,) = await _pages(books, "", 500)

    counts = (await books.summary())["counts"]
    assert page["total"] == len(page["items"]) == 18 == counts["open_left"] + counts["open_right"] + 1
    (item,) = [item for item in page["items"] if item["id"] == books.left[1]]
    assert item["record"]["state"] == "suggested"


async def test_a_record_that_waits_to_be_written_off_is_open_until_then(books):
    await books.person.ok(
        "PATCH", f"/projects/{books.project}", {"four_eyes_over": {"amount": "1.00", "currency": "EUR"}}
    )
    code = (await books.person.ok("GET", f"/projects/{books.project}"))["reason_codes"][0]["code"]
    await books.person.ok("POST", f"/records/{books.left[1]}/write-off", {"reason": code})

    (page,) = await _pages(books, "", 500)

    counts = (await books.summary())["counts"]
    assert page["total"] == len(page["items"]) == 18 == counts["open_left"] + counts["open_right"] + 1
    (item,) = [item for item in page["items"] if item["id"] == books.left[1]]
    assert item["record"]["state"] == "suggested"
