"""The examples of the guides, run as they are printed, against a real server and over a connection that is cut."""

import asyncio
import contextlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

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
        process.kill()
        await process.wait()


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
    environment = {"TALLYROOM_URL": road.url, "TALLYROOM_TOKEN": alice.token, "STREAM": f"project:{project}"}
    environment["PYTHONPATH"] = str(ROOT / "client")
    await flood(3)

    async with running(command, environment) as output, asyncio.timeout(30):
        lines = [await output.readline() for _ in range(3)]
        road.cut()
        await flood(2, 300)
        lines += [await output.readline() for _ in range(600)]

    assert [line.decode().strip() for line in lines] == [f"{seq} project.updated" for seq in range(1, 604)]


LEDGER = "invoice,customer,amount,currency,booked_on\n" + "".join(
    f"INV-{number},Customer {number},{number * 100}.25,EUR,2026-03-{number + 12}\n" for number in range(1, 13)
)
STATEMENT = LEDGER.replace("invoice,customer", "reference,payer").replace("booked_on", "value_date")


@pytest.mark.parametrize("books", ["agree", "differ", "have questions"])
async def test_the_month_end_ends_with_the_right_exit_code(
    books: str, server: Any, alice: Any, project: str, worker: Any, tmp_path: Path
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"]
    await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "Bank portal", "secret": "open sesame"})
    (tmp_path / "month-end.sh").write_text(example("month-end.md", "sh script"))
    ledger = {
        "agree": LEDGER,
        "differ": LEDGER + "INV-99,Customer 99,9900.25,EUR,2026-03-30\n",
        "have questions": re.sub(r"2026-03-(\d\d)", r"03/04/2026", LEDGER),
    }
    (tmp_path / "ledger.csv").write_text(ledger[books])
    (tmp_path / "bank.csv").write_text(STATEMENT)
    for name, line in (
        ("fetch-statement", 'test "$BANK_PASSWORD" = "open sesame" && cat bank.csv'),
        ("tallyroom", f'exec {sys.executable} -c "from tallyroom_client.command import main; main()" "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"TALLYROOM_URL": str(server.make_url("/")), "TALLYROOM_EMAIL": alice.email}
    environment |= {"TALLYROOM_PASSWORD": PASSWORD, "PYTHONPATH": str(ROOT / "client")}
    environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"

    process = await asyncio.create_subprocess_exec(
        *("sh", "month-end.sh", "March", "ledger.csv"),
        cwd=tmp_path,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, said = (text.decode() for text in await asyncio.wait_for(process.communicate(), 60))

    expected = {
        "agree": (0, "EUR agrees: difference 0"),
        "differ": (6, "EUR does not agree"),
        "have questions": (4, ""),
    }
    status, words = expected[books]
    assert (process.returncode, words in output) == (status, True), output + said
    assert "open sesame" not in output + said
    assert ('--mapping \'{"date"' in said) == (books == "have questions")
    sessions = await alice.ok("GET", "/auth/sessions")
    assert len(sessions["items"]) == 1  # each command has signed out
