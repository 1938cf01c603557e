"""
Samples of two tables as vectors, which `suggest` compares columns by.

A sample has the rows with the smallest content hashes, in that order, so that the order of the input rows cannot affect
a plan.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from matching.content import hashes_of
from matching.normalise import free_name, quoted
from matching.plan import Extracted, distinct_names
from matching.reading.values import ColumnProfile, amount_sql, date_sql, profiles_of

SAMPLE = 50_000
PROFILED = 10_000  # rows that determine a column's type, by a nine-tenths majority
DENSE = 0.5  # a running number must use at least this share of the integers between its least and its greatest
SELECTIVE = 0.9  # distinct values per filled row, for a column that identifies single rows

ONE_LENGTH = 0.95  # share of whole numbers with as many digits as most
SHORTEST = 4  # digits of such numbers
FEWEST = 100  # of them; as many amounts have different lengths

MOSTLY = 0.8  # share of an identifier's values that have a digit

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]  # equal if the values are equal, and 0 if there is no value
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class SampleColumn:
    """A column, and what its values in the sample are. `distinct` and `filled` count rows of the sample."""

    name: str
    kind: str  # amount | number | date | code | text | empty
    profile: ColumnProfile | None  # for text columns; typed ones have none
    distinct: int
    filled: int
    is_running: bool  # it numbers each row in turn, so it says where a row is, not what it is about
    is_code: bool  # its values have digits, and few words
    is_id: bool  # its values are single words, mostly with digits, and different in every row
    is_of_one_length: bool = False  # its values are whole numbers of as many digits, such as postal codes and years

    @property
    def is_selective(self) -> bool:
        """Whether most values identify one row."""
        return self.distinct >= SELECTIVE * max(self.filled, 1)


class Sample:
    """One side: its columns, and their values as vectors over the rows of the sample."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str, whole: pa.Table) -> None:
        self.connection = connection
        self.name = name
        table = whole.select(distinct_names(whole.column_names))
        self._order = free_name("_h_", table.column_names)
        self.rate = min(1.0, SAMPLE / max(whole.num_rows, 1))
        self.rows = sampled = min(whole.num_rows, SAMPLE)
        connection.register("input", in_order(table).append_column(self._order, pa.array(range(sampled), pa.int32())))
        try:
            connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM input")
        finally:
            connection.unregister("input")
        self._vectors: dict[tuple[str, ...], Floats | Hashes] = {}
        self._texts: dict[str, pa.Array] = {}
        profiles = self._profiles([field.name for field in table.schema if not _is_typed(field.type)])
        self.columns = [self._column(field, profiles.get(field.name)) for field in table.schema]

    def column(self, name: str | None) -> SampleColumn | None:
        """The column with a name, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    def amounts(self, column: SampleColumn) -> Floats:
        """
        Read a column as amounts, in the units it is written in.

        Returns: shape (rows,), NaN if there is no amount. Equal amounts are equal here too; amounts that differ only
        beyond the 15th digit may also be.
        """
        value = quoted(column.name)
        if column.profile is not None:
            value = amount_sql(value, column.profile.decimal or ".")
        return self._floats(("amount", column.name), f"({value})::DOUBLE")

    def days(self, column: SampleColumn) -> Floats:
        """Read a column as days since 1970-01-01. Returns: shape (rows,), NaN if there is no date."""
        value = quoted(column.name)
        if column.profile is not None:
            value = date_sql(value, column.profile.date_order or "ymd")
        return self._floats(("days", column.name), f"epoch({value}) / 86400")

    def codes(self, name: str, pattern: str | None = None) -> Hashes:
        """
        Hash each value's letters and digits, in upper case and without accents.

        Args:
            pattern: a regular expression (RE2); only what it finds in each value is hashed.

        Returns: shape (rows,), 64 bits each, 0 if there is no value. Among 50,000 values, two share a hash in one of 15
        billion samples.

        Raises: duckdb.Error if RE2 does not accept the pattern.
        """
        return self._hashes(("code", name, pattern or ""), _clean(name, pattern))

    def numbers(self, name: str, pattern: str | None = None) -> Floats:
        """
        Read the integer of up to 15 digits at the end of each value. `pattern` is as for `codes`.

        Returns: shape (rows,), exact; NaN if a value does not end in a digit.
        """
        digits = f"try_cast(regexp_extract({_clean(name, pattern)}, '[0-9]{{1,15}}$') AS DOUBLE)"
        return self._floats(("number", name, pattern or ""), digits)

    def stems(self, name: str, pattern: str | None = None) -> Hashes:
        """Hash what precedes the number at the end of each value. Arguments and result are as for `codes`."""
        stem = f"regexp_replace({_clean(name, pattern)}, '[0-9]{{1,15}}$', '')"
        return self._hashes(("stem", name, pattern or ""), stem)

    def texts(self, name: str) -> pa.Array:
        """Read a column as lower-case texts. Returns: one per row, null if there is none."""
        if name not in self._texts:
            sql = f"SELECT lower({quoted(name)}::VARCHAR) AS v FROM {self.name} ORDER BY {self._order}"
            self._texts[name] = self.connection.sql(sql).to_arrow_table()["v"].combine_chunks()
        return self._texts[name]

    def _floats(self, key: tuple[str, ...], sql: str) -> Floats:
        if key not in self._vectors:
            found = self._fetch(f"coalesce({sql}, 'nan'::DOUBLE)")
            self._vectors[key] = np.asarray(found, dtype=np.float64)
        return self._vectors[key]  # type: ignore[return-value]  # decided by the key's first word

    def _hashes(self, key: tuple[str, ...], sql: str) -> Hashes:
        if key not in self._vectors:
            found = self._fetch(f"CASE WHEN ({sql}) IS NULL THEN 0::UBIGINT ELSE hash({sql}) END")
            self._vectors[key] = np.asarray(found, dtype=np.uint64)
        return self._vectors[key]  # type: ignore[return-value]  # decided by the key's first word

    def _fetch(self, sql: str) -> NDArray[np.generic]:
        found = self.connection.execute(f"SELECT {sql} AS v FROM {self.name} ORDER BY {self._order}").fetchnumpy()["v"]
        return np.asarray(found)

    def _profiles(self, names: list[str]) -> dict[str, ColumnProfile]:
        """The profiles of the text columns, in one query, because compiling it takes most of its time."""
        if not names:
            return {}
        values = ", ".join(f"{quoted(name)}::VARCHAR AS {quoted(name)}" for name in names)
        sql = f"SELECT {values} FROM {self.name} ORDER BY {self._order} LIMIT {PROFILED}"
        return dict(zip(names, profiles_of(self.connection.sql(sql).to_arrow_table()), strict=True))

    def _column(self, field: pa.Field, profile: ColumnProfile | None) -> SampleColumn:
        name = quoted(field.name)
        filled, distinct = self.connection.execute(
            f"SELECT count({name}), count(DISTINCT {name}) FROM {self.name}"
        ).fetchall()[0]
        if profile is None:
            kind = "date" if pa.types.is_date(field.type) else "amount"
            return SampleColumn(field.name, kind, None, distinct, filled, False, False, False)
        digits, words, word = self.connection.execute(
            f"SELECT avg(regexp_matches(v, '[0-9]')::INTEGER), avg((length(v) - length(replace(v, ' ', '')) <= 2)::INTEGER), "
            f"avg((NOT contains(v, ' '))::INTEGER) FROM (SELECT trim({name}::VARCHAR) AS v FROM {self.name}) WHERE v <> ''"
        ).fetchall()[0]
        is_code = profile.type in ("code", "text", "number") and (digits or 0) >= SELECTIVE and words >= SELECTIVE
        is_id = (digits or 0) >= MOSTLY and (word or 0) >= SELECTIVE and distinct >= SELECTIVE * max(filled, 1)
        is_running = is_code and is_id and self._is_running(field.name, distinct)
        is_of_one_length = profile.type == "number" and self._is_of_one_length(field.name)
        return SampleColumn(
            field.name, profile.type, profile, distinct, filled, is_running, is_code, is_id, is_of_one_length
        )

    def _is_of_one_length(self, name: str) -> bool:
        value = f"trim({quoted(name)}::VARCHAR)"
        rows = self.connection.execute(
            f"SELECT length({value}), count(*) FILTER (regexp_full_match({value}, '[1-9][0-9]*')), count(*) "
            f"FROM {self.name} WHERE {value} <> '' GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        filled = sum(n for _, _, n in rows)
        return bool(rows and rows[0][0] >= SHORTEST and rows[0][1] >= max(FEWEST, ONE_LENGTH * filled))

    def _is_running(self, name: str, distinct: int) -> bool:
        """
        Whether the values, after one common stem, are the integers of a range, as dense as a sample of a range would
        be.
        """
        numbers, stems = self.numbers(name), self.stems(name)
        known = ~np.isnan(numbers)
        if known.sum() < distinct or not known.any():
            return False
        _, counts = np.unique(stems[known], return_counts=True)
        span = float(numbers[known].max() - numbers[known].min() + 1)
        return bool(counts.max() >= SELECTIVE * known.sum() and distinct >= DENSE * self.rate * span)


def in_order(table: pa.Table) -> pa.Table:
    """The rows with the smallest hashes, in that order. Rows of one hash are equal, so it does not matter which is first."""
    hashes = hashes_of(table)
    rows = np.arange(len(hashes)) if len(hashes) <= SAMPLE else np.argpartition(hashes, SAMPLE)[:SAMPLE]
    return table.take(pa.array(rows[np.argsort(hashes[rows], kind="stable")]))


def _is_typed(type_: pa.DataType) -> bool:
    return bool(pa.types.is_decimal(type_) or pa.types.is_date(type_))


def _clean(name: str, pattern: str | None) -> str:
    value = f"{quoted(name)}::VARCHAR"
    if pattern is not None:
        value = f"nullif(regexp_extract({value}, '{pattern.replace(chr(39), chr(39) * 2)}'), '')"
    return f"nullif(upper(regexp_replace(strip_accents({value}), '[^A-Za-z0-9]', '', 'g')), '')"


def spec_parts(spec: str | Extracted) -> tuple[str, str | None]:
    """The column and the pattern of one side of a reference."""
    return (spec.from_, spec.extract) if isinstance(spec, Extracted) else (spec, None)
