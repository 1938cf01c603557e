"""Decisions on tens of thousands of matches at once: they take seconds, and everybody else goes on."""

import asyncio
import contextlib
import time

import pytest

from server.books.recount import differences
from tests.match.conftest import Books, eur

MANY = 20_000
SLOW_S = 1.5  # of computing; looking through a list of so many matches for each of them takes twice as long
# Suggestions of a job, stored as it stores them, over records that are copies of the first one of each source.
_SUGGESTED = """
    WITH made AS (SELECT gen_random_uuid() AS id, gen_random_uuid() AS l, gen_random_uuid() AS r, n FROM generate_series(1, $5::int) n),
    sides AS (SELECT id AS match_id, l AS record_id, n, 'left' AS side, $1::text::uuid AS like_id FROM made
        UNION ALL SELECT id, r, n, 'right', $2::text::uuid FROM made),
    records AS (INSERT INTO reconciliation_records (id, source_id, row, revision, data, amount, currency, version, created_at, updated_at)
        SELECT s.record_id, r.source_id, s.n, r.revision, r.data, r.amount, r.currency, 1, now(), now()
        FROM sides s JOIN reconciliation_records r ON r.id = s.like_id),
    uses AS (INSERT INTO match_records (match_id, record_id, job_id, pair_id, side, amount, currency, active, confirmed)
        SELECT s.match_id, s.record_id, $3::text::uuid, j.pair_id, s.side, r.amount, r.currency, true, false
        FROM sides s JOIN reconciliation_records r ON r.id = s.like_id
        JOIN reconciliation_jobs j ON j.id = $3::text::uuid),
    entries AS (INSERT INTO book_entries (source_id, pair_id, term, currency, amount, records, without_amount)
        SELECT r.source_id, CASE WHEN t.term = 'suggested' THEN j.pair_id END, t.term, r.currency, r.amount * $5::int, $5::int, 0
        FROM reconciliation_records r, reconciliation_jobs j, (VALUES ('total'), ('open'), ('suggested')) t(term)
        WHERE r.id IN ($1::text::uuid, $2::text::uuid) AND j.id = $3::text::uuid
        UNION ALL SELECT NULL, pair_id, 'suggested', NULL, 0, $5::int, 0 FROM reconciliation_jobs WHERE id = $3::text::uuid),
    counts AS (UPDATE reconciliation_jobs SET counts = counts || jsonb_build_object('matches', $5::int, 'suggested', $5::int)
        WHERE id = $3::text::uuid)
    INSERT INTO matches (id, job_id, project_id, pair_id, kind, status, origin, ambiguity, fields_compared, version,
        created_at, updated_at)
    SELECT m.id, j.id, $4::text::uuid, j.pair_id, '1:1', 'suggested', 'engine', 'none', '[]', 1, now(), now()
    FROM made m, reconciliation_jobs j WHERE j.id = $3::text::uuid
"""


async def suggest_many(books: Books) -> None:
    """Suggestions of a job over as many new records of each source."""
    job = await books.job()
    await books.db.execute(_SUGGESTED, books.left[0], books.right[0], job, books.project, MANY)
    await books.db.execute("ANALYZE matches, match_records, reconciliation_records")


@contextlib.asynccontextmanager
async def somebody_beside(person):
    """
    Somebody who asks for something else all the time. Yields: the seconds from one answer to the next that the server and
    the test have computed in, which do not grow because others use the machine.
    """
    took, is_over = [], asyncio.Event()

    async def ask():
        began = time.thread_time()
        while not is_over.is_set():
            await person.ok("GET", "/me")
            answered = time.thread_time()
            took.append(answered - began)
            began = answered  # with the pause, which takes as long as the server's loop is busy
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(is_over.wait(), 0.05)

    asking = asyncio.ensure_future(ask())
    yield took
    is_over.set()
    await asking


@pytest.mark.long
async def test_tens_of_thousands_are_confirmed_and_undone_at_once(make_books, bob):
    books = await make_books(eur("10.00"), eur("10.00"))
    await suggest_many(books)
    path = f"/projects/{books.project}/review"
    body = {**books.sides, "filter": {}, "expected_count": MANY}

    async with somebody_beside(bob) as took:
        confirmed = await books.person.ok("POST", path, {**body, "action": "confirm"})
        undone = await books.person.ok("POST", path, {**body, "action": "undo"})
        again = await books.person.ok("POST", path, {**body, "action": "confirm"})
        as_a_whole = await books.person.ok("POST", f"/decisions/{again['decision_id']}/undo")

    assert [done["changed"] for done in (confirmed, undone, again, as_a_whole)] == [MANY] * 4
    assert max(took) < SLOW_S
    counts = (await books.summary())["counts"]
    assert (counts["confirmed"], counts["suggested"], counts["left"]) == (0, MANY, MANY + 1)
    assert await differences(books.db) == []
