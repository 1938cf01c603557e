"""The only place where a DuckDB connection is made."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_opening = threading.Lock()


def connect(**config: Any) -> duckdb.DuckDBPyConnection:
    """
    Open an empty database in memory.

    In a process whose main module has no file, such as a forked worker, DuckDB assumes an interactive prompt and would
    draw a progress bar between the lines of the log.
    """
    import duckdb  # imported here: most files are looked at without a query, and it takes as long as all of pyarrow

    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET enable_progress_bar = false")  # not available as a configuration option
    return connection


def scratch() -> duckdb.DuckDBPyConnection:
    """
    A connection to a database that this process keeps, for a query that needs no database of its own.

    It has one thread. Opening a database takes 15 ms of computing, and such a connection nearly none. No other connection
    sees what the query registers, nor temporary tables and views.
    """
    with _opening:
        connection = _kept().cursor()
    connection.execute("SET enable_progress_bar = false")
    return connection


@functools.cache
def _kept() -> duckdb.DuckDBPyConnection:
    return connect(threads=1)
