"""Files uploaded to a real server and loaded by a real worker, ready to be reconciled."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from aiohttp import FormData

from core.ids import uuid7
from server.demo import data
from tests.conftest import Commits

Sides = dict[str, str]
# Given explicitly, because the dates of a few rows do not show which number is the day.
MAPPINGS: dict[str, dict[str, Any]] = {
    "ledger": {
        "amount": {"column": "amount", "decimal": "."},
        "currency": {"column": "currency"},
        "date": {"column": "booked_on", "order": "ymd"},
        "reference": {"column": "invoice_no"},
    },
    "bank": {
        "amount": {"column": "credit", "decimal": ","},
        "currency": {"column": "ccy"},
        "date": {"column": "value_date", "order": "dmy"},
    },
}
# A plan that confirms nothing by itself, for tests that need matches to decide on but no suggested plan.
CAUTIOUS: dict[str, Any] = {
    "fields": {
        "amount": {
            "type": "money",
            "left": "amount",
            "right": "credit",
            "currency": {"left": "currency", "right": "ccy"},
        },
        "reference": {
            "type": "reference",
            "left": "invoice_no",
            "right": {"from": "memo", "extract": "(?i)INV[-_/. ]?[0-9]{6}"},
        },
        "party": {"type": "text", "left": "customer", "right": "payer"},
    },
    "passes": [
        {
            "name": name,
            "kind": "rules",
            "where": [{"field": field, "compare": "equal"} for field in gates],
            "score": [{"field": "party", "compare": "similarity"}],
            "accept": "suggest",
        }
        for name, gates in (("reference and amount", ("reference", "amount")), ("amount", ("amount",)))
    ],
}
INTERRUPTED_ROWS = 4000  # per side; several chunks
RECORD = '"row", revision, data, amount, currency, date, reference, version, created_at, updated_at'
MakeSides = Callable[..., Awaitable[Sides]]
EndOf = Callable[..., Awaitable[dict[str, Any]]]


class Kept:
    """
    Sources as a worker loaded them, kept outside the tables that each test finds empty.

    Each generated file is loaded only once.
    """

    def __init__(self) -> None:
        self._ids: dict[tuple[str, int, int], str] = {}

    async def keep(self, db: asyncpg.Connection, key: tuple[str, int, int], source: str) -> None:
        """Keeps a loaded source under the name, number of rows and seed of its file."""
        await db.execute("CREATE SCHEMA IF NOT EXISTS kept")
        for table, column in (
            ("sources", "id"),
            ("source_chunks", "source_id"),
            ("reconciliation_records", "source_id"),
            ("book_entries", "source_id"),
        ):
            await db.execute(f"CREATE TABLE IF NOT EXISTS kept.{table} (LIKE public.{table})")
            await db.execute(
                f"INSERT INTO kept.{table} SELECT * FROM public.{table} WHERE {column} = $1::text::uuid", source
            )
        self._ids[key] = source

    async def give(self, db: asyncpg.Connection, key: tuple[str, int, int], person: Any, project: str) -> str | None:
        """
        Copies it into a project under a new id, as if the person had loaded it there. Returns: None if it is not kept.
        """
        if (kept := self._ids.get(key)) is None:
            return None
        source = str(uuid7())
        changed = {"id": source, "project_id": project, "created_by": str(person.id)}
        await db.execute(
            "INSERT INTO sources SELECT (jsonb_populate_record(s, $2::text::jsonb)).* FROM kept.sources s "
            "WHERE id = $1::text::uuid",
            *(kept, json.dumps(changed)),
        )
        for table, generated, columns in (
            ("source_chunks", "", "number, body"),
            ("reconciliation_records", "id", RECORD),
            ("book_entries", "", "term, currency, since, amount, records, without_amount"),
        ):
            names, values = (f"{generated}, {columns}", f"uuidv7(), {columns}") if generated else (columns, columns)
            await db.execute(
                f"INSERT INTO {table} (source_id, {names}) SELECT $2::text::uuid, {values} FROM kept.{table} "
                "WHERE source_id = $1::text::uuid ORDER BY " + columns.split(",")[0],
                *(kept, source),
            )
        await db.execute("ANALYZE reconciliation_records")  # as a loader does when it finishes
        return source


@pytest.fixture(scope="session")
def kept(settings: Any) -> Kept:
    """The sources that workers have loaded in this test process."""
    return Kept()


@pytest.fixture
def make_sides(
    alice: Any, project: str, worker: Any, db: asyncpg.Connection, kept: Kept, commits: Commits
) -> MakeSides:
    """Loads two generated files of `rows` rows. Returns: the body of a job that reconciles them."""

    async def make(rows: int = 300, seed: int = 7) -> Sides:
        ids = []
        for name, body in zip(MAPPINGS, data.books(rows, seed), strict=True):
            key = name, rows, seed
            source = await kept.give(db, key, alice, project)
            if source is None:
                source = await _load(alice, commits, project, name, body, MAPPINGS[name])
                await kept.keep(db, key, source)
            ids.append(source)
        return {"left_source": ids[0], "right_source": ids[1]}

    return make


@pytest.fixture
def load(alice: Any, project: str, worker: Any, commits: Commits) -> Callable[..., Awaitable[str]]:
    """Uploads a CSV file with a mapping. Returns: the source's id, once it is ready."""

    async def upload(name: str, text: str, mapping: dict[str, Any]) -> str:
        return await _load(alice, commits, project, name, text.encode(), mapping)

    return upload


