"""What caused an exception and where it came from, for the log and to tell database failures from bugs."""

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
    """Whether the exception, or one that caused it, was raised by the database driver."""
    return any(
        isinstance(cause, (*_DRIVER, DBConnectionError, OperationalError)) or is_of_driver(cause)
        for cause in causes_of(error)
    )


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """
    An exception and its causes. An exception that merely happened before counts only for the database's own exceptions.
    """
    found: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if found is None:
            return
        yield found
        is_database = isinstance(found, (*_DRIVER, BaseORMException)) or is_of_driver(found)
        found = found.__cause__ or (found.__context__ if is_database else None)


def origin_of(problem: Problem) -> BaseException | None:
    """The exception that a problem was raised from or raised while handling, if there was one."""
    found: BaseException | None = problem.__cause__ or problem.__context__
    return None if found is None or isinstance(found, Problem) else found


def described(error: BaseException) -> dict[str, str]:
    """
    For the log: the exception's type, and the last place in our code it passed through. Never its text, which may quote
    input.
    """
    kinds = " < ".join(dict.fromkeys(type(cause).__name__ for cause in causes_of(error)))
    return {"error": kinds, "at": place_of(error)}


def place_of(error: BaseException) -> str:
    """`module:line` of the innermost frame in our code, or of the innermost frame if none is ours."""
    place = "unknown"
    for frame in _frames(error.__traceback__):
        code = frame.tb_frame.f_code
        is_ours = code.co_filename.startswith(ROOT) and not code.co_filename.startswith(sys.prefix)
        if is_ours or place == "unknown":
            place = f"{frame.tb_frame.f_globals.get('__name__', '?')}:{frame.tb_lineno}"
    return place


def is_of_driver(error: BaseException) -> bool:
    """Whether an exception of the operating system, or a timeout, came from the driver."""
    if not isinstance(error, OSError | TimeoutError):
        return False
    names = (str(frame.tb_frame.f_globals.get("__name__", "")) for frame in _frames(error.__traceback__))
    return any(name.partition(".")[0] == "asyncpg" for name in names)


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
