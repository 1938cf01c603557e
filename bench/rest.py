"""
What a request costs beside its floor: a bare aiohttp handler that runs the same statements over asyncpg.

The statements are recorded from requests to this application. What differs between two of them, ids and numbers of rows, was made
for the request, and the bare handler makes it anew for each of its own, so that it commits what it writes as ours does. Both
serve from processes of their own, and only the CPU time of these counts: checking the token and the rights, problems, headers,
the log line and sealing are what ours does besides.

Ours inserts the rows of a change with the statement that locks its audit chain, and reads a vault with its key, which saves
three questions to the database. The bare handler stands for what somebody would write who takes one statement for each: if it
had ours, saving a question would make ours look worse, because the rest of a request stays. The ratio to a handler with our own
statements is printed as well.
"""

import asyncio
import itertools
import multiprocessing
import os
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import Connection as Pipe
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import psutil
import uvloop
from aiohttp import web

from bench.report import Line
from bench.stack import Caller, Stack, free_port
from core import log
from core.processes import cpu_s
from core.settings import Settings
from server.api.protocol import Runner
from server.api.watch import WATCH
from server.app import build
from server.processes.web import HTTP
from server.store import database
from server.vault.versions import WITH_KEY

BAR = 2.0
ROUNDS, REQUESTS, WARM = 5, 400, 100
IDLE_S = 2.0
ENTRIES = 60
ID_LENGTH = 36  # of a UUID as text


@dataclass(frozen=True)
class Request:
    """A request to measure."""

    what: str
    method: str
    path: str
    body: dict[str, Any] | None = None


@dataclass
class Recorded:
    """The statements behind a request, and its answer."""

    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    status: int = 0
    body: bytes = b""
    # the places of values that were made for the request: statement and value
    made: list[tuple[int, int]] = field(default_factory=list)
    # the same with one statement for each thing, if ours joins some
    plain: "Recorded | None" = None


def main() -> list[Line]:
    """Measure each request."""
    log.configure("bench", "warning", "json")
    return uvloop.run(_main())


async def _main() -> list[Line]:
    with Stack() as stack:
        async with Caller(stack) as caller:
            path = f"/projects/{caller.project}/vaults"
            # The bare handler writes to the second one, whose numbers stay as they were recorded.
            vault, other = [(await caller.post(path, {"name": name}))["id"] for name in ("Bench", "Bare")]
            entry = {"name": "entry", "secret": "x", "username": "somebody", "url": "https://example.test/"}
            for _ in range(ENTRIES):
                await caller.post(f"/vaults/{vault}/entries", entry)
            requests = [
                Request("GET /me", "GET", "/me"),
                Request("GET a page of 50 vault entries", "GET", f"/vaults/{vault}/entries"),
                Request("POST a vault entry", "POST", f"/vaults/{vault}/entries", entry),
            ]
            to_record = [*requests[:2], Request("", "POST", f"/vaults/{other}/entries", entry)]
            settings = Settings(data_dir=stack.data_dir, port=free_port(), public_url=stack.url, log_level="warning")
            recorded = [await _record(settings, caller, request) for request in to_record]
            ours = [psutil.Process(process.pid) for process in stack.tree("serve")]
            recorded += [found.plain for found in recorded if found.plain is not None]
            with _bare(settings, recorded) as (port, theirs):
                async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as bare:
                    lines = []
                    for number, request in enumerate(requests):
                        ask = _asking(caller.session, request)
                        numbers = [number]
                        if (plain := recorded[number].plain) is not None:
                            numbers.insert(0, recorded.index(plain))
                        asks = [
                            _asking(bare, Request("", request.method, f"/{one}", request.body), prefix="")
                            for one in numbers
                        ]
                        lines.append(await _beside(request, ask, ours, asks, [theirs]))
                    return lines


