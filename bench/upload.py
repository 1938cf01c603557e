"""From upload to stored records, compared with `COPY` of the same rows by psql, and the memory this takes."""

import asyncio
import json
import shutil
import subprocess
import time
from pathlib import Path

from bench.report import Line
from bench.rows import books
from bench.stack import Caller, Memory, Stack

MEMORY_BAR_MB = 150
RATE_BAR = 20_000


async def measure(rows: int, *, repeat: int = 1) -> list[Line]:
    """
    Upload a ledger of `rows` rows. The best of `repeat` attempts counts, for the peer as well. Memory is measured in an
    attempt of its own before them, because asking for it takes a quarter of a core, and what an upload has left behind would
    hide what the next one takes.
    """
    with Stack() as stack:
        async with Caller(stack) as caller:
            ledger, _ = books(Path(stack.folder.name), rows)
            await asyncio.sleep(3)  # for the demo's own job
            size_mb = ledger.stat().st_size / 1e6
            web, worker = Memory(stack, "serve"), Memory(stack, "worker")
            await _upload(caller, ledger, rows)
            web_mb, worker_mb = web.growth_mb(), worker.growth_mb()
            times = [await _upload(caller, ledger, rows) for _ in range(repeat)]
        peers = [_copy(stack, ledger, with_indexes=True) for _ in range(repeat)]
    rate, peer_rate = rows / min(times), rows / min(peers)
    name = f"{rows:,} rows ({size_mb:.1f} MB)"
    return [
        Line(
            f"upload to stored records, {name}",
            f"{rate:,.0f} rows/s",
            f">= {RATE_BAR:,} rows/s",
            f"psql COPY into a table of the same columns and indexes: {peer_rate:,.0f} rows/s (ratio {rate / peer_rate:.2f})",
            rate >= RATE_BAR,
        ),
        Line(f"peak growth of web, {name}", f"{web_mb:.0f} MB", f"<= {MEMORY_BAR_MB} MB", "", web_mb <= MEMORY_BAR_MB),
        Line(
            f"peak growth of worker and loader, {name}",
            f"{worker_mb:.0f} MB",
            f"<= {MEMORY_BAR_MB} MB",
            "",
            worker_mb <= MEMORY_BAR_MB,
        ),
    ]


async def _upload(caller: Caller, ledger: Path, rows: int) -> float:
    began = time.perf_counter()
    source = await caller.upload(ledger, "Ledger")
    source = await caller.until_ready(source["id"])
    seconds = time.perf_counter() - began
    assert source["rows"] == {"read": rows, "loaded": rows, "rejected": 0, "left_out": 0}, source["rows"]
    return seconds


def _copy(stack: Stack, ledger: Path, *, with_indexes: bool) -> float:
    """
    Store the same rows as finished records with psql: the work that is left without parsing, checking and mapping.
    """
    psql = [shutil.which("psql") or "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", str(stack.socket_folder())]
    psql += ["-U", "postgres", "-d", "tallyroom"]
    dump = ledger.with_suffix(".records.csv")
    if not dump.exists():
        first = "(SELECT source_id FROM reconciliation_records GROUP BY 1 ORDER BY count(*) DESC LIMIT 1)"
        _run(psql, f"\\copy (SELECT * FROM reconciliation_records WHERE source_id = {first}) TO '{dump}' CSV")
    like = "INCLUDING DEFAULTS INCLUDING INDEXES" if with_indexes else "INCLUDING DEFAULTS"
    _run(psql, f"DROP TABLE IF EXISTS peer; CREATE TABLE peer (LIKE reconciliation_records {like})")
    began = time.perf_counter()
    _run(psql, f"\\copy peer FROM '{dump}' CSV")
    return time.perf_counter() - began


def _run(psql: list[str], command: str) -> None:
    subprocess.run([*psql, "-c", command], check=True)


def main() -> list[Line]:
    """Upload 100,000 rows, then a million for the memory."""
    return asyncio.run(measure(100_000, repeat=3)) + asyncio.run(measure(1_000_000))


if __name__ == "__main__":
    print(json.dumps([line.__dict__ for line in main()], indent=1))
