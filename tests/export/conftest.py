"""A job whose matches are written as a worker writes them, and what its exports hold."""

import csv
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from core.settings import Settings
from matching.plan import Plan
from matching.results import MATCHES, Chunk
from models.job import Job
from server.job import inputs, lifecycle
from server.job.chunks import write_chunk
from server.job.sides import Sides
from tests.conftest import Person

PLAN: dict[str, Any] = {"fields": {"id": {"type": "text", "left": "id", "right": "id"}}}
PLAN["passes"] = [{"name": "sums", "kind": "rules", "where": [{"field": "id", "compare": "equal"}]}]
FIELDS = '[{"field":"id","compare":"equal","left":"a","right":"a","weight":7.0}]'


@dataclass
class Matched:
    """A job that is running, and a function that writes matches: rows of either side, with a status."""

    id: str
    write: Callable[..., Awaitable[Any]]


@pytest.fixture
def make_job(alice: Person, project: str, settings: Settings) -> Callable[..., Awaitable[Matched]]:
    """Makes a running job over records given as their data, with an amount of 10.00 EUR each unless they have their own."""

    async def make(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> Matched:
        sources = []
        for name, rows in (("left", left), ("right", right)):
            source = await alice.ok("POST", f"/projects/{project}/sources", {"name": name})
            amount = {"amount": {"amount": "10.00", "currency": "EUR"}}
            records = [amount | (row if "data" in row else {"data": row}) for row in rows]
            for start in range(0, len(records), 10_000):
                body = {"records": records[start : start + 10_000]}
                await alice.ok("POST", f"/sources/{source['id']}/records", body)
            sources.append(source["id"])
        plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "sums", "document": PLAN})
        body = {"left_source": sources[0], "right_source": sources[1], "plan": plan["id"]}
        queued = await alice.ok("POST", f"/projects/{project}/jobs", body)
        claim = await lifecycle.claim_job(UUID(queued["id"]), 3)
        await lifecycle.set_inputs(claim.job, None, (len(left), len(right)))
        return Matched(queued["id"], await _writer(settings, claim.job))

    return make


async def _writer(settings: Settings, job: Job) -> Callable[..., Awaitable[Any]]:
    sides = [inputs.read_side(settings, job, await getattr(job, f"{side}_source"), side) for side in ("left", "right")]

    async def write(number: int, *sets: tuple[list[int], list[int], str]) -> Any:
        rows = [
            {"left": left, "right": right, "status": status, "ambiguity": "none", "fields": FIELDS}
            | {"runner_up": None, "difference": None, "score": 7.5, "margin": 6.25, "margin_kind": "local"}
            for left, right, status in sets
        ]
        chunk = Chunk(0, "sums", number, pa.Table.from_pylist(rows, schema=MATCHES))
        found = Sides(await lifecycle.pair_of(job), Plan.model_validate(PLAN), sides[0].ids, sides[1].ids)
        return await write_chunk(job, chunk, found)

    return write


@pytest.fixture
def export(alice: Person) -> Callable[..., Awaitable[bytes]]:
    """The bytes of an export of a job."""

    async def fetch(job: str, query: str = "", person: Person = alice) -> bytes:
        async with await person.send("GET", f"/jobs/{job}/export{query}") as response:
            body = await response.read()
            assert response.status == 200, body
            return body

    return fetch


def rows_of(body: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file, by column."""
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))
