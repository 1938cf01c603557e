"""Two books whose records are added over REST, and what people do with them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from core.ids import uuid7
from models.status import MatchKind
from server.books.entries import since
from tests.conftest import Person

MAPPING = {"amount": {"column": "amount", "decimal": "."}, "currency": {"column": "currency"}}
Row = tuple[str, str] | tuple[str, str, str]  # amount, currency, and perhaps a date


@dataclass
class Books:
    """Two sources of a project, and their records in the order in which they were given."""

    person: Person
    db: asyncpg.Connection
    project: str
    left_source: str
    right_source: str
    left: list[str]
    right: list[str]

    @property
    def sides(self) -> dict[str, str]:
        """The pair, as routes take it."""
        return {"left_source": self.left_source, "right_source": self.right_source}

    @property
    def query(self) -> str:
        """The pair, as a query."""
        return f"left_source={self.left_source}&right_source={self.right_source}"

    async def match(self, left: list[str], right: list[str], **more: Any) -> dict[str, Any]:
        """Match by hand."""
        body = {**self.sides, "left": left, "right": right, **more}
        return await self.person.ok("POST", f"/projects/{self.project}/matches", body)

    async def summary(self) -> dict[str, Any]:
        """The books of the pair."""
        return await self.person.ok("GET", f"/projects/{self.project}/summary?{self.query}")

    async def term(self, name: str, side: str = "left", currency: str = "EUR") -> str:
        """A term of one side."""
        sums = (await self.summary())["sums"]
        return next(row[name]["amount"] for row in sums if (row["side"], row["currency"]) == (side, currency))

    async def matches(self, more: str = "") -> list[dict[str, Any]]:
        """The matches of the pair."""
        return (await self.person.ok("GET", f"/projects/{self.project}/matches?{self.query}{more}"))["items"]

    async def suggest(
        self, left: list[str], right: list[str], job: str | None = None, *, extends: str | None = None
    ) -> str:
        """
        A suggestion, stored as a job stores one, without the minutes that a job takes; it may extend another match.

        Returns: its id.
        """
        job = job or await self.job()
        match_id = str(uuid7())
        pair = await self.db.fetchval("SELECT pair_id FROM reconciliation_jobs WHERE id = $1::text::uuid", job)
        of_base = await self.db.fetch(
            "SELECT side, count(*) AS n FROM match_records WHERE match_id = $1::text::uuid GROUP BY 1", extends
        )
        numbers = {row["side"]: row["n"] for row in of_base}
        kind = MatchKind.of(len(left) + numbers.get("left", 0), len(right) + numbers.get("right", 0))
        await self.db.execute(
            "INSERT INTO matches (id, job_id, project_id, pair_id, kind, status, origin, ambiguity, fields_compared, "
            "version, created_at, updated_at, extends_id) VALUES ($1::text::uuid, $2::text::uuid, $3::text::uuid, $4, $5, "
            "'suggested', 'engine', 'none', '[]', 1, now(), now(), $6::text::uuid)",
            *(match_id, job, self.project, pair, kind, extends),
        )
        for side, ids in (("left", left), ("right", right)):
            await self.db.execute(
                "INSERT INTO match_records (match_id, record_id, job_id, pair_id, side, amount, currency, date, "
                "active, confirmed) SELECT $1::text::uuid, id, $2::text::uuid, $3, $4, amount, currency, date, true, false "
                "FROM reconciliation_records WHERE id = ANY($5::text[]::uuid[])",
                *(match_id, job, pair, side, ids),
            )
        await self.db.execute(
            "INSERT INTO book_entries (pair_id, term, amount, records, without_amount) VALUES ($1, 'suggested', 0, 1, 0)",
            pair,
        )
        await self.db.execute(
            "INSERT INTO book_entries (source_id, pair_id, term, currency, since, amount, records, without_amount) "
            f"SELECT source_id, $1, 'suggested', currency, {since('date')}, amount, 1, 0 FROM reconciliation_records "
            "WHERE id = ANY($2::text[]::uuid[]) AND 1 = (SELECT count(*) FROM match_records u "
            "WHERE u.record_id = reconciliation_records.id AND u.active AND NOT u.confirmed AND u.pair_id = $1)",
            *(pair, [*left, *right]),
        )
        await self.db.execute(
            "UPDATE reconciliation_jobs SET counts = counts || jsonb_build_object("
            "'matches', (counts->>'matches')::int + 1, 'suggested', (counts->>'suggested')::int + 1) "
            "WHERE id = $1::text::uuid",
            job,
        )
        return match_id

    async def job(self) -> str:
        """A job that is waiting for a worker, so that there are none of its own matches."""
        return (await self.person.ok("POST", f"/projects/{self.project}/jobs", self.sides))["id"]


MakeBooks = Callable[..., Awaitable[Books]]


@pytest.fixture
def make_books(alice: Person, project: str, db: asyncpg.Connection) -> MakeBooks:
    """Makes two sources with records of these amounts."""

    async def make(left: list[Row], right: list[Row]) -> Books:
        ids: list[str] = []
        records: list[list[str]] = []
        for name, rows in (("ledger", left), ("bank", right)):
            made = await alice.ok("POST", f"/projects/{project}/sources", {"name": name, "mapping": MAPPING})
            given = [
                {"data": {"amount": row[0], "currency": row[1], "n": str(n)}, **({"date": row[2]} if row[2:] else {})}
                for n, row in enumerate(rows)
            ]
            added = (
                await alice.ok("POST", f"/sources/{made['id']}/records", {"records": given}) if given else {"items": []}
            )
            ids.append(made["id"])
            records.append([record["id"] for record in added["items"]])
        return Books(alice, db, project, *ids, *records)

    return make


def eur(*amounts: str) -> list[Row]:
    """Rows in euros."""
    return [(amount, "EUR") for amount in amounts]


def total(*amounts: str) -> str:
    """Their sum, as the API writes it."""
    return f"{sum(map(Decimal, amounts)):.2f}"
