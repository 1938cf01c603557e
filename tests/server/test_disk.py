"""
Full disks and full projects: anything that brings data in is refused with a reason, and everything else continues.
"""

import asyncio
import io
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.problems import StorageFull
from server.api.keys import DISK, SETTINGS
from server.store.disk import Disk, is_full
from tests.conftest import PASSWORD
from tests.health.processes import freeze
from tests.source.conftest import load, settled, upload

__all__ = ["load", "settled", "upload"]
MB = 1024 * 1024
FILE = b"ref,amount\nA,1.50\n"
MAPPING = {"amount": {"column": "amount", "decimal": "."}}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of 24 MB."""
    folder = tmp_path_factory.mktemp("small")
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("may not mount a file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def full(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's disk has reached its reserve."""
    monkeypatch.setattr(server.app[DISK], "_reserve_bytes", 2**60)
    monkeypatch.setattr(server.app[DISK], "_looked_at", float("-inf"))


def test_a_real_disk_refuses_data_before_it_is_full_and_accepts_it_again_afterwards(small: Path) -> None:
    disk = Disk(small, 8 * MB)
    disk.refuse_when_full(10 * MB)
    (small / "filler").write_bytes(bytes(12 * MB))
    disk._looked_at = float("-inf")

    disk.refuse_when_full(2 * MB)
    with pytest.raises(StorageFull, match="delete sources"):
        disk.refuse_when_full(6 * MB)
    with pytest.raises(OSError, match="No space") as error:
        (small / "more").write_bytes(bytes(13 * MB))
    (small / "filler").unlink()
    (small / "more").unlink()
    disk._looked_at = float("-inf")

    disk.refuse_when_full(10 * MB)
    assert is_full(error.value)


async def test_within_the_reserve_new_data_gets_507_and_everything_else_continues(
    alice: Any, admin: Any, project: str, http: Any, upload: Any, full: None, db: Any
) -> None:
    line = {"logs": [{"level": "error", "message": "x"}]}
    source = {"name": "by hand"}
    job = {"left_source": project, "right_source": project}

    status, problem = await upload(FILE)
    refused = [
        await alice.refused("POST", f"/projects/{project}/sources", source),
        await alice.refused("POST", f"/projects/{project}/jobs", job),
        await alice.refused("POST", f"/sources/{project}/records", {"data": {"a": "1"}}),
        await alice.refused("POST", "/logs", line),
    ]

    assert (status, problem["code"]) == (507, "storage_full")
    assert "reserve" in problem["detail"]
    assert refused == [(507, "storage_full")] * 4
    assert await db.fetchval("SELECT count(*) FROM sources") == 0
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"})
    await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Bank"})
    login = {"email": alice.email, "password": PASSWORD}
    async with http.post("/api/v1/auth/login", json=login, headers={"X-Client": "api"}) as response:
        assert response.status == 200


async def test_an_upload_that_reaches_the_reserve_midway_is_refused_and_removed(
    server: Any, upload: Any, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = server.app[DISK]
    rooms = iter([5 * MB, 5 * MB, 5 * MB, 0])
    monkeypatch.setattr(disk, "room", lambda: next(rooms, 0))

    status, problem = await upload(FILE + b"B,2.50\n" * 400_000)

    assert (status, problem["code"]) == (507, "storage_full")
    assert await db.fetchval("SELECT count(*) FROM sources") == 0


@pytest.fixture(scope="module")
def cramped(start_lasting_worker: Any, shared_worker: Any, small: Path) -> Any:
    """The only worker. Its temporary folder is a real file system of 24 MB, and its projects may hold little."""
    shared_worker.stop()  # an earlier test of this module may have started it
    return start_lasting_worker(TMPDIR=str(small), TALLYROOM_PROJECT_MAX_BYTES=str(40 * MB))


@pytest.mark.long
async def test_a_file_that_the_workers_disk_cannot_hold_ends_with_a_reason(
    cramped: Any, upload: Any, settled: Any
) -> None:
    _, source = await upload(FILE + b"B,2.50\n" * (30 * MB // 7))

    ended = await settled(source["id"])

    assert (ended["status"], ended["problem"]["code"], ended["rows"]["loaded"]) == ("failed", "storage_full", 0)


async def test_the_engine_that_fills_the_workers_disk_is_ended_with_a_reason(
    cramped: Any, upload: Any, settled: Any, small: Path
) -> None:
    _, source = await upload(FILE + b"B,2.50\n" * 100_000)
    (engine,) = await _frozen(cramped)
    (scratch,) = small.glob("*/source-*")
    (scratch / "spilled").write_bytes(bytes(22 * MB))  # as DuckDB would

    ended = await settled(source["id"], 10)

    assert (ended["status"], ended["problem"]["code"]) == ("failed", "storage_full")
    assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE
    assert not scratch.exists()


async def _frozen(worker: Any) -> list[psutil.Process]:
    for _ in range(6000):
        if engines := freeze(worker.engines()):
            return engines
        await asyncio.sleep(0.005)
    raise AssertionError(worker.log.read_text())


@pytest.mark.long
async def test_a_small_file_that_exceeds_the_projects_size_when_unpacked_is_not_kept(
    cramped: Any, upload: Any, settled: Any, db: Any
) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"ref": pa.repeat("x" * 200, 300_000)}), sink, compression="zstd")  # unpacks to 60 MB
    assert sink.tell() < MB
    _, source = await upload(sink.getvalue(), "a.parquet")

    ended = await settled(source["id"])

    assert (ended["status"], ended["problem"]["code"], ended["rows"]["loaded"]) == ("failed", "storage_full", 0)
    assert "TALLYROOM_PROJECT_MAX_BYTES" in ended["problem"]["detail"]
    assert await db.fetchval("SELECT count(*) FROM reconciliation_records") == 0