@pytest.fixture
def cautious(alice: Any, project: str, make_sides: MakeSides) -> MakeSides:
    """Two sources and a plan that confirms nothing by itself. Returns: the body of a job."""

    async def make(rows: int) -> Sides:
        sides = await make_sides(rows)
        stored = await alice.ok("POST", f"/projects/{project}/plans", {"name": "p", "document": CAUTIOUS})
        return {**sides, "plan": stored["id"]}

    return make


async def _load(person: Any, commits: Commits, project: str, name: str, body: bytes, mapping: dict[str, Any]) -> str:
    form = FormData()
    form.add_field("name", name)
    form.add_field("mapping", json.dumps(mapping))
    form.add_field("file", body, filename=f"{name}.csv")
    headers = {"Authorization": f"Bearer {person.token}"}
    async with person.session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
        source = await response.json()
        assert response.status == 202, source
    path = f"/sources/{source['id']}"
    source = await commits.until(lambda: person.ok("GET", path), lambda found: found["status"] != "loading")
    assert source["status"] == "ready", source
    return str(source["id"])


@pytest.fixture
def until(alice: Any, commits: Commits) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Waits until a job meets a condition."""

    async def wait(job_id: str, condition: Callable[[dict[str, Any]], bool], seconds: float = 100) -> dict[str, Any]:
        job: dict[str, Any] = await commits.until(lambda: alice.ok("GET", f"/jobs/{job_id}"), condition, seconds)
        return job

    return wait


@pytest.fixture
def end_of(until: Any) -> EndOf:
    """Waits until a job has ended."""

    async def wait(job_id: str) -> dict[str, Any]:
        return await until(job_id, lambda job: job["status"] in ("completed", "failed", "cancelled"))

    return wait


@pytest.fixture
def run(alice: Any, project: str, end_of: EndOf) -> EndOf:
    """Runs a job to its end."""

    async def start(sides: Sides, **more: Any) -> dict[str, Any]:
        return await end_of((await alice.ok("POST", f"/projects/{project}/jobs", {**sides, **more}))["id"])

    return start


@pytest.fixture
def pairs_of(db: Any) -> Callable[[str], Awaitable[set[tuple[int, int, str]]]]:
    """What a job has matched, from the tables: row on the left, row on the right, status."""

    async def read(job_id: str) -> set[tuple[int, int, str]]:
        rows = await db.fetch(
            'SELECT l."row" AS l, r."row" AS r, m.status FROM matches m '
            "JOIN match_records a ON a.match_id = m.id AND a.side = 'left' "
            "JOIN match_records b ON b.match_id = m.id AND b.side = 'right' "
            "JOIN reconciliation_records l ON l.id = a.record_id JOIN reconciliation_records r ON r.id = b.record_id "
            "WHERE m.job_id = $1::text::uuid",
            job_id,
        )
        found = {(row["l"], row["r"], row["status"]) for row in rows}
        assert len(found) == len(rows), "a match is stored twice"
        return found

    return read


@pytest.fixture(scope="session")
def found_before() -> dict[str, Any]:
    """What an undisturbed run found, the plan it used, and the pairs. The files are the same for all tests."""
    return {}


@pytest.fixture
async def uninterrupted(
    alice: Any,
    project: str,
    make_sides: MakeSides,
    run: EndOf,
    pairs_of: Any,
    db: asyncpg.Connection,
    found_before: dict[str, Any],
) -> tuple[Sides, set[tuple[int, int, str]]]:
    """Two sources with a plan, and what an undisturbed run finds in them. Its matches have been deleted."""
    sides = await make_sides(INTERRUPTED_ROWS)
    if not found_before:
        job = await run(sides)
        found_before["pairs"] = await pairs_of(job["id"])
        found_before["document"] = (await alice.ok("GET", f"/plans/{job['plan']['id']}"))["document"]
        await db.execute("DELETE FROM reconciliation_jobs WHERE id = $1::text::uuid", job["id"])
    plan = await alice.ok(
        "POST", f"/projects/{project}/plans", {"name": "as suggested", "document": found_before["document"]}
    )
    return {**sides, "plan": plan["id"]}, found_before["pairs"]
