"""How databases in memory are opened: in one place, without a word of their own, and kept for small tables."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matching.reading.values import prepared

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]

# A process that runs a string has no file, like a forked worker, and DuckDB takes it for an interactive one.
_ASK = """
from matching import duck
from matching.reading.values import connection
for found in (duck.connect(), duck.connect(threads=2), duck.scratch(), connection()):
    print(found.execute("SELECT current_setting('enable_progress_bar')").fetchone()[0])
"""


def test_no_connection_draws_a_progress_bar():
    done = subprocess.run([sys.executable, "-c", _ASK], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False"] * 4


def test_connections_are_made_in_one_place():
    folders = ("bench", "core", "matching", "models", "realtime", "server")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]

    made = [path for path in files if re.search(r"duckdb\.(connect|sql|query|execute)\(", path.read_text())]

    assert made == [ROOT / "matching" / "duck.py"]


@pytest.mark.integration
def test_connections_to_the_kept_database_see_nothing_of_each_other():
    def ask(number: int) -> list[tuple[int, bool]]:
        connection = prepared(1)
        try:
            connection.execute(
                f"CREATE TEMP TABLE l AS SELECT {number} AS i, date_dmy('13.01.2026') IS NOT NULL AS known"
            )
            return connection.execute("SELECT * FROM l").fetchall()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(40)))

    assert found == [[(number, True)] for number in range(40)]
