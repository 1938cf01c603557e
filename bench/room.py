"""
Decisions in a room: twenty reviewers at one pair while a job runs, a bulk while others go on, and the summary, compared
with the bare SQL of what is read.
"""

import asyncio
import itertools
import random
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import asyncpg
import numpy as np

from bench.report import Line
from bench.rows import books
from bench.stack import PASSWORD, Caller, Stack

ROWS = 100_000
LARGE_ROWS = 1_000_000  # of the pair whose summary and lists are read
BULK_ROWS = 156_000  # about 100,000 matches are suggested for them
REVIEWERS = 20
SECONDS = 20
OWN_PASSWORD = "one of twenty reviewers"
DECISION_BAR_MS, SUMMARY_BAR_MS, BULK_BAR_S = 50.0, 200.0, 30.0
PAGE_BAR_MS, SEARCH_BAR_MS = 50.0, 500.0
PLAN: dict[str, Any] = {
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
    },
    "passes": [
        {
            "name": "reference and amount",
            "kind": "rules",
            "where": [{"field": "reference", "compare": "equal"}, {"field": "amount", "compare": "equal"}],
            "accept": "suggest",
        }
    ],
}
_TERMS = (
    "SELECT source_id, pair_id, term, currency, sum(amount), sum(records) FROM book_entries "
    "WHERE source_id = ANY($1::text[]::uuid[]) OR pair_id IN (SELECT id FROM pairs WHERE left_source_id = ANY($1::text[]::uuid[])) "
    "GROUP BY 1, 2, 3, 4"
)


async def measure(rows: int) -> list[Line]:
    """One installation, one pair of so many records on each side."""
    with Stack() as stack:
        async with Caller(stack) as caller:
            sides = await _load(caller, Path(stack.folder.name), rows)
            plan = await caller.post(f"/projects/{caller.project}/plans", {"name": "p", "document": PLAN})
            await _run(caller, {**sides, "plan": plan["id"]})
            # As in an installation that has run for a day: commits do not have to make new files for the database's log.
            connection = await asyncpg.connect(host=str(stack.socket_folder()), user="postgres", database="tallyroom")
            await connection.execute("CHECKPOINT")
            await connection.close()
            people = [await _person(caller, number) for number in range(REVIEWERS)]
            try:
                decided, running = await _review(caller, people, sides, plan["id"])
            finally:
                for person in people:
                    await person.close()
            summaries = await _summaries(caller, sides)
            bare = await _bare(stack, sides)
            took, changed, beside = await _bulk(caller, sides)
    at = f"at {rows:,} x {rows:,} records"
    p50, p99 = np.percentile(decided, (50, 99))
    return [
        Line(
            f"decision by REST {at}, {REVIEWERS} reviewers, one a second each, beside a job ({running})",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms of {len(decided):,}",
            f"p99 <= {DECISION_BAR_MS:.0f} ms",
            "",
            bool(p99 <= DECISION_BAR_MS),
        ),
        _summary_line(at, summaries, bare),
        _bulk_line(took, changed, beside),
    ]


async def measure_large(rows: int, bulk_rows: int) -> list[Line]:
    """The summary and the open items of a pair of a million records on each side, and a bulk of a hundred thousand."""
    with Stack() as stack:
        async with Caller(stack) as caller:
            sides = await _load(caller, Path(stack.folder.name), rows)
            confirming = {**PLAN, "passes": [{**PLAN["passes"][0], "accept": "confirm"}]}
            plan = await caller.post(f"/projects/{caller.project}/plans", {"name": "p", "document": confirming})
            await _run(caller, {**sides, "plan": plan["id"]})
            summaries, bare = await _summaries(caller, sides), await _bare(stack, sides)
            pages = await _open_items(caller, sides, "sort=-amount")
            searches = await _open_items(caller, sides, "q=nothing has this")
    with Stack() as stack:
        async with Caller(stack) as caller:
            small = await _load(caller, Path(stack.folder.name), bulk_rows)
            plan = await caller.post(f"/projects/{caller.project}/plans", {"name": "p", "document": PLAN})
            await _run(caller, {**small, "plan": plan["id"]})
            took, changed, beside = await _bulk(caller, small)
    at = f"at {rows:,} x {rows:,} records"
    return [
        _summary_line(at, summaries, bare),
        _times_line(f"page of open items {at}", pages, PAGE_BAR_MS),
        _times_line(f"page of a search among open items {at}", searches, SEARCH_BAR_MS),
        _bulk_line(took, changed, beside),
    ]