async def _beside(
    request: Request,
    ask: Callable[[], Awaitable[None]],
    ours: list[psutil.Process],
    asks_bare: list[Callable[[], Awaitable[None]]],
    theirs: list[psutil.Process],
) -> Line:
    """Ours beside bare handlers, of which the first one counts; a second one has our joined statements."""
    costs: list[list[float]] = []
    for _ in range(WARM):
        for one in (ask, *asks_bare):
            await one()
    for _ in range(ROUNDS):
        costs.append([await _cost(ask, ours), *[await _cost(bare, theirs) for bare in asks_bare]])
    mine, *bares = (statistics.median(column) for column in zip(*costs, strict=True))
    ratios = [statistics.median(row[0] / row[place] for row in costs) for place in range(1, len(asks_bare) + 1)]
    said = [f"{bare * 1e6:.0f} us (ratio {ratio:.2f})" for bare, ratio in zip(bares, ratios, strict=True)]
    joined = f"; with our joined statements: {said[1]}" if len(said) > 1 else ""
    what = "one statement for each thing" if joined else "the same statements"
    return Line(
        f"CPU of a request: {request.what}",
        f"{mine * 1e6:.0f} us",
        f"<= {BAR:.0f} of the bare handler",
        f"aiohttp with {what} over asyncpg: {said[0]}{joined}",
        ratios[0] <= BAR,
    )


async def _cost(ask: Callable[[], Awaitable[None]], processes: list[psutil.Process]) -> float:
    """CPU seconds of a request, on average, less what the processes need when nobody asks."""
    idle = await _used(asyncio.sleep(IDLE_S), processes) / IDLE_S
    began = time.perf_counter()
    used = await _used(_ask_all(ask), processes)
    return (used - idle * (time.perf_counter() - began)) / REQUESTS


async def _ask_all(ask: Callable[[], Awaitable[None]]) -> None:
    for _ in range(REQUESTS):
        await ask()


async def _used(work: Awaitable[None], processes: list[psutil.Process]) -> float:
    before = sum(cpu_s(process.pid) for process in processes)
    await work
    return sum(cpu_s(process.pid) for process in processes) - before


def _asking(session: aiohttp.ClientSession, request: Request, prefix: str = "/api/v1") -> Callable[[], Awaitable[None]]:
    async def ask() -> None:
        async with session.request(request.method, prefix + request.path, json=request.body) as response:
            await response.read()
            assert response.status < 300, await response.text()

    return ask


# -- recording ---------------------------------------------------------------------------------------------------------


async def _record(settings: Settings, caller: Caller, request: Request) -> Recorded:
    """Send a request to an application of our own over the same database, and note what it asks the database."""
    asked: list[tuple[str, tuple[Any, ...]]] = []
    found: list[Recorded] = []
    async with _recording(settings, asked) as url, aiohttp.ClientSession(url) as session:
        headers = {"Authorization": caller.session.headers["Authorization"], "X-Client": "api"}
        for _ in range(3):  # the first one may read what is kept afterwards
            asked.clear()
            async with session.request(
                request.method, f"/api/v1{request.path}", json=request.body, headers=headers
            ) as response:
                status, body = response.status, await response.read()
            await asyncio.sleep(0.01)  # what is noted is told a turn later
            assert status < 300, body
            found.append(Recorded(list(asked), status, body))
    _, before, last = found
    assert [sql for sql, _ in before.statements] == [sql for sql, _ in last.statements]
    last.made = _made(before, last)
    plain = [replace(one, statements=_apart(one.statements)) for one in (before, last)]
    if plain[1].statements != last.statements:
        last.plain = replace(plain[1], made=_made(*plain))
    return last


def _made(before: Recorded, last: Recorded) -> list[tuple[int, int]]:
    """The places of the values that differ between two requests."""
    return [
        (place, number)
        for place, (one, other) in enumerate(zip(before.statements, last.statements, strict=True))
        for number, (old, new) in enumerate(zip(one[1], other[1], strict=True))
        if old != new and not isinstance(new, bytes | datetime)  # what is sealed, and the time, may stay what they are
    ]


