"""`python -m matching read` of a million rows, compared with DuckDB's own typed read of the same CSV, as whole processes."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from bench.report import Line
from bench.stack import compiled

ROWS = 1_000_000
BAR = 4.0
NAMES = [f"{first} {last}" for first in ("Acme", "Nord", "Blue", "Rapid") for last in ("Ltd", "GmbH", "SA", "Inc")]
PEER = (
    "import sys; from duckdb import connect; path, date, mark = sys.argv[1:]; "
    "amount = 'DECIMAL(18,2)' if mark == '.' else 'VARCHAR'; "
    'connect().execute("CREATE TABLE t AS SELECT * FROM read_csv(?, dateformat = ?, '
    "types = {'Booking date': 'DATE', 'Amount': '\" + amount + \"'})\", [path, date])"
)


class Form(NamedTuple):
    """How a file is written: its delimiter, its dates, its decimal mark, and what stands around cells."""

    name: str
    delimiter: str = ","
    date: str = "%Y-%m-%d"
    mark: str = "."
    quote: str = ""


FORMS = (
    Form("plain"),
    Form("decimal commas", delimiter=";", date="%d.%m.%Y", mark=","),
    Form("day first", date="%d/%m/%Y"),
    Form("all cells quoted", quote='"'),
)


class Run(NamedTuple):
    """Seconds of a whole process."""

    wall: float
    cpu: float


def main(rows: int = ROWS, repeat: int = 3) -> list[Line]:
    """Read a file in each form, in turn with the peer. The best run of each counts."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            path = Path(folder) / "read.csv"
            path.write_text("".join(_lines(form, rows)), encoding="utf-8")
            ours, peers = [], []
            for _ in range(repeat):
                ours.append(_run("-m", "matching", "read", str(path), "--rows", "10"))
                peers.append(_run("-c", PEER, str(path), form.date, form.mark))
            lines.append(_line(form, rows, ours, peers))
    return lines


def _lines(form: Form, rows: int) -> Iterator[str]:
    first = date(2023, 1, 1)
    yield _joined(form, "Booking date", "Reference", "Amount", "Currency", "Counterparty", "Text")
    for row in range(rows):
        cents = row * 7_919 % 1_000_003 - 500_000
        amount = f"{cents / 100:.2f}".replace(".", form.mark)
        day = (first + timedelta(days=row * 700 // rows)).strftime(form.date)
        text = f"Payment for order {row * 104_729 % 9_999_991} thank you"
        yield _joined(form, day, f"INV-{row:07d}", amount, "EUR", NAMES[row * 31 % len(NAMES)], text)


def _joined(form: Form, *cells: str) -> str:
    return form.delimiter.join(f"{form.quote}{cell}{form.quote}" for cell in cells) + "\n"


def _run(*arguments: str) -> Run:
    before, began = os.times(), os.times().elapsed
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=compiled())
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(after.elapsed - began, cpu)


def _line(form: Form, rows: int, ours: list[Run], peers: list[Run]) -> Line:
    wall, cpu = _best(ours, lambda run: run.wall), _best(ours, lambda run: run.cpu)
    peer_wall, peer_cpu = _best(peers, lambda run: run.wall), _best(peers, lambda run: run.cpu)
    return Line(
        f"`python -m matching read` of {rows:,} rows, {form.name}",
        f"{wall:.1f} s (CPU {cpu:.1f} s)",
        f"<= {BAR:.0f} x DuckDB",
        f"DuckDB's typed read: {peer_wall:.1f} s (CPU {peer_cpu:.1f} s); ratio {wall / peer_wall:.1f}, of CPU {cpu / peer_cpu:.1f}",
        wall <= BAR * peer_wall,
    )


def _best(runs: list[Run], of: Callable[[Run], float]) -> float:
    return min(of(run) for run in runs)
