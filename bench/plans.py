"""
The plans of the list queries at 1,000,000 records: the test from tests/record, at the size that the benchmarks state.
"""

import os
import subprocess
import sys

from bench.report import Line
from bench.stack import ROOT

ROWS = 1_000_000


def main() -> list[Line]:
    """Run the test, and print its output if it fails."""
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "tests/record/test_plans_of_queries.py"],
        cwd=ROOT,
        env={**os.environ, "TALLYROOM_TEST_ROWS": str(ROWS)},
        check=False,
        capture_output=True,
        text=True,
    )
    holds = found.returncode == 0
    if not holds:
        print(found.stdout)
    what = f"plans of all filters and sorts of records at {ROWS:,} rows"
    return [Line(what, "indexes" if holds else "a scan", "no sequential scan, no large sort", "", holds)]
