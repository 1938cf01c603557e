"""A search among the matches of a pair: it counts what it finds, and looks at a bounded number of matches at a time."""

import pytest

from server.api import merging, paging
from tests.match.conftest import eur


@pytest.fixture
async def books(make_books):
    """Eight suggestions, of which three are found by the text 7."""
    amounts = ["7.00", "8.00", "17.00", "9.00", "3.00", "4.00", "27.00", "5.00"]
    made = await make_books(eur(*amounts), eur(*amounts))
    job = await made.job()
    for left, right in zip(made.left, made.right, strict=True):
        await made.suggest([left], [right], job)
    return made


async def _pages(books, query):
    path = f"/projects/{books.project}/matches?{books.query}{query}"
    pages = [await books.person.ok("GET", path)]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await books.person.ok("GET", f"{path}&cursor={cursor}"))
    return pages


async def _pages_before(books, query, page):
    path = f"/projects/{books.project}/matches?{books.query}{query}"
    pages = []
    while (cursor := page["prev_cursor"]) is not None:
        page = await books.person.ok("GET", f"{path}&cursor={cursor}")
        pages.insert(0, page)
    return pages


def _amounts(pages):
    return [match["records"][0]["amount"]["amount"] for page in pages for match in page["items"]]


@pytest.mark.parametrize("sort", ["created", "-created"])
async def test_a_search_goes_on_where_it_stopped(books, monkeypatch, sort):
    query = f"&q=7.00&sort={sort}"
    (whole,) = await _pages(books, query)
    monkeypatch.setattr(merging, "SEARCHED_ROWS", 3)

    pages = await _pages(books, query)
    nothing = await _pages(books, "&q=absent")

    assert (whole["total"], whole["looked_at"]) == (3, None)
    assert _amounts(pages) == _amounts([whole])
    assert len(pages) == len(nothing) == 3
    assert [page["looked_at"] for page in nothing] == [3, 3, None]
    assert (pages[0]["total"], pages[0]["total_at_least"]) == (None, len(pages[0]["items"]))
    # Matches made within a millisecond are in any order, and a page back may begin elsewhere than the one before did.
    back = await _pages_before(books, query, pages[-1])
    assert _amounts(back) == _amounts(pages[:-1])


async def test_a_page_on_which_nothing_was_found_has_a_way_back(books, monkeypatch):
    monkeypatch.setattr(merging, "SEARCHED_ROWS", 1)
    pages = await _pages(books, "&q=17.00")

    back = [await _pages_before(books, "&q=17.00", page) for page in pages]

    assert [_amounts(pages[:at]) for at in range(len(pages))] == [_amounts(found) for found in back]
    assert sum(not page["items"] for page in pages) >= 7


async def test_a_page_of_what_is_found_ends_where_its_matches_become_too_large(books, monkeypatch):
    monkeypatch.setattr(merging, "SEARCHED_ROWS", 3)
    monkeypatch.setattr(paging, "PAGE_BYTES", 100)

    pages = await _pages(books, "&q=7.00")

    assert sorted(_amounts(pages)) == ["17.00", "27.00", "7.00"]
    assert max(len(page["items"]) for page in pages) == 1


async def test_a_search_beside_filters_and_an_order(books, monkeypatch):
    monkeypatch.setattr(merging, "SEARCHED_ROWS", 2)

    found = _amounts(await _pages(books, "&q=7.00&status=suggested&sort=-created&limit=1"))
    none = _amounts(await _pages(books, "&q=7.00&status=confirmed"))

    assert found == ["27.00", "17.00", "7.00"]
    assert none == []
