"""Once a day, one worker adds all books up."""

from server.processes.nightly import check_books
from tests.match.conftest import eur


async def test_the_books_are_checked_once_a_day_and_differences_are_named(make_books, settings):
    books = await make_books(eur("10.00"), eur("10.00"))
    await books.match(books.left, books.right)

    first = await check_books(settings)  # a new installation: the first check comes a day later
    await books.db.execute("UPDATE states SET updated_at = now() - interval '25 hours' WHERE key = 'books'")
    right = await check_books(settings)
    again = await check_books(settings)
    await books.db.execute("UPDATE book_entries SET amount = amount + 1 WHERE term = 'total' AND amount > 0")
    await books.db.execute("UPDATE states SET updated_at = now() - interval '25 hours' WHERE key = 'books'")
    wrong = await check_books(settings)

    assert (first, right, again) == (None, [], None)
    assert [line.partition("source ")[2].partition(":")[0] for line in wrong] == [
        "bank, total EUR",
        "ledger, total EUR",
    ]
