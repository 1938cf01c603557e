"""Both sides of a run in DuckDB, and what is read of them more than once."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.money import NO_CURRENCY
from matching.cleaning import flat
from matching.content import order_of
from matching.plan import Comparison, Plan

Codes = NDArray[np.int32]
# If there are at least so many pairs for each different text of a side, most pairs of texts meet more than once.
REPEATED = 2


class Texts(NamedTuple):
    """A column of texts: the different ones, and the number of each row's text among them, -1 if it has none."""

    different: pa.Array
    codes: Codes


@dataclass(frozen=True)
class Sides:
    """Both sides in DuckDB, as `l` and `r` with the plan's fields (normalise.load), and how to read them."""

    connection: duckdb.DuckDBPyConnection
    plan: Plan
    sizes: tuple[int, int]  # total numbers of rows on both sides
    threads: int  # number of threads for comparing texts
    _known: dict[tuple[str, str, int], Texts | NDArray[np.int64]] = field(default_factory=dict, repr=False)
    _answers: dict[str, tuple[Any, ...]] = field(default_factory=dict, repr=False)
    _free: dict[str, int] = field(default_factory=dict, repr=False)

    def number(self, comparison: Comparison) -> int:
        """The number of the compared field, whose column is f<k>."""
        return list(self.plan.fields).index(comparison.field)

    def known(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query about all rows of a side, which never changes."""
        if sql not in self._answers:
            self._answers[sql] = self.connection.execute(sql).fetchall()[0]
        return self._answers[sql]

    def free(self, side: str) -> int:
        """How many rows of a side no match uses yet."""
        if side not in self._free:
            self._free[side] = self.connection.execute(f"SELECT count(*) FROM {side}_free").fetchall()[0][0]
        return self._free[side]

    def keep_free(self, side: str, rows: int) -> None:
        """Note how many rows of a side no match uses, so that they need not be counted."""
        self._free[side] = rows

    def texts(self, side: str, k: int) -> Texts:
        """The texts of field k, by position."""
        key = ("texts", side, k)
        if key not in self._known:
            found = column(self.connection, side, f"f{k}").dictionary_encode()
            codes = found.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            self._known[key] = Texts(found.dictionary, codes.astype(np.int32, copy=False))
        return self._known[key]  # type: ignore[return-value]  # decided by the key's first word

    def frequencies(self, side: str, k: int) -> NDArray[np.int64]:
        """
        For each position, how many rows of its side have the same value in field k, which an amount is only in the same
        currency; 0 if it has none. A row with an unknown currency may have any.
        """
        if not self._has_currencies(side, k):
            return self._equal_rows(side, k)
        key = ("frequencies", side, k)
        if key not in self._known:
            unknown = f"count(*) FILTER (c{k} = '{NO_CURRENCY}') OVER (PARTITION BY f{k})"
            any_code, same = (f"count(*) OVER (PARTITION BY f{k}{code})" for code in ("", f", c{k}"))
            count = f"CASE WHEN c{k} = '{NO_CURRENCY}' THEN {any_code} ELSE {same} + {unknown} END"
            sql = f"SELECT CASE WHEN f{k} IS NULL THEN 0 ELSE {count} END AS n FROM {side} ORDER BY i"
            self._known[key] = np.asarray(self.connection.execute(sql).fetchnumpy()["n"], dtype=np.int64)
        return self._known[key]  # type: ignore[return-value]  # decided by the key's first word

    def most_equal(self, side: str, k: int) -> int:
        """The most rows of a side that share a value of field k, in any currency."""
        return int(self._equal_rows(side, k).max(initial=0))

    def _equal_rows(self, side: str, k: int) -> NDArray[np.int64]:
        """
        For each position, how many rows have the same value; 0 if it has none.

        Values are told apart by 64 bits: among a million rows, two share them once in 30 million files.
        """
        key = ("equal rows", side, k)
        if key not in self._known:
            found = self.connection.execute(
                f"SELECT hash(f{k}) AS v, f{k} IS NULL AS is_missing FROM {side}"
            ).fetchnumpy()
            rows = counts(np.asarray(found["v"], dtype=np.uint64))
            rows[np.asarray(found["is_missing"], dtype=np.bool_)] = 0
            self._known[key] = rows
        return self._known[key]  # type: ignore[return-value]  # decided by the key's first word

    def _has_currencies(self, side: str, k: int) -> bool:
        """Whether field k has amounts of several currencies."""
        is_money = list(self.plan.fields.values())[k].type == "money"
        return is_money and bool(self.known(f"SELECT coalesce(min(c{k}) <> max(c{k}), false) FROM {side}")[0])


def column(connection: duckdb.DuckDBPyConnection, side: str, name: str) -> pa.Array:
    """
    Read a column of a side.

    Args:
        side: "l" or "r".
        name: f<k>, c<k> or o<k> of field k, as named by normalise.load.

    Returns: one value per row, ordered by position; null if there is none. The rows lie in this order (normalise.load),
    and DuckDB keeps it; sorting them again would take several times as long as reading them.
    """
    return flat(connection.sql(f"SELECT {name} AS v FROM {side}").to_arrow_table()["v"])


def combined(texts: tuple[Texts, Texts], left: Codes, right: Codes) -> tuple[Codes, Codes, NDArray[np.intp] | None]:
    """
    The different pairs of codes, and the place of each pair among them; None if they are the pairs themselves, since hardly
    any would meet again.
    """
    few = min(len(text.different) for text in texts)
    if REPEATED * few > len(left):
        return left, right, None
    width = max(len(texts[1].different), 1)
    keys = left.astype(np.int64) * width + right
    different, place = np.unique(keys, return_inverse=True)
    return (different // width).astype(np.int32), (different % width).astype(np.int32), place


def counts(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How often each value occurs, by row."""
    if not len(values):
        return np.zeros(0, np.int64)
    order = order_of(values)
    ordered = values[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    lengths = np.diff(np.append(starts, len(values)))
    found = np.empty(len(values), np.int64)
    found[order] = np.repeat(lengths, lengths)
    return found
