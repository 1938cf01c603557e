"""The plans of the listed queries at 1,000,000 records: the test of tests/record, at the size that the numbers are of."""

import os
import subprocess
import sys

from bench.report import Line
from bench.stack import ROOT

ROWS = 1_000_000


def main() -> list[Line]:
    """Runs the test; what it finds is printed where it fails."""
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
