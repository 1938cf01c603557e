"""Processes that hold keys: no core files, no access to their memory, and no secret in what they print."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiohttp import ClientError, ClientSession
from aiohttp.test_utils import TestServer

from core.settings import Settings
from tests.conftest import Person

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
# Root may read everything thanks to its capabilities. With only those for opening files, it is limited like others.
PLAIN = ("setpriv", "--bounding-set=-all,+dac_override,+dac_read_search", "--inh-caps=-all") if os.getuid() == 0 else ()


class Served:
    """A separate server that prints as much as possible."""

    def __init__(self, pid: int, address: str, log: Path) -> None:
        self.pid = pid
        self.address = address
        self.log = log


@pytest.fixture(scope="module")
async def served(
    server: TestServer, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """A second server on the tests' database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("served") / "log"
    # Tokens are issued in the name of the address that browsers use, so it is that of the tests' server.
    more = {"TALLYROOM_PORT": str(port), "TALLYROOM_DEBUG": "true", "TALLYROOM_PUBLIC_URL": settings.base_url}
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(*PLAIN, sys.executable, "-m", "server", "serve"),
            cwd=ROOT,
            env=os.environ | settings.environment() | more,
            stdout=output,
            stderr=output,
        )
    address = f"http://127.0.0.1:{port}"
    async with ClientSession() as session:
        while True:
            assert process.returncode is None, log.read_text()
            try:
                async with session.get(f"{address}/health/live") as response:
                    assert response.status == 200
                    break
            except ClientError:
                await asyncio.sleep(0.05)
    yield Served(process.pid, address, log)
    process.terminate()
    await process.wait()


def _core_limit(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in lines if line.startswith("Max core file size")).split()[4:6]


def _can_look_into(pid: int) -> bool:
    """Whether another process of the same user can read its environment."""
    return subprocess.run([*PLAIN, "cat", f"/proc/{pid}/environ"], capture_output=True, check=False).returncode == 0


async def test_neither_server_nor_worker_leaves_a_core_file_or_lets_others_read_its_memory(
    served: Served, settings: Settings
) -> None:
    environ = os.environ | settings.environment()
    with (
        subprocess.Popen([*PLAIN, "sleep", "60"]) as other,
        subprocess.Popen([*PLAIN, sys.executable, "-m", "server", "worker"], cwd=ROOT, env=environ) as worker,
    ):
        try:
            while worker.poll() is None and (_core_limit(worker.pid) != ["0", "0"] or _can_look_into(worker.pid)):
                await asyncio.sleep(0.05)  # it has just started; the test's time limit ends this loop
            is_open, is_closed = _can_look_into(other.pid), not _can_look_into(worker.pid)
            is_alive = worker.poll() is None
        finally:
            other.kill()
            worker.terminate()

    assert (is_open, is_closed, is_alive) == (True, True, True)
    assert _core_limit(served.pid) == ["0", "0"]
    assert not _can_look_into(served.pid)


async def test_what_a_health_check_reads_about_a_process_stays_readable(served: Served) -> None:
    process = psutil.Process(served.pid)

    assert "serve" in process.cmdline()
    assert process.memory_info().rss > 0
    assert process.status() != psutil.STATUS_ZOMBIE
    assert process.cpu_times().user > 0


async def test_an_engine_process_is_protected_like_its_worker() -> None:
    look = "import ctypes; from server.processes import engine; engine.load = lambda: print(ctypes.CDLL(None).prctl(3)) or exit()"

    done = subprocess.run(
        [sys.executable, "-c", f"{look}; engine.main(['job', ''], 0)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("0\n", "")  # PR_GET_DUMPABLE


async def test_a_bug_in_an_engine_process_is_one_line_of_json(settings: Settings) -> None:
    breaks = (
        "import asyncio, os; from server.processes import engine; engine._work = lambda *_: 1 / 0; read, _ = os.pipe()"
    )
    argument = "00000000-0000-7000-8000-000000000000"

    done = subprocess.run(
        [sys.executable, "-c", f"{breaks}; exit(engine.main(['job', '{argument}', ''], read))"],
        cwd=ROOT,
        env={**os.environ, **settings.environment(), "TALLYROOM_LOG_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    )

    (line,) = (done.stdout + done.stderr).splitlines()
    found = json.loads(line)
    assert done.returncode == 1
    assert (found["event"], found["kind"], found["id"]) == ("the engine failed", "job", argument)
    assert "ZeroDivisionError" in found["exception"]


async def test_no_secret_is_printed_stored_in_plain_text_or_returned(
    served: Served, alice: Person, admin: Person, project: str, db: asyncpg.Connection
) -> None:
    words = {
        name: f"{name}-SENTINEL-{os.urandom(6).hex()}" for name in ("secret", "notes", "second", "rotated", "refused")
    }

    async def send(method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        given = {"Authorization": f"Bearer {alice.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        url = f"{served.address}/api/v1{path}"
        async with alice.session.request(method, url, json=body, headers=given) as response:
            return response.status, await response.text()

    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    body = {"name": "n", "secret": words["secret"], "notes": words["notes"]}
    status, text = await send("POST", f"/vaults/{vault}/entries", body, Idempotency_Key="sentinel")
    assert status == 201
    path = f"/entries/{json.loads(text)['id']}"
    assert (await send("PATCH", path, {"secret": words["second"]}, If_Match='"1"'))[0] == 200
    assert (await send("POST", f"{path}/rotate", {"secret": words["rotated"]}, Idempotency_Key="sentinel-2"))[0] == 200
    revealed = await send("POST", f"{path}/reveal", {"fields": ["secret", "notes"]})
    assert (revealed[0], words["rotated"] in revealed[1], words["notes"] in revealed[1]) == (200, True, True)
    answers = [
        text,
        (await send("PATCH", path, {"secret": words["refused"]}, If_Match='"1"'))[1],
        (await send("PATCH", path, {"secret": words["refused"], "url": words["refused"]}, If_Match='"3"'))[1],
        (await send("PATCH", path, {"secret": [words["refused"]], words["refused"][:9]: 1}, If_Match='"3"'))[1],
        (await send("POST", f"{path}/reveal", {"fields": [words["refused"]]}))[1],
    ]
    await db.execute("UPDATE password_entry_versions SET secret = notes WHERE version = 3")  # a bug of the worst kind
    broken = await send("POST", f"{path}/reveal")
    assert broken[0] == 500
    answers.append(broken[1])

    tables = [row[0] for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    stored = [row[0] for table in tables for row in await db.fetch(f'SELECT t::text FROM "{table}" t')]

    printed = served.log.read_text()
    assert "SealBroken" in printed  # the failure itself is reported
    for word in words.values():
        for encoded in (word, word.encode().hex()):
            assert encoded not in printed
            assert not any(encoded in answer for answer in answers)
            assert not any(encoded in row for row in stored)
