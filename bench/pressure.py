"""A large upload and a hostile one: how quickly the server still answers, and how much memory they take."""

import asyncio
import contextlib
import time
import zipfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import Line
from bench.rows import books
from bench.stack import Caller, Memory, Stack

ROWS = 1_800_000  # a little more than 100 MB
LIVE_BAR_MS = 100.0
MEMORY_BAR_MB = 150
BOMB_BYTES = 4 * 1024**3


async def measure() -> list[Line]:
    """
    Request `/health/live` twenty times a second, first idle, then while 100 MB are uploaded and loaded; then upload a
    zip bomb as XLSX.
    """
    with Stack() as stack:
        async with Caller(stack) as caller:
            folder = Path(stack.folder.name)
            ledger, _ = books(folder, ROWS)
            size_mb = ledger.stat().st_size / 1e6
            bomb = _bomb(folder / "bomb.xlsx")
            await asyncio.sleep(3)  # for the demo's own job
            idle = await _live_while(caller, asyncio.sleep(10))
            busy = await _live_while(caller, _load(caller, ledger))
            web, worker = Memory(stack, "serve"), Memory(stack, "worker")
            problem = await _refused(caller, bomb)
            web_mb, worker_mb = web.growth_mb(), worker.growth_mb()
    p50, p99 = np.percentile(busy, (50, 99))
    idle50, idle99 = np.percentile(idle, (50, 99))
    return [
        Line(
            f"/health/live while {size_mb:.0f} MB are uploaded and loaded ({len(busy):,} requests)",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {max(busy):.0f} ms",
            f"p99 <= {LIVE_BAR_MS:.0f} ms",
            f"idle: p50 {idle50:.1f} ms, p99 {idle99:.1f} ms",
            bool(p99 <= LIVE_BAR_MS),
        ),
        Line(
            f"peak growth of web, worker and loader by an XLSX that unpacks to {BOMB_BYTES >> 30} GiB ({problem})",
            f"{web_mb:.0f} MB, {worker_mb:.0f} MB",
            f"<= {MEMORY_BAR_MB} MB each",
            "",
            max(web_mb, worker_mb) <= MEMORY_BAR_MB,
        ),
    ]


async def _live_while(caller: Caller, work: Coroutine[Any, Any, None]) -> list[float]:
    """The milliseconds that each request takes while `work` runs."""
    task = asyncio.ensure_future(work)
    taken = []
    while not task.done():
        began = time.perf_counter()
        async with caller.session.get("/health/live") as response:
            await response.read()
            assert response.status == 200
        taken.append((time.perf_counter() - began) * 1000)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(task), 0.05)
    await task
    return taken


async def _load(caller: Caller, ledger: Path) -> None:
    source = await caller.upload(ledger, "Ledger")
    source = await caller.until_ready(source["id"])
    assert source["rows"]["loaded"] == ROWS


async def _refused(caller: Caller, bomb: Path) -> str:
    """Upload what must be refused. Returns: the problem's code."""
    try:
        source = await caller.upload(bomb, "Bomb")
    except RuntimeError as error:
        return str(error).split(":", 1)[0]
    while source["status"] == "loading":
        await asyncio.sleep(0.1)
        source = await caller.get(f"/sources/{source['id']}")
    assert source["status"] == "failed", source["status"]
    return str(source["problem"]["code"])


def _bomb(path: Path) -> Path:
    """A workbook with one sheet of a few MB that unpacks to BOMB_BYTES of cells."""
    row = b'<row><c t="inlineStr"><is><t>AAAAAAAA</t></is></c></row>' * 1000
    other = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="S" sheetId="1" r:id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in other.items():
            archive.writestr(name, text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            sheet.write(b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>')
            for _ in range(BOMB_BYTES // len(row)):
                sheet.write(row)
            sheet.write(b"</sheetData></worksheet>")
    return path


def main() -> list[Line]:
    """Run both measurements."""
    return asyncio.run(measure())
