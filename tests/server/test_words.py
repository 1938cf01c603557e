"""What the command line says to people who read nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.acceptance


def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "server", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TALLYROOM_")}
    return subprocess.run(line, env=kept | environment, capture_output=True, text=True, check=False)


def test_without_the_bundled_database_a_command_says_how_to_start_it(tmp_path: Path) -> None:
    found = _run("audit", "verify", TALLYROOM_DATA_DIR=str(tmp_path / "nothing"))

    assert found.returncode == 1
    assert found.stderr.startswith("tallyroom: TALLYROOM_DATA_DIR: ")
    assert "`make run`" in found.stderr
    assert "DATABASE_URL" not in found.stderr  # nobody has set this variable
    assert found.stderr.count("\n") == 1


def test_the_help_names_the_command_as_the_guides_do() -> None:
    assert "Usage: tallyroom" in _run("--help").stdout