@pytest.mark.long
async def test_files_that_are_loaded_at_the_same_time_share_the_projects_room(
    cramped: Any, upload: Any, settled: Any, db: Any
) -> None:
    rows = b"B,2.50\n" * 110_000  # each of some 200 bytes with what every record has: 25 MB
    sources = [(await upload(FILE + b"C,3.50\n" * n + rows))[1] for n in range(2)]

    ended = [await settled(source["id"]) for source in sources]

    failed = [source for source in ended if source["status"] == "failed"]
    assert [source["problem"]["code"] for source in failed] == ["storage_full"] * len(failed)
    assert failed
    stored = "SELECT coalesce(sum(size_bytes + (detection->>'stored_bytes')::bigint), 0) FROM sources"
    assert await db.fetchval(stored) <= 40 * MB


async def test_requests_at_the_same_time_share_the_projects_room(
    server: Any, alice: Any, project: str, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.app[SETTINGS].__dict__, "project_max_bytes", 4000)
    names = [f"source {n}" for n in range(6)]
    sources = [(await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in names]

    async def add(source: str) -> int:
        async with await alice.send("POST", f"/sources/{source}/records", {"data": {"ref": "x" * 1500}}) as response:
            return int(response.status)

    statuses = await asyncio.gather(*(add(source) for source in sources))

    assert sorted(statuses) == [201, 201, 507, 507, 507, 507]
    stored = "SELECT sum((detection->>'stored_bytes')::bigint) FROM sources"
    assert await db.fetchval(stored) <= 4000


async def test_what_a_change_adds_counts_as_well_and_so_does_a_reference(
    server: Any, alice: Any, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.app[SETTINGS].__dict__, "project_max_bytes", 4000)
    source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "by hand"}))["id"]
    record = await alice.ok("POST", f"/sources/{source}/records", {"data": {"ref": "x"}, "reference": "y" * 2000})
    path = f"/records/{record['id']}"

    grown = await alice.refused("PATCH", path, {"data": {"more": "x" * 2500}}, if_match=record["version"])
    named = await alice.refused("POST", f"/sources/{source}/records", {"data": {"ref": "x"}, "reference": "y" * 2500})
    small = await alice.ok("PATCH", path, {"data": {"more": "x" * 500}}, if_match=record["version"])

    assert grown == named == (507, "storage_full")
    assert small["data"]["more"] == "x" * 500


async def test_a_project_accepts_no_more_than_its_size(
    server: Any, alice: Any, project: str, upload: Any, load: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.app[SETTINGS].__dict__, "project_max_bytes", 3000)
    other = (await alice.ok("POST", "/projects", {"name": "Other"}))["id"]

    first = await load(FILE + b"B,2.50\n" * 5, mapping=MAPPING)
    status, problem = await upload(FILE + b"B,2.50\n" * 400)
    by_hand = await alice.refused("POST", f"/sources/{first['id']}/records", {"data": {"ref": "x" * 3000}})
    elsewhere, _ = await upload(FILE + b"B,2.50\n" * 300, to=other)
    async with await alice.send("DELETE", f"/sources/{first['id']}") as response:
        assert response.status == 204
    again, _ = await upload(FILE + b"B,2.50\n" * 300)

    assert first["status"] == "ready"
    assert (status, problem["code"]) == (507, "storage_full")
    assert "TALLYROOM_PROJECT_MAX_BYTES" in problem["detail"]
    assert by_hand == (507, "storage_full")
    assert (elsewhere, again) == (202, 202)
