"""Freed memory returns to the system."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.acceptance

# Frees one piece of 30 MB, which without the setting raises the threshold for keeping memory, and then others below a
# small piece.
_TAKE_AND_FREE = """
import sys
from pathlib import Path
from server.processes.memory import give_back
assert sys.argv[1] == "as it is" or give_back()
def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
before = resident_mb()
bytearray(30_000_000)
large = [bytearray(b"x") * 1_000_000 for _ in range(100)]
kept = bytearray(b"x") * 100_000
last = bytearray(b"x") * 1_000_000
del large
print(resident_mb() - before)
"""

# What is made of a large body: many small pieces, and among them some that stay.
_TAKE_MANY_AND_TRIM = """
import asyncio, sys
from pathlib import Path
from server.processes.memory import give_back, trim_forever
def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
async def main():
    due = asyncio.Event()
    if sys.argv[1] == "trimmed":
        trimming = asyncio.create_task(trim_forever(due, pause_s=0.01))
    before = resident_mb()
    small = [bytearray(2000) for _ in range(50_000)]
    kept = small[::500]
    del small
    due.set()
    for _ in range(500):
        await asyncio.sleep(0.01)
        if resident_mb() - before < 20 or sys.argv[1] != "trimmed":
            break
    print(resident_mb() - before)
give_back()
asyncio.run(main())
"""


def grown_mb(how: str, what: str = _TAKE_AND_FREE) -> float:
    """How much larger a process is after it has freed 100 MB."""
    found = subprocess.run([sys.executable, "-c", what, how], capture_output=True, text=True, check=True)
    return float(found.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_freed_memory_returns_to_the_system() -> None:
    assert grown_mb("as it is") > 50  # otherwise this test shows nothing
    assert grown_mb("given back") < 20


@pytest.mark.skipif(sys.platform != "linux", reason="a call of glibc")
def test_what_was_made_of_a_large_body_returns_to_the_system() -> None:
    assert grown_mb("as it is", _TAKE_MANY_AND_TRIM) > 50  # otherwise this test shows nothing
    assert grown_mb("trimmed", _TAKE_MANY_AND_TRIM) < 20
