"""Only core/processes.py reads /proc, which macOS does not have, and everything works without it."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import processes
from server.store.embedded import EmbeddedPostgres, _is_postmaster_of

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "models", "matching", "realtime", "server", "migrations", "bench")
GUARDED = ROOT / "core/processes.py"


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """The strings that a module uses, that is, all but docstrings."""
    tree = ast.parse(path.read_text())
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


def test_only_one_module_names_proc() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path != GUARDED
        for line, text in texts(path)
        if "/proc/" in text or text == "/proc"
    ]

    assert found == []
    assert any("/proc" in text for _, text in texts(GUARDED)), "the rule looks for something that is not there"


def test_a_process_is_known_by_its_command() -> None:
    child = subprocess.Popen(["sh", "-c", "echo started; read end"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    found = processes.command_of(child.pid)
    child.communicate(b"end\n")

    assert found == "sh -c echo started; read end"
    assert processes.command_of(child.pid) == ""


def test_a_postmaster_is_distinguished_from_other_programs_and_other_folders(postgres: EmbeddedPostgres) -> None:
    assert postgres.process is not None
    pid = postgres.process.pid

    assert _is_postmaster_of(pid, postgres.cluster)
    assert not _is_postmaster_of(pid, postgres.cluster.parent)
    assert not _is_postmaster_of(os.getpid(), postgres.cluster)


WITHOUT_PROC = """
import subprocess, sys
from pathlib import Path
assert not Path("/proc/self").exists()
from core.settings import load
from core import processes
from server.store import limits
from server.store.embedded import _is_postmaster_of
from server.processes.hardening import keep_memory_private
from server.processes import engine, worker
keep_memory_private()
assert processes.data_bytes() > 10 * 1024 * 1024
assert not _is_postmaster_of(1, Path("/nowhere"))
settings = load({"TALLYROOM_ENGINE_MEMORY_MB": "128"})
limits.bound_file(settings, 1000)
try:
    bytearray(2 * 1024**3)
except MemoryError:
    print("bounded")
"""


@pytest.mark.long
def test_the_limits_of_engines_and_the_search_for_orphans_work_without_proc() -> None:
    """In a separate mount namespace, where an empty file system covers /proc."""
    script = f'mount -t tmpfs none /proc && exec "{sys.executable}" -c "$0"'
    command = ["unshare", "--mount", "sh", "-c", script, WITHOUT_PROC]
    may = (
        os.geteuid() == 0
        and subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/proc"], check=False, capture_output=True
        ).returncode
        == 0
    )
    if not may:
        pytest.skip("may not mount over /proc")

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip()) == (0, "bounded"), done.stderr
