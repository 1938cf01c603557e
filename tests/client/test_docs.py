"""The examples of the guides, run as they are printed, against a real server and over a connection that is cut."""

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.auth.programs import program_of
from tests.client.conftest import Road
from tests.conftest import PASSWORD

ROOT = Path(__file__).parents[2]
PACKAGES = ROOT / "web/node_modules"
NODE = shutil.which("node")


def example(page: str, name: str) -> str:
    """The block of a page that is marked with a name after its language."""
    found = re.findall(rf"^```{name}\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{page} has {len(found)} blocks {name}"
    return str(found[0])


@contextlib.asynccontextmanager
async def running(command: list[str], environment: dict[str, str]) -> AsyncIterator[asyncio.StreamReader]:
    """The output of a program, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            process.kill()
        await process.wait()


@pytest.mark.long
@pytest.mark.parametrize("name", ["python client", "python stock", "js stock"])
async def test_an_example_prints_every_event_once_although_its_connection_is_cut(
    name: str, alice: Any, project: str, flood: Any, road: Road, tmp_path: Path
) -> None:
    if name.startswith("js") and (NODE is None or not PACKAGES.exists()):
        pytest.skip("needs Node and the dashboard's packages (make web)")
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    script = tmp_path / ("example.mjs" if name.startswith("js") else "example.py")
    script.write_text(example("clients.md", name))
    command = [str(NODE) if name.startswith("js") else sys.executable, str(script)]
    token = (await program_of(alice, "read", "events")).token
    environment = {"TALLYROOM_URL": road.url, "TALLYROOM_TOKEN": token, "STREAM": f"project:{project}"}
    environment["PYTHONPATH"] = str(ROOT / "client")
    await flood(3)

    async with running(command, environment) as output, asyncio.timeout(30):
        lines = [await output.readline() for _ in range(3)]
        road.cut()
        await flood(2, 100)
        lines += [await output.readline() for _ in range(200)]

    assert [line.decode().strip() for line in lines] == [f"{seq} project.updated" for seq in range(1, 204)]


LEDGER = "invoice,customer,amount,currency,booked_on\n" + "".join(
    f"INV-{number},Customer {number},{number * 100}.25,EUR,2026-03-{number + 12}\n" for number in range(1, 13)
)
STATEMENT = LEDGER.replace("invoice,customer", "reference,payer").replace("booked_on", "value_date")


@pytest.fixture
def shell(server: Any, alice: Any, tmp_path: Path) -> Callable[..., Any]:
    """Runs commands as alice, in a folder that has the month end, its files, and the programs it calls."""
    (tmp_path / "month-end.sh").write_text(example("month-end.md", "sh script"))
    (tmp_path / "bank.csv").write_text(STATEMENT)
    for name, line in (
        ("fetch-statement", 'test "$BANK_PASSWORD" = "open sesame" && cat bank.csv'),
        ("tallyroom", f'exec {sys.executable} -c "from tallyroom_client.command import main; main()" "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"TALLYROOM_URL": str(server.make_url("/")), "TALLYROOM_TOKEN": ""}
    environment |= {"TALLYROOM_EMAIL": alice.email, "TALLYROOM_PASSWORD": PASSWORD}
    environment["PYTHONPATH"] = str(ROOT / "client")
    environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"

    async def run(*command: str, **changed: str) -> tuple[int | None, str, str]:
        process = await asyncio.to_thread(
            subprocess.run,
            command,
            cwd=tmp_path,
            env=os.environ | environment | changed,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return process.returncode, process.stdout, process.stderr

    return run


@pytest.fixture
async def secret(alice: Any, project: str) -> str:
    """The password of the bank, in the team's vault."""
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"]
    await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "Bank portal", "secret": "open sesame"})
    return "open sesame"


@pytest.mark.long
async def test_the_month_end_ends_with_0_if_both_sides_agree_and_a_job_with_6_if_they_do_not(
    alice: Any, project: str, secret: str, worker: Any, shell: Any, tmp_path: Path
) -> None:
    (tmp_path / "ledger.csv").write_text(LEDGER)
    # as a program whose token has the scopes that the page names
    (named,) = re.findall(r"has the scopes ([^.]*)\.", (ROOT / "docs/month-end.md").read_text())
    program = await program_of(alice, *re.findall("`([a-z:]+)`", named), project_ids=[project])
    token = {"TALLYROOM_TOKEN": program.token, "TALLYROOM_EMAIL": ""}

    code, output, said = await shell("sh", "month-end.sh", "March", "ledger.csv", **token)
    sources = {
        source["name"]: source["id"] for source in (await alice.ok("GET", f"/projects/{project}/sources"))["items"]
    }
    late = {"invoice": "INV-99", "customer": "Late", "amount": "9.25", "currency": "EUR", "booked_on": "2026-03-31"}
    await alice.ok("POST", f"/sources/{sources['ledger']}/records", {"data": late})
    differing = await shell("tallyroom", "remote", "jobs", "run", "March", "ledger", "statement", "--prove", **token)

    assert code == 0, said
    assert "12 matches: 12 confirmed, 0 to review; open: 0 left, 0 right\nEUR agrees: difference 0.00; " in output
    assert "tallyroom: statement: 12 rows loaded, 0 rejected\n" in said
    assert differing[0] == 6, differing
    assert "EUR does not agree" in differing[1]
    assert secret not in output + said


async def test_a_month_end_whose_file_has_questions_stops_with_4_and_says_how_to_answer(
    alice: Any, project: str, secret: str, worker: Any, shell: Any, tmp_path: Path
) -> None:
    (tmp_path / "ledger.csv").write_text(re.sub(r"2026-03-(\d\d)", "03/04/2026", LEDGER))

    code, output, said = await shell("sh", "month-end.sh", "March", "ledger.csv")

    assert (code, output) == (4, "")
    assert '03/04/2026 (dmy or mdy)? For example --mapping \'{"date": ' in said
    assert [s["status"] for s in (await alice.ok("GET", f"/projects/{project}/sources"))["items"]] == ["needs_mapping"]
    assert len((await alice.ok("GET", "/auth/sessions"))["items"]) == 1  # each command has signed out
