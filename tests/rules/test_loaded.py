"""What a process loads: each start pays for it, and each test that starts one."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
# Of its engines, of the web process and of migrations. With them a worker took 1.15 s of CPU before its first task, now 0.61 s.
HEAVY = {"aerich", "aiohttp", "duckdb", "numpy", "pyarrow", "scipy", "socketio"}


def test_the_worker_loads_nothing_of_what_others_run() -> None:
    script = "import sys, server.__main__, server.processes.worker; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert HEAVY & set(done.stdout.split()) == set()
