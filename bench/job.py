"""
A job of 100,000 x 100,000 rows: from POST to completed, and to the first match that can be reviewed, compared with the
bare engine.
"""

import asyncio
import csv
import subprocess
import sys
import time
from pathlib import Path

from bench.report import Line
from bench.rows import books
from bench.stack import ROOT, Caller, Stack
from matching import duck

COMPLETED_BAR_S = 20.0
FIRST_BAR_S = 5.0


async def measure(rows: int) -> list[Line]:
    """Run one job with the suggested rules. They are suggested beforehand, so that only the run is timed."""
    with Stack() as stack:
        async with Caller(stack) as caller:
            folder = Path(stack.folder.name)
            ledger, bank = books(folder, rows)
            left = await caller.until_ready((await caller.upload(ledger, "Ledger"))["id"])
            right = await caller.until_ready((await caller.upload(bank, "Bank"))["id"])
            sides = {"left_source": left["id"], "right_source": right["id"]}
            plan = await caller.post(f"/projects/{caller.project}/plans/suggest", sides)
            stored = await caller.post(
                f"/projects/{caller.project}/plans", {"name": "Bench", "document": plan["document"]}
            )
            completed_s, first_s, job = await _run(caller, {**sides, "plan": stored["id"]})
        engine_s = _engine(ledger, bank, folder)
        sql_s = _sql(ledger, bank)
    matches = job["counts"]["matches"]
    return [
        Line(
            f"job of {rows:,} x {job['counts']['right']:,} rows by rules, POST to completed ({matches:,} matches)",
            f"{completed_s:.1f} s",
            f"<= {COMPLETED_BAR_S:.0f} s",
            f"python -m matching on the same files: {engine_s:.1f} s; plain DuckDB join on reference and amount: {sql_s:.1f} s",
            completed_s <= COMPLETED_BAR_S,
        ),
        Line("first reviewable match", f"{first_s:.1f} s", f"<= {FIRST_BAR_S:.0f} s", "", first_s <= FIRST_BAR_S),
    ]


async def _run(caller: Caller, body: dict[str, str]) -> tuple[float, float, dict[str, object]]:
    began = time.perf_counter()
    job = await caller.post(f"/projects/{caller.project}/jobs", body)
    first_s = 0.0
    while True:
        job = await caller.get(f"/jobs/{job['id']}")
        if not first_s and (await caller.get(f"/jobs/{job['id']}/matches?limit=1"))["items"]:
            first_s = time.perf_counter() - began
        if job["status"] not in ("queued", "running"):
            assert job["status"] == "completed", job
            return time.perf_counter() - began, first_s, job
        await asyncio.sleep(0.05)


def _engine(ledger: Path, bank: Path, folder: Path) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "matching", str(ledger), str(bank), "--out", str(folder / "out")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with (folder / "out" / "matches.csv").open() as file:
        assert sum(1 for _ in csv.reader(file)) > 1
    return time.perf_counter() - began


def _sql(ledger: Path, bank: Path) -> float:
    """Run only the first pass, as somebody would write it in SQL: no assignment, no margins, no second pass."""
    began = time.perf_counter()
    found = (
        duck.connect()
        .sql(
            f"SELECT count(*) FROM read_csv('{ledger}', all_varchar=true) l JOIN read_csv('{bank}', delim=';', all_varchar=true) r "
            "ON regexp_extract(r.memo, 'INV-[0-9]+') = l.invoice_no "
            "AND replace(replace(r.credit, '.', ''), ',', '.')::DECIMAL(18,2) = l.amount::DECIMAL(18,2)"
        )
        .fetchall()
    )
    assert found[0][0] > 0
    return time.perf_counter() - began


def main() -> list[Line]:
    """Match 100,000 rows per side."""
    return asyncio.run(measure(100_000))
