"""A short run of chaos over real processes. `make chaos` lets it last."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.chaos.run import new_seed

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.acceptance
SECONDS = 5


@pytest.mark.timeout(240)
async def test_every_client_has_what_the_database_has_after_everything_went_wrong() -> None:
    # Tortoise keeps its configuration per process, and this one has the database of the other tests.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos", "--small", "--seconds", str(SECONDS), "--seed", str(new_seed())),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'client'}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()

    assert process.returncode == 0, output.decode()[-4000:]