def _summary_line(at: str, summaries: list[float], bare: list[float]) -> Line:
    p50, p99 = np.percentile(summaries, (50, 99))
    return Line(
        f"summary of a pair {at}",
        f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
        f"p99 <= {SUMMARY_BAR_MS:.0f} ms",
        f"the bare SQL of the sums: p50 {np.percentile(bare, 50):.1f} ms",
        bool(p99 <= SUMMARY_BAR_MS),
    )


def _times_line(what: str, taken: list[float], bar_ms: float) -> Line:
    p50, p99 = np.percentile(taken, (50, 99))
    return Line(what, f"p50 {p50:.0f} ms, p99 {p99:.0f} ms", f"p50 <= {bar_ms:.0f} ms", "", bool(p50 <= bar_ms))


def _bulk_line(took: float, changed: int, beside: list[float]) -> Line:
    return Line(
        f"bulk confirmation of {changed:,} matches",
        f"{took:.1f} s; meanwhile write-offs p50 {np.percentile(beside, 50):.0f} ms, most {max(beside):.0f} ms of {len(beside)}",
        f"<= {BULK_BAR_S:.0f} s",
        "",
        took <= BULK_BAR_S,
    )


async def _load(caller: Caller, folder: Path, rows: int) -> dict[str, str]:
    ids = []
    for path in books(folder, rows):
        ids.append((await caller.until_ready((await caller.upload(path, path.stem))["id"]))["id"])
    return {"left_source": ids[0], "right_source": ids[1]}


async def _run(caller: Caller, body: dict[str, str]) -> None:
    job = await caller.post(f"/projects/{caller.project}/jobs", body)
    found = await _end_of(caller, job["id"])
    assert found["status"] == "completed", found


async def _end_of(caller: Caller, job_id: str) -> dict[str, Any]:
    while True:
        found: dict[str, Any] = await caller.get(f"/jobs/{job_id}")
        if found["status"] in ("completed", "failed", "cancelled"):
            return found
        await asyncio.sleep(0.5)


async def _person(caller: Caller, number: int) -> aiohttp.ClientSession:
    """Somebody who reviews, in a session of their own."""
    session = aiohttp.ClientSession(caller.stack.url, headers={"X-Client": "api"})
    admin = {"email": "admin@tallyroom.example", "password": PASSWORD}
    email = f"reviewer{number}@tallyroom.example"
    async with session.post("/api/v1/auth/login", json=admin) as response:
        token = (await response.json())["access_token"]
    made = {"email": email, "display_name": f"Reviewer {number}", "role": "user", "password": OWN_PASSWORD}
    async with session.post("/api/v1/users", json=made, headers={"Authorization": f"Bearer {token}"}) as response:
        assert response.status in (201, 409), await response.text()
    await caller.post(f"/projects/{caller.project}/members", {"email": email, "role": "analyst"})
    async with session.post("/api/v1/auth/login", json={"email": email, "password": OWN_PASSWORD}) as response:
        session.headers["Authorization"] = f"Bearer {(await response.json())['access_token']}"
    return session


class _Waiting:
    """What waits for a decision, read by pages as the screen does. A job that ends replaces all of it."""

    def __init__(self, caller: Caller, sides: dict[str, str]) -> None:
        self.caller = caller
        self.path = f"/projects/{caller.project}/matches?{urlencode(sides)}&status=suggested&sort=-created&limit=100"
        self.ids: list[str] = []
        self.reading = asyncio.Lock()

    async def next(self) -> str:
        """The next match that waits."""
        async with self.reading:
            if not self.ids:
                self.ids = [match["id"] for match in (await self.caller.get(self.path))["items"]]
            return self.ids.pop()


