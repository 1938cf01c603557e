"""What a process loads to read a file."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

FILE = "Date,Reference,Amount,Currency,Name\n" + "".join(
    f"2024-01-{n % 28 + 1:02},INV-{n:04},{n}.50,EUR,Acme\n" for n in range(100)
)
READ = """
import sys
from matching.reading import command
assert command.main(sys.argv[1:]) == 0
print(*(name for name in ("duckdb", "pyarrow.parquet") if name in sys.modules))
"""


def run(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()[-1]


def test_a_usual_file_is_read_without_duckdb(tmp_path):
    path = tmp_path / "usual.csv"
    path.write_text(FILE)

    assert run(READ, str(path)) == ""