def _apart(statements: list[tuple[str, tuple[Any, ...]]]) -> list[tuple[str, tuple[Any, ...]]]:
    """Statements with those that ours joins taken apart: each row inserted by one of its own, and a vault's key read by one."""
    found: list[tuple[str, tuple[Any, ...]]] = []
    for sql, values in statements:
        if WITH_KEY.join in sql:
            found.append((sql.replace(f", {WITH_KEY.columns}", "").replace(f" {WITH_KEY.join}", ""), values))
            found.append(("SELECT kek_id, wrapped FROM vault_keys WHERE vault_id = $1 AND epoch = $2", (values[0], 1)))
            continue
        rest, used = sql, 0
        for insert in _INSERT.findall(sql) if sql.startswith("WITH made0") else ():
            count = insert.count("$")
            found.append((_renumbered(insert, used), values[used : used + count]))
            rest, used = sql.rpartition(f"({insert})")[2].strip(), used + count
        found.append((_renumbered(rest, used), values[used:]))
    return found


_INSERT = re.compile(r"made\d+ AS \((INSERT INTO .*? VALUES \([^)]*\))\)")


def _renumbered(sql: str, by: int) -> str:
    return re.sub(r"\$(\d+)", lambda found: f"${int(found.group(1)) - by}", sql) if by else sql


@asynccontextmanager
async def _recording(settings: Settings, asked: list[tuple[str, tuple[Any, ...]]]) -> Any:
    app = build(settings)
    watch = app[WATCH]
    register = watch.register

    async def note_all(connection: asyncpg.Connection) -> None:
        await register(connection)
        # Not those of the relay, which reads by itself.
        if connection._params.server_settings["application_name"] == "tallyroom web":
            connection.add_query_logger(lambda one: asked.append((one.query, tuple(one.args))))

    watch.register = note_all  # type: ignore[method-assign]  # only here
    runner = Runner(app, access_log=None, **HTTP)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    try:
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        await runner.cleanup()


# -- the floor ---------------------------------------------------------------------------------------------------------


@contextmanager
def _bare(settings: Settings, recorded: list[Recorded]) -> Iterator[tuple[int, psutil.Process]]:
    """The bare handlers in a process of their own: its port, and the process."""
    context: Any = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    port = free_port()
    process = context.Process(target=_serve_bare, args=(theirs, settings, recorded, port))
    process.start()
    try:
        if not ours.poll(30):
            raise RuntimeError("the bare handlers did not start")
        ours.recv()
        yield port, psutil.Process(process.pid)
    finally:
        process.kill()
        process.join()


def _serve_bare(pipe: Pipe, settings: Settings, recorded: list[Recorded], port: int) -> None:
    uvloop.run(_serve(pipe, settings, recorded, port))
    os._exit(0)


async def _serve(pipe: Pipe, settings: Settings, recorded: list[Recorded], port: int) -> None:
    pool = await database.pool(settings, "bare", settings.database_pool)
    app = web.Application()
    numbers = itertools.count(1)  # of all, because two of them write rows of the same request
    for number, found in enumerate(recorded):
        app.router.add_route("*", f"/{number}", _handler(pool, found, numbers))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    pipe.send(None)
    await asyncio.Event().wait()


def _handler(
    pool: asyncpg.Pool, found: Recorded, numbers: Iterator[int]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if request.can_read_body:
            await request.json()
        statements = _anew(found, next(numbers)) if found.made else found.statements
        async with pool.acquire() as connection:
            for sql, values in statements:
                if values:
                    await connection.fetch(sql, *values)
                else:
                    await connection.execute(sql)
        return web.Response(status=found.status, body=found.body, content_type="application/json")

    return handle


def _anew(found: Recorded, number: int) -> list[tuple[str, Any]]:
    """The statements of another request: its ids instead of those that were recorded, and the next numbers."""
    statements: list[tuple[str, Any]] = list(found.statements)
    for place, value in found.made:
        sql, values = statements[place]
        if isinstance(values, tuple):
            statements[place] = sql, values = sql, list(values)
        values[value] = _next(values[value], number)
    return statements


def _next(value: Any, number: int) -> Any:
    """What stands in place of a value in another request, the same for the same value."""
    if isinstance(value, list):
        return [_next(one, number) for one in value]
    if isinstance(value, int):
        return value + number
    if isinstance(value, UUID):
        return UUID(int=value.int + number)
    return str(int(value) + number) if value.isdecimal() else _next_id(value, number)


def _next_id(text: str, number: int) -> str:
    """The same for a text, which is an id, or JSON with ids that nothing refers to."""
    return str(UUID(int=int(text.replace("-", ""), 16) + number)) if len(text) == ID_LENGTH else text
