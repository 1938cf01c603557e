"""The only place where a DuckDB connection is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb


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
