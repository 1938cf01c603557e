"""Pairs that share a source: what is decided in one of them is right in the books of the other."""

from dataclasses import replace

import pytest

from server.books.recount import differences
from tests.match.conftest import eur


@pytest.mark.parametrize("how", ["write off", "by hand", "by hand in the other pair"])
async def test_a_decision_that_supersedes_suggestions_of_two_pairs_leaves_both_books_right(make_books, how):
    books = await make_books(eur("60.00", "5.00"), eur("60.00", "60.00"))
    third = await make_books([], eur("60.00", "60.00"))
    other = replace(books, right_source=third.right_source, right=third.right)
    one = books.left[:1]
    for pair in (books, other):
        await pair.suggest(one, pair.right[:1])
        assert await pair.term("suggested") == "60.00"

    if how == "write off":
        decided = (await books.person.ok("POST", f"/records/{one[0]}/write-off", {"reason": "other"}))["match_id"]
    else:
        pair = books if how == "by hand" else other
        decided = (await pair.match(one, pair.right[1:]))["id"]

    for pair in (books, other):
        summary = await pair.summary()
        assert (summary["agrees"], summary["missing"]) == (True, [])
        assert (await pair.term("suggested"), summary["counts"]["open_left"]) == ("0.00", 1)
    assert await differences(books.db) == []

    await books.person.ok("POST", f"/matches/{decided}/undo", {})

    for pair in (books, other):
        assert (await pair.term("suggested"), (await pair.summary())["agrees"]) == ("60.00", False)
    assert await differences(books.db) == []
