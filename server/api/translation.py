"""
What an exception means to a client.

Only exceptions from the database driver mean that the database does not answer. A FileNotFoundError or a TimeoutError
from our own code is a bug, and a bare 500.
"""

import asyncpg
from aiohttp import web
from tortoise.exceptions import DBConnectionError, OperationalError

from core import problems
from core.problems import Problem
from models.base import Row
from server.store.errors import causes_of, is_of_driver

_GONE = (
    DBConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection broke in the middle of a statement
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


def problem_of(error: BaseException) -> Problem:
    """The problem that stands for an exception, whether from the database or from a bug."""
    for cause in causes_of(error):
        if isinstance(cause, Problem):
            return cause
        if isinstance(
            cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError | asyncpg.SerializationError
        ):
            return problems.Busy()
        if isinstance(cause, asyncpg.QueryCanceledError):
            return problems.Busy("This takes too long. Ask for less, or use other filters.")
        if isinstance(cause, web.RequestPayloadError):
            return problems.InvalidJson("The body broke off or is malformed.")
        if isinstance(cause, asyncpg.DiskFullError):
            return problems.StorageFull()
        if isinstance(cause, asyncpg.DataError | asyncpg.CharacterNotInRepertoireError):
            return problems.Invalid("A value cannot be stored in the database.")
        if isinstance(cause, asyncpg.UniqueViolationError) and cause.table_name == "match_records":
            return problems.RecordInUse("Somebody else has just used one of these records. Load it again, then decide.")
        # A key of a resource is the caller's to choose. A key of an internal table, such as an event's number, is ours.
        if isinstance(cause, asyncpg.UniqueViolationError) and cause.table_name in _resources():
            return problems.Duplicate()
        if isinstance(cause, _GONE) or is_of_driver(cause):
            return problems.Unavailable()
    if isinstance(error, OperationalError) and "connection" in str(error).lower():
        return problems.Unavailable()
    return problems.Internal()


def _resources() -> set[str]:
    return {model._meta.db_table for model in Row.__subclasses__()}
