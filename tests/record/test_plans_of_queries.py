"""The listed queries on records use indexes, with so many rows that anything else would be slow."""

import asyncio
import json
import os
import re

import asyncpg
import pytest
from tortoise import Tortoise

from server.api.paging import Listing
from server.record import queries
from server.record.schemas import RecordList
from server.store.reading import Reading

pytestmark = pytest.mark.long

# 180,000 rows distinguish an index from a scan; with TALLYROOM_TEST_ROWS=1000000 the test has the size of the
# benchmark.
ROWS = int(os.environ.get("TALLYROOM_TEST_ROWS", "180000"))
FILL = """
    INSERT INTO reconciliation_records
        (id, source_id, "row", revision, data, amount, currency, date, reference, version, created_at, updated_at)
    SELECT gen_random_uuid(), $1, n, 1, jsonb_build_object('memo', repeat('x', 200)), CASE WHEN n % 50 > 0 THEN (n::bigint * 7919 % 100000)::numeric / 100 END, 'EUR',
           CASE WHEN n % 40 > 0 THEN DATE '2020-01-01' + (n % 2000)::int END,
           CASE WHEN n % 30 > 0 THEN 'R' || lpad((n::bigint * 31 % 90000)::text, 6, '0') END, 1, now(), now()
    FROM generate_series(0, $2::int - 1) n
"""


class Explained(Reading):
    """Reads, and keeps the query plan of each statement."""

    def __init__(self, connection):
        super().__init__(connection)
        self.plans = []

    async def rows(self, sql, *values):
        found = await super().rows(f"EXPLAIN (FORMAT JSON) {sql}", *values)
        plan = found[0]["QUERY PLAN"]
        self.plans.append((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])
        return await super().rows(sql, *values)


async def _vacuum(db):
    """Waits until all pages count as visible. A snapshot of another session, such as an autovacuum, can delay that."""
    for _ in range(400):
        await db.execute("VACUUM ANALYZE reconciliation_records")
        pages, visible = await db.fetchrow(
            "SELECT relpages, relallvisible FROM pg_class WHERE relname = 'reconciliation_records'"
        )
        if visible >= 0.95 * pages > 0:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{visible} of {pages} pages are visible to all")


def nodes(plan):
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def test_lists_of_many_records_use_indexes(alice, project, db: asyncpg.Connection):
    for name in ("one", "two", "three"):
        source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"]
        await db.execute(FILL, source, ROWS // 3)
    await _vacuum(db)
    asked = [
        {"sort": sort} for sort in ("row", "amount", "date", "reference", "-row", "-amount", "-date", "-reference")
    ]
    asked += [
        {"sort": "amount", "amount_from": "500.00", "amount_to": "501.00"},
        {"sort": "date", "date_from": "2021-01-01", "date_to": "2021-01-02"},
        {"sort": "reference", "reference": "R000031"},
        {"sort": "row", "state": "open"},
        {"sort": "amount", "state": "matched"},
    ]

    for query in asked:
        page = RecordList.model_validate(query)
        listing = Listing(
            queries.COLUMNS,
            "reconciliation_records t",
            queries.sort_of(page.sort),
            f"records/{source}",
            adorn=queries.USES,
        )
        listing.where("t.source_id = ?", source)
        queries.filter_records(listing, page)
        reading = Explained(Tortoise.get_connection("default"))
        first = await listing.page(reading, page, queries.view)
        if first.next_cursor:
            after = RecordList.model_validate({**query, "cursor": first.next_cursor})
            await listing.page(reading, after, queries.view)

        for plan in reading.plans:
            kinds = [(node["Node Type"], node.get("Relation Name")) for node in nodes(plan)]
            assert ("Seq Scan", "reconciliation_records") not in kinds, (query, kinds)
            if "_sort" in json.dumps(plan) or plan["Node Type"] == "Limit":
                sorts = [n for n in nodes(plan) if n["Node Type"] == "Sort" and n["Plan Rows"] > 10_000]
                assert not sorts, (query, kinds)


async def test_the_uses_of_a_deleted_record_are_found_by_index(db: asyncpg.Connection):
    await db.execute(
        "INSERT INTO match_records (match_id, record_id, job_id, side, active, confirmed) "
        "SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'left', n % 2 = 0, false "
        "FROM generate_series(1, 50000) n"
    )
    await db.execute("ANALYZE match_records")
    await db.execute("CREATE TEMPORARY TABLE gone AS SELECT record_id AS id FROM match_records LIMIT 1; ANALYZE gone")
    body = await db.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'remove_uses_of_records'")
    statements = re.findall(r"EXECUTE '([^']+)'", body)

    plans = [json.loads(await db.fetchval(f"EXPLAIN (FORMAT JSON) {text}"))[0]["Plan"] for text in statements]

    assert len(plans) == 2
    for plan in plans:
        kinds = [node["Node Type"] for node in nodes(plan) if node.get("Relation Name") == "match_records"]
        assert "Seq Scan" not in kinds, kinds
        assert any(kind.startswith(("Index", "Bitmap")) for kind in kinds), kinds
