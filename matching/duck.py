"""The one place where a DuckDB connection is made."""

from typing import Any

import duckdb


def connect(**config: Any) -> duckdb.DuckDBPyConnection:
    """
    An empty database in memory.

    DuckDB takes a process whose main module has no file, such as a forked worker, for somebody's prompt, and draws a
    progress bar into its output: between the lines of the log.
    """
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET enable_progress_bar = false")  # which is no part of the configuration
    return connection
