"""A process that the system cannot start now, for want of memory, processes or descriptors, is started as soon as it can."""

import asyncio
import sys
from pathlib import Path

import pytest

from server.processes import several, supervisor
from server.processes.several import WebProcesses
from server.processes.supervisor import Child
from tests.realtime.wire import until

pytestmark = pytest.mark.integration  # processes that live for a moment


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """What is started in the place of Python; it cannot be yet."""
    found = tmp_path / "program"
    monkeypatch.setattr(sys, "executable", str(found))
    for module in (several, supervisor):
        monkeypatch.setattr(module, "RESTART_DELAYS_S", (0.02,))
    return found


def appear(program: Path) -> None:
    program.write_text("#!/bin/sh\nexec sleep 60\n")
    program.chmod(0o755)


async def test_the_supervisor_goes_on_trying(program):
    child, stopping = Child("web", ("serve",)), asyncio.Event()
    keeping = asyncio.create_task(supervisor._keep(child, stopping))
    await asyncio.sleep(0.1)
    assert not keeping.done()
    assert child.process is None

    appear(program)
    await until(lambda: child.process is not None, 10)

    stopping.set()
    child.process.kill()
    await keeping


async def test_one_of_several_web_processes_goes_on_trying(program):
    webs = WebProcesses(1)
    keeping = asyncio.create_task(webs._keep(0))
    await asyncio.sleep(0.1)
    assert not keeping.done()
    await webs._roll()  # finds nothing to start either, and says so

    appear(program)
    await until(lambda: webs._current[0] is not None, 10)

    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await several._stop(webs._current[0])
