"""The engine as a library: two tables in, matches and what is left open out."""

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from matching import engine
from matching.faults import plan_of
from matching.plan import Plan
from matching.reading.apply import AMOUNT
from matching.results import MATCHES, Chunk, Finished, PassFinished, left_out, nothing_compared, too_little
from matching.suggest import suggest
from matching.summary import Tally, money_table, roles_of, side_of, summed


class ArrowStream(Protocol):
    """What pandas, Polars, DuckDB and others call a table that can be read as a stream of Arrow batches."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule with the stream."""


class DataFrame(Protocol):
    """A table with the older protocol for exchanging data frames."""

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> object:
        """The table for exchange."""


Tabular: TypeAlias = pa.Table | ArrowStream | DataFrame


@dataclass(frozen=True)
class Reconciliation:
    """
    What `reconcile` found. Rows are numbered from 0, as in the tables that were given.

    `matches` has a row for each match: `pass`, `left` and `right` (lists of rows), `status` (confirmed or suggested),
    `score` and `margin` in bits, `margin_kind`, `ambiguity`, `group`, `difference`, and as JSON `fields` and `runner_up`.
    `reported` has the same for passes that only report.
    """

    plan: Plan
    matches: pa.Table
    reported: pa.Table
    open_left: pa.Table  # the rows of the left table without a match, with their numbers as `row`
    open_right: pa.Table
    passes: list[PassFinished]
    left: dict[str, Any]  # counts, and sums per currency: confirmed + suggested + open = total
    right: dict[str, Any]
    _tally: Tally = field(repr=False)

    @property
    def notes(self) -> list[str]:
        """What people should know about the passes, such as how many pairs were left out for their number."""
        notes = [
            note
            for step in self.passes
            for note in (
                left_out(step.pass_name, step.skipped_blocks, step.skipped_pairs),
                too_little(step.pass_name, step.matches + step.reported, step.too_little),
            )
        ]
        return [note for note in (*notes, nothing_compared(self.passes)) if note is not None]

    def __str__(self) -> str:
        """The summary as a table, with the notes."""
        table = money_table({"left": self.left, "right": self.right}, self._tally)
        return "\n".join((table.rstrip("\n"), *self.notes))


def reconcile(
    left: Tabular,
    right: Tabular,
    plan: Plan | dict[str, Any] | str | Path | None = None,
    *,
    options: engine.Options | None = None,
) -> Reconciliation:
    """
    Match two tables.

    Args:
        left, right: Arrow tables, pandas or Polars frames, or whatever else can be read as a stream of Arrow batches.
        plan: a plan, its document, or the path of a file with it; without it, one is suggested.
        options: how to run; none of it changes what is found.

    Raises: PlanInvalid when the plan does not fit the tables, or nothing in them can be compared.
    """
    tables = table_of(left), table_of(right)
    chosen = suggest(*tables) if plan is None else plan_of(plan)
    tally = Tally.of(*tables)
    chunks: list[pa.Table] = []
    reports: list[pa.Table] = []
    open_rows = (pa.array([], pa.int64()), pa.array([], pa.int64()))
    for item in engine.run(*tables, chosen, options=options or engine.Options()):
        tally.add(item)
        if isinstance(item, Chunk):
            (reports if item.is_reported else chunks).append(_named(item))
        elif isinstance(item, Finished):
            open_rows = pa.array(item.unmatched_left), pa.array(item.unmatched_right)
    sides = []
    for table, name, states in zip(tables, ("left", "right"), tally.states, strict=True):
        sides.append(side_of(*summed(table, roles_of(chosen, name)), states))
    return Reconciliation(
        plan=chosen,
        matches=_together(chunks),
        reported=_together(reports),
        open_left=_open(tables[0], open_rows[0]),
        open_right=_open(tables[1], open_rows[1]),
        passes=tally.passes,
        left=sides[0],
        right=sides[1],
        _tally=tally,
    )


def table_of(given: Tabular) -> pa.Table:
    """
    A table as the engine reads it: dates as days, decimals, and everything else as texts, like the cells of a file.

    A float becomes the shortest decimal that is read back as the same float, so 0.1 is 0.1, with at most nine decimals, so
    0.1 + 0.2 is 0.3. Lists and structs become JSON.

    Raises: ValueError if columns have the same name, or decimals are too long.
    """
    table = _arrow(given)
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"the table has several columns with the name {twice[0]!r}; give each its own")
    return pa.table({name: _column(name, table[name]) for name in names})


def _arrow(given: Tabular) -> pa.Table:
    if isinstance(given, pa.Table):
        return given
    if hasattr(given, "__arrow_c_stream__"):
        return pa.table(given)
    if hasattr(given, "__dataframe__"):
        from pyarrow.interchange import from_dataframe

        return from_dataframe(given)
    raise TypeError(f"{type(given).__name__} is not a table; give an Arrow table, or a pandas or Polars frame")


def _column(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _column(name, column.cast(kind.value_type))
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        return column.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False).cast(pa.date32(), safe=False)
    if pa.types.is_decimal(kind):
        return _decimals(name, column)
    if pa.types.is_floating(kind):
        values = column.to_numpy(zero_copy_only=False)
        texts = [None if value is None or np.isnan(value) else _written(value) for value in values]
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_nested(kind):
        found = [None if value is None else json.dumps(value, default=str) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(found, pa.string())])
    if pa.types.is_date32(kind) or pa.types.is_string(kind):
        return column
    return column.cast(pa.string())


def _decimals(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(AMOUNT)
    except pa.ArrowInvalid:
        values = column.to_pylist()
    most = Decimal(10) ** (AMOUNT.precision - AMOUNT.scale)
    row = next(
        (n for n, v in enumerate(values) if v is not None and (abs(v) >= most or v != round(v, AMOUNT.scale))), None
    )
    raise ValueError(
        f"the column {name!r} has a decimal of more than {AMOUNT.scale} decimals, or too large, in row {row}: "
        f"{None if row is None else values[row]}; round it first"
    )


def _written(value: np.floating[Any]) -> str:
    """A float without an exponent, in at most nine decimals; one that is not finite as it is called."""
    if not np.isfinite(value):
        return str(value)
    text = np.format_float_positional(value, unique=True, trim="-")
    if len(text.partition(".")[2]) <= AMOUNT.scale:
        return text
    # What an addition leaves behind the fifteenth digit is no decimal that anybody has written.
    exact = Decimal(np.format_float_positional(value, precision=15, unique=False, fractional=False, trim="-"))
    return f"{round(exact, AMOUNT.scale).normalize():f}"


def _named(chunk: Chunk) -> pa.Table:
    """The matches of a chunk, with the name of their pass."""
    return chunk.matches.add_column(0, "pass", pa.repeat(chunk.pass_name, chunk.matches.num_rows))


def _together(chunks: list[pa.Table]) -> pa.Table:
    empty = MATCHES.insert(0, pa.field("pass", pa.string())).empty_table()
    return pa.concat_tables([empty, *chunks])


def _open(table: pa.Table, rows: pa.Array) -> pa.Table:
    """Some rows of a table, with their numbers."""
    name = "row"
    while name in table.column_names:
        name += "_"
    return table.take(rows).add_column(0, name, rows.cast(pa.int64()))
