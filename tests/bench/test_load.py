"""The load test, run as its users run it: a short one against a real server."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from realtime.commands import COMMANDS
from tests.conftest import Person

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
    done = await run(server, "--token", alice.token, "-u", "10", "-r", "10", "-t", "6s", *LENIENT)
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
