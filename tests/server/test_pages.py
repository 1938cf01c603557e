"""Pages end by bytes as well as by count, and nobody can use all connections to the database."""

import asyncio
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from server.api import paging
from server.api.admission import TURNS, Owner, Turns
from server.api.paging import PAGE_BYTES, STEP_ROWS
from server.api.routing import DEEP_SKIP
from server.api.schemas import View
from tests.conftest import Person


class Sentence(View):
    """A view."""

    text: str


ROWS = 23
CELL = 300_000  # a page has room for 7 of these
FILL = """
    INSERT INTO reconciliation_records
        (id, source_id, "row", revision, data, amount, currency, date, reference, version, created_at, updated_at)
    SELECT gen_random_uuid(), $1, n, 1, jsonb_build_object('memo', repeat('x', $3::int)),
           CASE WHEN n % 3 > 0 THEN n END, CASE WHEN n % 3 > 0 THEN 'EUR' END, NULL, NULL, 1, now(), now()
    FROM generate_series(0, $2::int - 1) n
"""


@pytest.fixture
async def source(alice: Person, project: str, db: asyncpg.Connection) -> str:
    """A source with 23 records of 300 kB."""
    made = await alice.ok("POST", f"/projects/{project}/sources", {"name": "wide"})
    await db.execute(FILL, made["id"], ROWS, CELL)
    return str(made["id"])


async def walk(person: Person, path: str, *, skip: int = 0) -> list[dict[str, Any]]:
    """All pages of a list."""
    pages = [await person.ok("GET", f"{path}&skip={skip}")]
    while (cursor := pages[-1]["next_cursor"]) is not None:
        pages.append(await person.ok("GET", f"{path}&cursor={cursor}"))
    return pages


async def walk_back(person: Person, path: str, page: dict[str, Any]) -> list[dict[str, Any]]:
    """The pages before a page, in ascending order."""
    pages = [page]
    while (cursor := pages[0]["prev_cursor"]) is not None:
        pages.insert(0, await person.ok("GET", f"{path}&cursor={cursor}"))
    return pages


