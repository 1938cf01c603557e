"""
How much CPU, time and memory one file or one job may use. Beyond that it ends, with a problem that says what to change.
"""

import errno
import math
import os
import resource

from core.problems import FileRejected, Problem, TooLarge
from core.processes import data_bytes
from core.settings import Settings

BYTES_PER_SHARE = 16 * 1024**2  # a file gets its time once, and once more for each of these
# How much a process may grow: a base that each needs whatever it reads, plus multiples of TALLYROOM_ENGINE_MEMORY_MB,
# which is DuckDB's own limit. Besides that, a job holds both sides and its pairs (measured: 451 MB in total for 100,000
# x 98,936 records).
BASE_MB = 256
JOB_MEMORY, LOADER_MEMORY = 3, 2
_NO_MEMORY = ("bad_alloc", "Cannot allocate memory", "can't start new thread", "malloc of size", "out of memory")


def give_way(settings: Settings) -> None:
    """Let this process, which works in the background, wait for those that answer people."""
    os.nice(settings.engine_niceness)


def of_file(seconds: float, size_bytes: int) -> float:
    """The seconds that a file of this size may take when the setting is `seconds`."""
    return seconds * (1 + size_bytes / BYTES_PER_SHARE)


def bound_file(settings: Settings, size_bytes: int) -> None:
    """Limit this process, a loader: its CPU time (the kernel ends it with SIGXCPU) and its memory."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime + of_file(settings.load_cpu_s, size_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (_at_most(limit, hard), hard))
    _bound_memory(BASE_MB + LOADER_MEMORY * settings.engine_memory_mb)


def bound_job(settings: Settings) -> None:
    """Limit the memory of this process, which works on a job, suggests a plan, or compares two records."""
    _bound_memory(BASE_MB + JOB_MEMORY * settings.engine_memory_mb)


def is_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out. Each library says it differently."""
    import duckdb  # imported here: the worker asks this module for time limits only, and runs no queries with it

    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    return any(phrase in str(error) for phrase in _NO_MEMORY)


def lift_memory() -> None:
    """Lift the limit again, for a process that has run out of memory and only records why."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def file_took_too_long(settings: Settings, size_bytes: int) -> Problem:
    """The problem for a file that was given up because it took too long."""
    cpu_s, wall_s = (of_file(seconds, size_bytes) for seconds in (settings.load_cpu_s, settings.load_wall_s))
    return FileRejected(
        f"The file could not be read within {cpu_s:.0f} s of CPU time or {wall_s:.0f} s in total. Split it, or save it again "
        "in a simpler form, such as CSV. An administrator can raise TALLYROOM_LOAD_CPU_S and TALLYROOM_LOAD_WALL_S."
    )


def job_needs_too_much_memory(settings: Settings) -> Problem:
    """The problem for a job that was given up because it ran out of memory."""
    return TooLarge(
        f"The job needs more than {BASE_MB + JOB_MEMORY * settings.engine_memory_mb} MB of memory. Give each pass of the plan an "
        "equal field, or split the sources. An administrator can raise TALLYROOM_ENGINE_MEMORY_MB."
    )


def suggestion_needs_too_much_memory(settings: Settings) -> Problem:
    """The problem for a suggestion of a plan that was given up because it ran out of memory."""
    return TooLarge(
        f"Suggesting a plan for these sources needs more than {BASE_MB + JOB_MEMORY * settings.engine_memory_mb} MB of memory. "
        "Write the plan yourself, or have it suggested for a part of the rows. An administrator can raise TALLYROOM_ENGINE_MEMORY_MB."
    )


def job_took_too_long(settings: Settings) -> Problem:
    """The problem for a job that was given up because it took too long."""
    return TooLarge(
        f"The job did not finish within {settings.job_wall_s:.0f} s. Give each pass of the plan an equal field, or split the "
        "sources. An administrator can raise TALLYROOM_JOB_WALL_S."
    )


def _bound_memory(megabytes: int) -> None:
    """Limit memory, so that too much of it ends this process and not the machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = data_bytes() + megabytes * 1024**2
    resource.setrlimit(resource.RLIMIT_DATA, (_at_most(limit, hard), hard))


def _at_most(limit: int, hard: int) -> int:
    return limit if hard == resource.RLIM_INFINITY else min(limit, hard)
