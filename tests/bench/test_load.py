"""The load test, run as its users run it: a short one against a real server."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import ClientError
from aiohttp.test_utils import unused_port

from realtime.commands import COMMANDS
from tests.conftest import Person

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
LOCUST = [
    str(Path(sys.executable).parent / "locust"),
    "--locustfile",
    "bench/load/locustfile.py",
    "--headless",
    "--only-summary",
]


async def run(server: Any, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [*LOCUST, "--host", str(server.make_url("/")), *options]
    return await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=ROOT,
        env={"PYTHONPATH": ".", "PATH": ""},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.acceptance
async def test_readers_writers_and_watchers_meet_no_failure_and_leave_nothing(server, alice: Person, worker, db):
    # Users choose what to do next by chance, so they need some time until each thing was tried.
    done = await run(server, "--token", alice.token, "-u", "20", "-r", "20", "-t", "16s", *LENIENT)
    table = done.stdout + done.stderr

    assert done.returncode == 0, table
    for name in ("/jobs/{id}/matches", "/sources/{id}/records (20)", "EVENT    records.changed", "WSC      subscribe"):
        assert name in table, f"{name} was not tried:\n{table}"
    assert done.stdout.strip().endswith("Verdict: passed")
    assert " 0 of " in table
    assert not await db.fetchval("SELECT count(*) FROM projects WHERE name LIKE 'Load test%'")


LENIENT = ("--rest-p95-ms", "30000", "--event-p95-ms", "30000")  # how fast it is depends on what else the machine does


@pytest.mark.acceptance
async def test_a_missed_bar_is_a_failed_verdict(server, alice: Person, project):
    done = await run(
        server, "--token", alice.token, "--project", project, "-u", "5", "-r", "5", "-t", "4s", "--rest-p95-ms", "0"
    )

    assert done.returncode == 1
    assert "MISSED REST" in done.stdout
    assert (await alice.ok("GET", f"/projects/{project}"))["version"] == 1, "a project that is only lent was changed"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--token", "bad"), "token_invalid"),
        (("--email", "nobody@example.test", "--password", "wrong wrong wrong"), "invalid_credentials"),
        (("--email", "nobody@example.test"), "give --token, or --email and --password"),
        (("--host", "http://127.0.0.1:1"), "does not answer"),
    ],
)
@pytest.mark.acceptance
async def test_what_keeps_it_from_beginning_is_said_in_one_line(server, options, said):
    done = await run(server, "-u", "1", "-t", "60s", *options)

    assert done.returncode == 2, done.stderr
    last = done.stdout.strip().splitlines()[-1]
    assert last.startswith("The load test cannot begin: ")
    assert said in last
    assert "Traceback" not in done.stdout + done.stderr


def test_the_artillery_scenario_speaks_the_commands_of_the_server():
    script = yaml.safe_load((ROOT / "bench/load/artillery.yml").read_text(encoding="utf-8"))

    commands = {step["emit"]["channel"] for found in script["scenarios"] for step in found["flow"] if "emit" in step}

    assert script["config"]["target"].endswith("/live")
    assert commands <= set(COMMANDS)
    assert commands


@pytest.mark.acceptance
async def test_another_site_cannot_use_the_page_or_learn_the_token(server, alice: Person, project, http):
    port = unused_port()
    host = str(server.make_url("/"))
    command = [name for name in LOCUST if name not in ("--headless", "--only-summary")]
    command += ["--host", host, "--project", project, "--web-host", "127.0.0.1", "--web-port", str(port)]
    environment = {"PYTHONPATH": ".", "PATH": "", "TALLYROOM_TOKEN": alice.token}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    page = f"http://127.0.0.1:{port}"
    one = {"user_count": "1", "spawn_rate": "1"}
    try:
        shown = await _page(http, page, process)
        async with http.post(f"{page}/swarm", data=one, headers={"Origin": "http://evil.example"}) as response:
            foreign = response.status
        async with http.get(page, headers={"Host": "rebound.example"}) as response:
            rebound = response.status
        elsewhere = {**one, "host": "http://127.0.0.1:1", "token": "", "email": "a@b.example", "password": "x"}
        async with http.post(f"{page}/swarm", data=elsewhere) as response:
            assert response.status == 200
        async with asyncio.timeout(60):
            while not (failures := await _failures(http, page)):
                await asyncio.sleep(0.1)
    finally:
        process.terminate()
        await process.wait()

    assert alice.token not in shown
    assert (foreign, rebound) == (403, 403)
    assert all("was started for" in failure for failure in failures)


async def _page(http: Any, page: str, process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(60):
        while True:
            assert process.returncode is None
            with contextlib.suppress(ClientError):
                async with http.get(page) as response:
                    return str(await response.text())
            await asyncio.sleep(0.1)


async def _failures(http: Any, page: str) -> list[str]:
    async with http.get(f"{page}/stats/requests") as response:
        return [error["error"] for error in (await response.json())["errors"]]
