"""The only place where a DuckDB connection is made."""

from typing import Any

import duckdb


def connect(**config: Any) -> duckdb.DuckDBPyConnection:
    """
    Open an empty database in memory.

    In a process whose main module has no file, such as a forked worker, DuckDB assumes an interactive prompt and would
    draw a progress bar between the lines of the log.
    """
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET enable_progress_bar = false")  # not available as a configuration option
    return connection
