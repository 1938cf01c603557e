"""DuckDB writes nothing of its own to a process's output."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