@pytest.mark.parametrize("sort", ["row", "-row", "amount", "-amount"])
async def test_a_page_ends_with_its_bytes_and_no_row_is_lost(alice: Person, source: str, sort: str) -> None:
    path = f"/sources/{source}/records?limit=500&sort={sort}"

    pages = await walk(alice, path)
    back = await walk_back(alice, path, pages[-1])
    rows = [item["row"] for page in pages for item in page["items"]]

    assert len(pages) > 2
    assert all(0 < len(page["items"]) <= PAGE_BYTES // CELL + 1 for page in pages)
    assert sorted(rows) == list(range(ROWS))
    if sort.endswith("row"):
        assert rows == sorted(rows, reverse=sort.startswith("-"))
    again = [item["row"] for page in back for item in page["items"]]
    assert again == rows


async def test_a_page_after_skipped_rows_is_also_limited_in_bytes(alice: Person, source: str) -> None:
    for sort in ("row", "amount"):
        first = await walk(alice, f"/sources/{source}/records?limit=500&sort={sort}")
        pages = await walk(alice, f"/sources/{source}/records?limit=500&sort={sort}", skip=5)

        rows = [item["row"] for page in first for item in page["items"]]
        assert [item["row"] for page in pages for item in page["items"]] == rows[5:]
        assert len(pages) > 2


async def test_a_row_larger_than_a_page_is_a_page_by_itself(
    alice: Person, project: str, db: asyncpg.Connection
) -> None:
    made = await alice.ok("POST", f"/projects/{project}/sources", {"name": "wide"})
    await db.execute(FILL, made["id"], 3, 2 * PAGE_BYTES)

    pages = await walk(alice, f"/sources/{made['id']}/records?limit=500")

    assert [[item["row"] for item in page["items"]] for page in pages] == [[0], [1], [2]]


@pytest.mark.parametrize("limit", [1, STEP_ROWS - 1, STEP_ROWS, STEP_ROWS + 1, 2 * STEP_ROWS, 500])
async def test_pages_of_small_rows_are_as_long_as_requested(
    alice: Person, project: str, db: asyncpg.Connection, limit: int
) -> None:
    made = await alice.ok("POST", f"/projects/{project}/sources", {"name": "small"})
    await db.execute(FILL, made["id"], 2 * STEP_ROWS, 3)

    for sort in ("row", "-amount"):
        page = await alice.ok("GET", f"/sources/{made['id']}/records?limit={limit}&sort={sort}")

        assert len(page["items"]) == min(limit, 2 * STEP_ROWS)
        assert (page["next_cursor"] is None) == (limit >= 2 * STEP_ROWS)


async def test_other_lists_are_also_limited_in_bytes(
    admin: Person, alice: Person, project: str, db: asyncpg.Connection
) -> None:
    await db.execute(
        "INSERT INTO log_entries (at, level, origin, message, metadata) SELECT now(), 'info', 'browser', 'm', "
        "jsonb_build_object('timestamp', NULL, 'given', jsonb_build_object('k', repeat('x', $1::int))) FROM generate_series(1, 20)",
        CELL,
    )
    await db.execute(
        "INSERT INTO plans (id, project_id, name, document, hash, origin, version, created_at, updated_at) "
        "SELECT gen_random_uuid(), $1, 'p', jsonb_build_object('k', repeat('x', $2::int)), 'h', 'written', 1, now(), now() "
        "FROM generate_series(1, 20)",
        project,
        CELL,
    )

    for person, path in ((admin, "/logs?limit=500"), (alice, f"/projects/{project}/plans?limit=500")):
        pages = await walk(person, path)

        assert sum(len(page["items"]) for page in pages) == 20
        assert max(len(page["items"]) for page in pages) <= PAGE_BYTES // CELL + 1


async def test_one_person_can_never_use_all_connections(
    server: TestServer, alice: Person, bob: Person, project: str
) -> None:
    turns = server.app[TURNS]
    lock = asyncio.Event()
    most = 0

    async def hold() -> None:
        nonlocal most
        async with turns.turn(Owner(str(alice.id))):
            most = max(most, turns.requests.inside)
            await lock.wait()

    held = [asyncio.create_task(hold()) for _ in range(16)]
    await asyncio.sleep(0)
    mine = asyncio.create_task(alice.ok("GET", "/me"))
    await bob.ok("GET", "/me")
    waits = not mine.done()
    lock.set()
    await asyncio.gather(*held)
    await mine

    assert waits
    assert most == 10 // 3
    assert (turns.requests.inside, turns.requests.waiting) == (0, 0)


async def test_views_that_take_time_let_others_have_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = 0
    slow = Sentence(text="x")

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(paging, "VIEW_S", -1)  # each view has taken longer than this
    running = asyncio.create_task(others())
    views = await paging.views_of(range(50), lambda _: slow)
    running.cancel()

    assert views == [slow] * 50
    assert turns >= 49


async def test_deep_pages_are_read_one_at_a_time(server: TestServer, alice: Person, bob: Person, project: str) -> None:
    turns = server.app[TURNS]

    async with turns.turn(Owner(str(alice.id)), "heavy"):
        deep = [asyncio.create_task(alice.send("GET", f"/projects?skip={DEEP_SKIP}")) for _ in range(20)]
        done: set[Any] = set()
        waiting: set[Any] = set(deep)
        while len(done) < 4:
            more, waiting = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            done |= more
        shallow = await alice.ok("GET", "/projects?skip=5")
        await bob.ok("GET", f"/projects?skip={DEEP_SKIP}")
    for task in waiting:
        assert (await task).status == 200

    assert {task.result().status for task in done} == {503}
    assert {task.result().headers["Retry-After"] for task in done} == {"2"}
    assert shallow["total"] == 1


def test_a_small_pool_serves_everybody() -> None:
    for pool in (2, 3, 10, 100):
        turns = Turns(pool)

        assert turns.requests._has_room("a")
        assert turns.heavy._has_room("a")
