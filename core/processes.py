"""
What the system knows about processes. This is the only place that reads /proc, which macOS does not have.

Without /proc the answer comes from what every system has: getrusage and the program ps.
"""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

import psutil

PROC = Path("/proc")


def data_bytes() -> int:
    """
    This process's private memory, as RLIMIT_DATA counts it. Without /proc, its peak resident size, which comes close.
    """
    try:
        for line in (PROC / "self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, other systems kibibytes


def command_of(pid: int) -> str:
    """The command line of a process, its words separated by spaces. Empty if there is no such process."""
    if (PROC / "self").exists():
        try:
            return (PROC / f"{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    try:
        done = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, check=False)  # noqa: S607 - wherever ps is installed
    except FileNotFoundError:
        return ""
    return done.stdout.decode(errors="replace").strip()


def commands_of_children(pid: int) -> list[str]:
    """The command lines of a process's children, as far as they can be read."""
    found = []
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(pid).children():
            with contextlib.suppress(psutil.Error):
                found.append(" ".join(child.cmdline()))
    return found


def cpu_s(pid: int) -> float:
    """
    The CPU seconds of the threads that a process has. Linux counts them in nanoseconds; elsewhere those of the whole process
    so far, in hundredths. Raises: psutil.NoSuchProcess.
    """
    threads = list((PROC / f"{pid}/task").glob("*/schedstat"))
    if not threads:
        return float(sum(psutil.Process(pid).cpu_times()[:2]))
    found = 0
    for thread in threads:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found += int(thread.read_text().split()[0])
    return found / 1e9
