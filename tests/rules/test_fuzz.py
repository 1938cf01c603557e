"""Schemathesis against the running server: no 500, no undocumented status, no answer of the wrong shape."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from tests.conftest import Person

# Two documents have so many members that a quarter of all requests would be wrong ones of these. tests/plan and
# tests/source refuse them member by member; `make fuzz` sends them all.
DOCUMENTS = (
    "POST /api/v1/projects/{id}/plans",
    "PUT /api/v1/plans/{id}",
    "POST /api/v1/projects/{id}/sources",
    "PATCH /api/v1/sources/{id}",
)
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.acceptance
@pytest.mark.timeout(600)  # about a minute if nothing else runs; it took 277 s on two cores that ten others used
async def test_no_500_and_nothing_undocumented(
    server: TestServer, admin: Person, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    is_long = pytestconfig.getoption("--hypothesis-profile") == "fuzz"
    objects = await _make_objects(admin)
    config = "".join(
        f'[[operations]]\ninclude-path-regex = "^/api/v1/{noun}/"\nparameters = {{ "path.id" = "{row_id}" }}\n'
        for noun, row_id in objects.items()
    )
    if not is_long:
        config += "".join(f'[[operations]]\ninclude-name = "{name}"\nenabled = false\n' for name in DOCUMENTS)
        # Whatever is not offered is answered in one place.
        config = '[phases.coverage]\nunexpected-methods = ["TRACE"]\n' + config
    phases = "coverage,fuzzing" if is_long else "coverage"
    (tmp_path / "schemathesis.toml").write_text(config)

    # First without a token: sign-in, logs and all refusals. Then signed in, without requests that would end the
    # session.
    with_no_token = ["--include-path-regex", "^/api/v1/(auth|me|logs)|^/api/logs|^/health|^/docs"]
    await _run(server, tmp_path, "--phases", phases, *with_no_token)
    signed_in = ["--include-path-regex", "^/api/v1/", "--exclude-path-regex", "^/api/v1/(auth|users|logs)"]
    await _run(server, tmp_path, "--phases", phases, *signed_in, "-H", f"Authorization: Bearer {admin.token}")


async def _run(server: TestServer, folder: Path, *options: str) -> None:
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", str(server.make_url("/openapi.json"))]
    command += [
        "--checks",
        CHECKS,
        "--max-examples",
        "1",
        "--workers",
        "1",
    ]  # two checks hit a bug in the ast module of Python 3.11.7
    command += ["--no-color", "--seed", "1", *options]
    done = await _in_thread(command, folder)
    report = done.stdout + done.stderr
    assert done.returncode == 0, _failures(report)
    assert "Test cases" in report


async def _in_thread(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return await asyncio.to_thread(subprocess.run, command, cwd=folder, capture_output=True, text=True, timeout=590)


def _failures(report: str) -> str:
    found = re.search(r"=+ (?:FAILURES|ERRORS) =+.*", report, re.DOTALL)
    return (found.group(0) if found else report)[:4000]


async def _make_objects(admin: Person) -> dict[str, str]:
    """One object of each noun, for the ids in paths."""
    project = await admin.ok("POST", "/projects", {"name": "Fuzzed"})
    path = f"/projects/{project['id']}"
    ids: dict[str, str] = {"projects": project["id"]}
    sources = []
    for name in ("left", "right"):
        mapping: dict[str, Any] = {"amount": {"column": "amount", "decimal": "."}}
        source = await admin.ok("POST", f"{path}/sources", {"name": name, "mapping": mapping})
        rows = [{"data": {"amount": f"{n}.00", "text": f"row {n}"}} for n in range(3)]
        await admin.ok("POST", f"/sources/{source['id']}/records", {"records": rows})
        sources.append(source["id"])
    ids["sources"] = sources[0]
    records = await admin.ok("GET", f"/sources/{sources[0]}/records")
    ids["records"] = records["items"][0]["id"]
    document = {
        "fields": [{"name": "amount", "kind": "amount", "left": "amount", "right": "amount"}],
        "passes": [{"name": "exact", "rules": [{"field": "amount", "compare": "equal"}]}],
    }
    async with await admin.send("POST", f"{path}/plans", {"name": "p", "document": document}) as response:
        if response.status == 201:
            ids["plans"] = (await response.json())["id"]
    job = await admin.ok("POST", f"{path}/jobs", {"left_source": sources[0], "right_source": sources[1]})
    ids["jobs"] = job["id"]
    vault = await admin.ok("POST", f"{path}/vaults", {"name": "v"})
    ids["vaults"] = vault["id"]
    ids["entries"] = (await admin.ok("POST", f"/vaults/{vault['id']}/entries", {"name": "e", "secret": "s"}))["id"]
    return ids