async def _review(
    caller: Caller, people: list[aiohttp.ClientSession], sides: dict[str, str], plan: str
) -> tuple[list[float], str]:
    """Decide beside a job over the same pair. Returns: milliseconds, and what the job was doing at the end."""
    waiting = _Waiting(caller, sides)
    await caller.post(f"/matches/{await waiting.next()}/confirm", {})  # the very first one also fixes the pair's sign
    beside = await caller.post(f"/projects/{caller.project}/jobs", {**sides, "plan": plan})
    taken: list[float] = []

    async def reviewer(person: aiohttp.ClientSession) -> None:
        await asyncio.sleep(random.random())
        for number in range(SECONDS):
            match = await waiting.next()
            began = time.perf_counter()
            verb = "reject" if number % 4 == 3 else "confirm"
            async with person.post(f"/api/v1/matches/{match}/{verb}", json={}) as response:
                said = await response.json()
            took = time.perf_counter() - began
            if said.get("code") == "already_decided":  # by the job, or by somebody else while the page was read
                waiting.ids.clear()
            else:
                assert response.status == 200, said
                taken.append(took * 1000)
            await asyncio.sleep(max(0.0, random.uniform(0.5, 1.5) - took))

    await asyncio.gather(*(reviewer(person) for person in people))
    status = (await caller.get(f"/jobs/{beside['id']}"))["status"]
    await _end_of(caller, beside["id"])
    return taken, status


async def _summaries(caller: Caller, sides: dict[str, str]) -> list[float]:
    query = f"left_source={sides['left_source']}&right_source={sides['right_source']}"
    taken = []
    for _ in range(200):
        began = time.perf_counter()
        await caller.get(f"/projects/{caller.project}/summary?{query}")
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _open_items(caller: Caller, sides: dict[str, str], query: str) -> list[float]:
    path = f"/projects/{caller.project}/open-items?{urlencode(sides)}&{query}"
    taken = []
    for _ in range(20):
        began = time.perf_counter()
        await caller.get(path)
        taken.append((time.perf_counter() - began) * 1000)
    return taken


async def _bare(stack: Stack, sides: dict[str, str]) -> list[float]:
    connection = await asyncpg.connect(host=str(stack.socket_folder()), user="postgres", database="tallyroom")
    taken = []
    for _ in range(200):
        began = time.perf_counter()
        await connection.fetch(_TERMS, list(sides.values()))
        taken.append((time.perf_counter() - began) * 1000)
    await connection.close()
    return taken


async def _bulk(caller: Caller, sides: dict[str, str]) -> tuple[float, int, list[float]]:
    """Confirm all that is suggested, while somebody writes open records off. Returns: seconds, matches, milliseconds."""
    query = f"left_source={sides['left_source']}&right_source={sides['right_source']}"
    waiting = (await caller.get(f"/projects/{caller.project}/summary?{query}"))["counts"]["suggested"]
    items = (await caller.get(f"/projects/{caller.project}/open-items?{query}&limit=200"))["items"]
    body = {**sides, "action": "confirm", "filter": {}, "expected_count": waiting}
    began = time.perf_counter()
    bulk = asyncio.ensure_future(caller.post(f"/projects/{caller.project}/review", body))
    beside: list[float] = []
    for item in itertools.takewhile(lambda _: not bulk.done(), items):
        start = time.perf_counter()
        await caller.post(f"/records/{item['record']['id']}/write-off", {"reason": "other"})
        beside.append((time.perf_counter() - start) * 1000)
        await asyncio.sleep(0.2)
    done = await bulk
    return time.perf_counter() - began, done["changed"], beside


def main() -> list[Line]:
    """Review a pair of a hundred thousand records on each side."""
    return asyncio.run(measure(ROWS))


def large() -> list[Line]:
    """Look at a pair of a million records on each side, and confirm a hundred thousand matches at once."""
    return asyncio.run(measure_large(LARGE_ROWS, BULK_ROWS))
