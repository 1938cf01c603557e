"""What an exception was made of, and where it came from: for the log, and to tell the database's from a bug."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import asyncpg
from tortoise.exceptions import BaseORMException, DBConnectionError, OperationalError

from core.problems import Problem

ROOT = str(Path(__file__).resolve().parents[2])
MAX_CAUSES = 8
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_of_database(error: BaseException) -> bool:
    """Whether the database's driver raised it, or the exception that it was made of."""
    return any(
        isinstance(cause, (*_DRIVER, DBConnectionError, OperationalError)) or is_of_driver(cause)
        for cause in causes_of(error)
    )


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it was made of. What merely happened before it counts for the database's exceptions only."""
    found: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if found is None:
            return
        yield found
        is_database = isinstance(found, (*_DRIVER, BaseORMException)) or is_of_driver(found)
        found = found.__cause__ or (found.__context__ if is_database else None)


def origin_of(problem: Problem) -> BaseException | None:
    """The exception that a problem was made of, if it was: raised from it, or while it was handled."""
    found: BaseException | None = problem.__cause__ or problem.__context__
    return None if found is None or isinstance(found, Problem) else found


def described(error: BaseException) -> dict[str, str]:
    """For the log: the exception's type and the place in our code that it passed last. Never its text, which may quote."""
    kinds = " < ".join(dict.fromkeys(type(cause).__name__ for cause in causes_of(error)))
    return {"error": kinds, "at": place_of(error)}


def place_of(error: BaseException) -> str:
    """`module:line` of the innermost frame that is ours, or of the innermost at all."""
    place = "unknown"
    for frame in _frames(error.__traceback__):
        code = frame.tb_frame.f_code
        is_ours = code.co_filename.startswith(ROOT) and not code.co_filename.startswith(sys.prefix)
        if is_ours or place == "unknown":
            place = f"{frame.tb_frame.f_globals.get('__name__', '?')}:{frame.tb_lineno}"
    return place


def is_of_driver(error: BaseException) -> bool:
    """Whether an exception of the operating system or of a time limit came out of the driver."""
    if not isinstance(error, OSError | TimeoutError):
        return False
    names = (str(frame.tb_frame.f_globals.get("__name__", "")) for frame in _frames(error.__traceback__))
    return any(name.partition(".")[0] == "asyncpg" for name in names)


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
