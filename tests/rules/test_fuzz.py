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

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.mark.acceptance
@pytest.mark.timeout(600)  # about a minute if nothing else runs; it took 277 s on two cores that ten others used
async def test_no_500_and_nothing_undocumented(server: TestServer, admin: Person, tmp_path: Path) -> None:
    objects = await _make_objects(admin)
    config = "".join(
        f'[[operations]]\ninclude-path-regex = "^/api/v1/{noun}/"\nparameters = {{ "path.id" = "{row_id}" }}\n'
        for noun, row_id in objects.items()
    )
    (tmp_path / "schemathesis.toml").write_text(config)

    # First without a token: sign-in, logs and all refusals. Then signed in, without requests that would end the
    # session.
    await _run(server, tmp_path, None, "^/api/v1/(auth|me|logs)|^/api/logs|^/health|^/docs", None)
    await _run(server, tmp_path, admin.token, "^/api/v1/", "^/api/v1/(auth|users|logs)")


async def _run(server: TestServer, folder: Path, token: str | None, include: str, exclude: str | None) -> None:
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", str(server.make_url("/openapi.json"))]
    command += [
        "--checks",
        CHECKS,
        "--max-examples",
        "1",
        "--phases",
        "coverage,fuzzing",
        "--workers",
        "1",
    ]  # two checks hit a bug in the ast module of Python 3.11.7
    command += ["--no-color", "--seed", "1", "--include-path-regex", include]
    command += ["--exclude-path-regex", exclude] if exclude else []
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
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
