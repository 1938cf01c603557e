"""One DuckDB for all tests: opening one, with the parsers, takes longer than most of what is done in it here."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from matching import duck
from matching.reading.values import install_macros


@functools.cache
def _database() -> duckdb.DuckDBPyConnection:
    found = duck.connect(threads=1)
    install_macros(found)
    return found


@contextmanager
def connected() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database with the parsers. What is made in it is gone at the end of the block."""
    connection = _database()
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")
