"""
Normalises each field on both sides: cleaned text, extracted references, exact money with its currency, real dates.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import CURRENCIES, MAX_DECIMALS, NO_CURRENCY, exponent
from matching import cleaning
from matching.cleaning import flat, is_cleanable
from matching.content import hashes_of, order_of
from matching.plan import Column, Constant, Extracted, Plan, PlanField, PlanInvalid, Signed, column_of
from matching.reading.values import PLAIN_AMOUNT, ColumnProfile, all_match, amount_sql, date_sql, profile_column


@dataclass(frozen=True)
class Side:
    """
    A side in DuckDB: `name` has the columns i (position by content), _row_ (in the input), and those of each
    field.
    """

    name: str
    rows: int
    order: NDArray[np.int64]  # the input row at each position


def quoted(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def free_name(name: str, taken: list[str]) -> str:
    """The name, made longer if a column already has it. SQL does not distinguish upper and lower case."""
    folded = {column.casefold() for column in taken}
    while name in folded:
        name += "_"
    return name


def load(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    table: pa.Table,
    plan: Plan,
    shown: pa.Table | None = None,
    *,
    keeps_texts: bool = True,
) -> Side:
    """
    Create `name`, a view of table `name`_rows, with a side's fields: f<k> is the value to compare, c<k> the currency of a
    money field, n<k> the length of a text. The connection has the parsers (values.install_macros).

    Rows are ordered by the hash of their content, then by occurrence, so that the order of the input rows cannot affect
    the result. `o<k>` is the value as it is shown: an amount as it was loaded, if `shown` has a column of its name with
    the text. It is computed when it is asked for, where it follows from the value. Without `keeps_texts`, texts are not
    kept as they were: that is a third of what is stored, and only explanations, sums and probabilistic passes need them.
    """
    side = "left" if name == "l" else "right"
    given = table
    texts: dict[str, str] = {}
    if shown is not None:
        for column in shown.column_names:
            texts[column] = free_name("_shown_", given.column_names)
            given = given.append_column(texts[column], shown[column])
    made: list[_Made] = []
    for k, (field_name, field) in enumerate(plan.fields.items()):
        cell = _Cell(k, field_name, field, side, table)
        if field.type in ("reference", "code", "text"):
            original, clean = _cleaned(connection, cell)
            lengths = pc.fill_null(pc.utf8_length(original), 0).cast(pa.int32())
            made += [_Made(f"f{k}", "", array=clean), _Made(f"n{k}", "", array=lengths)]
            made += [_Made(f"o{k}", "", array=original)] if keeps_texts else []
        else:
            made += _field_sql(cell, texts)
    order = order_of(hashes_of(table))
    _store(connection, name, given, made, order)
    viewed = [one.name if one.is_stored else f"{one.sql} AS {one.name}" for one in made]
    connection.execute(f"CREATE TEMP VIEW {name} AS SELECT i, _row_, {', '.join(viewed)} FROM {name}_rows")
    return Side(name, table.num_rows, order)


def _store(
    connection: duckdb.DuckDBPyConnection, name: str, given: pa.Table, made: list["_Made"], order: NDArray[np.int64]
) -> None:
    """
    Create the table of what is stored, with its rows in this order. Arrow takes rows in half the time in which
    DuckDB sorts them, since it moves each column by itself.
    """
    columns: dict[str, pa.Array] = {"i": pa.array(np.arange(len(order), dtype=np.int32)), "_row_": pa.array(order)}
    stored = {one.name: one.array for one in made if one.is_stored}
    queries = [f"{one.sql} AS {one.name}" for one in made if one.is_stored and one.array is None]
    if queries:
        connection.register("input", given)
        try:
            found = connection.sql(f"SELECT {', '.join(queries)} FROM input").to_arrow_table()
        finally:
            connection.unregister("input")
        stored |= {column: flat(found[column]) for column in found.column_names}
    columns |= {column: array.take(columns["_row_"]) for column, array in stored.items() if array is not None}
    connection.register("ordered", pa.table(columns))
    try:
        connection.execute(f"CREATE TEMP TABLE {name}_rows AS SELECT * FROM ordered")
    finally:
        connection.unregister("ordered")


@dataclass(frozen=True)
class _Made:
    """
    A column: an array, or else an expression over the input, or over the stored columns when it is asked for.
    """

    name: str
    sql: str
    is_stored: bool = True
    array: pa.Array | None = None


@dataclass(frozen=True)
class _Cell:
    """A field on one side, and the table column it comes from."""

    k: int  # number of the field
    name: str
    field: PlanField
    side: str
    table: pa.Table

    @property
    def spec(self) -> Column:
        """The plan's reference to the column."""
        spec: Column = getattr(self.field, self.side)
        return spec

    @property
    def column(self) -> str:
        """The column's name."""
        return column_of(self.spec)

    @property
    def kind(self) -> pa.DataType:
        """The column's type."""
        return self.table.schema.field(self.column).type

    def profile(self) -> ColumnProfile:
        """The profile of the column, as text."""
        return profile_column(self.column, self.table[self.column].cast(pa.string()))


def _field_sql(cell: _Cell, texts: dict[str, str]) -> list[_Made]:
    """The columns of a field that is no text."""
    k, field, kind = cell.k, cell.field, cell.kind
    value = quoted(cell.column)
    shown = _Made(f"o{k}", f"{value}::VARCHAR")
    if field.type == "money":
        spec = getattr(field.currency, cell.side) if field.currency else None
        # One currency for all rows is a constant, which takes no memory.
        names_it = spec in (None, cell.column) and _names_currencies(cell)
        sql = f"coalesce(currency_in({value}), '{NO_CURRENCY}')" if names_it else _currency_sql(field, cell.side)
        currency = _Made(f"c{k}", sql, is_stored=isinstance(spec, str) or names_it)
        is_ready = pa.types.is_decimal128(kind) and (kind.precision, kind.scale) == (38, MAX_DECIMALS)
        is_negated = isinstance(cell.spec, Signed) and cell.spec.negate
        ready = flat(cell.table[cell.column]) if is_ready and not is_negated else None
        return [_Made(f"f{k}", _money_sql(cell), array=ready), _shown_amount(cell, texts.get(cell.column)), currency]
    if field.type == "date":
        if pa.types.is_date(kind):
            ready = flat(cell.table[cell.column]) if pa.types.is_date32(kind) else None
            shown = _Made(f"o{k}", f"f{k}::VARCHAR", is_stored=False)
            return [_Made(f"f{k}", f"{value}::DATE", array=ready), shown]
        if pa.types.is_timestamp(kind):
            return [_Made(f"f{k}", f"{value}::DATE"), shown]
        return [_Made(f"f{k}", date_sql(value, cell.profile().date_order or "ymd")), shown]
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    number = amount_sql(value, cell.profile().decimal or ".") if is_text else value
    return [_Made(f"f{k}", f"({number})::DOUBLE"), shown]


def _cleaned(connection: duckdb.DuckDBPyConnection, cell: _Cell) -> tuple[pa.Array, pa.Array]:
    """The texts of a field, and what is compared of them."""
    column = cell.table[cell.column]
    texts = flat(column) if is_cleanable(cell.kind) else None
    if texts is None or isinstance(cell.spec, Extracted):
        value = "v::VARCHAR"
        if isinstance(cell.spec, Extracted):
            pattern = cell.spec.extract.replace("'", "''")
            value = f"nullif(regexp_extract({value}, '{pattern}'), '')"
        connection.register("whole", pa.table({"v": column}))
        try:
            texts = flat(connection.sql(f"SELECT {value} AS v FROM whole").to_arrow_table()["v"])
        finally:
            connection.unregister("whole")
    return texts, (cleaning.words if cell.field.type == "text" else cleaning.codes)(connection, texts)


def _money_sql(cell: _Cell) -> str:
    kind, value = cell.kind, quoted(cell.column)
    sign = "-" if isinstance(cell.spec, Signed) and cell.spec.negate else ""
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        return f"{sign}({value}::DECIMAL(38,9))"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"{sign}({amount_sql(value, cell.profile().decimal or '.')})"
    fault = (f"/fields/{cell.name}/{cell.side}", "invalid_plan", f"the column {cell.column!r} does not contain amounts")
    raise PlanInvalid([fault])


def _shown_amount(cell: _Cell, text: str | None) -> _Made:
    """An amount as it was loaded. If that is unknown, it gets its currency's decimals and any further ones it has."""
    k, kind, value = cell.k, cell.kind, quoted(cell.column)
    if not pa.types.is_decimal(kind) or kind.scale != MAX_DECIMALS:
        padded = f"{value}::VARCHAR"
        return _Made(f"o{k}", padded if text is None else f"coalesce({quoted(text)}, {padded})")
    is_negated = isinstance(cell.spec, Signed) and cell.spec.negate
    # What follows from the stored amount need not be stored, and most rows are never shown.
    is_stored = text is not None
    amount = value if is_stored else f"-f{k}" if is_negated else f"f{k}"
    code = getattr(cell.field.currency, cell.side) if cell.field.currency else None
    currency = f"c{k}" if not is_stored and isinstance(code, str) else _currency_sql(cell.field, cell.side)
    padded = f"({amount})::VARCHAR"
    none, three = (
        ", ".join(f"'{code}'" for code in sorted(CURRENCIES) if exponent(code) == digits) for digits in (0, 3)
    )
    # Everything up to the point, the point itself, and the decimals of the minor unit.
    least = f"strpos({padded}, '.') + CASE WHEN {currency} IN ({none}) THEN -1 WHEN {currency} IN ({three}) THEN 3 ELSE 2 END"
    padded = f"left({padded}, greatest(length(rtrim(rtrim({padded}, '0'), '.')), {least}))"
    return _Made(f"o{k}", f"coalesce({quoted(text)}, {padded})" if text is not None else padded, is_stored)


def _names_currencies(cell: _Cell) -> bool:
    """Whether amounts are texts that may name their currencies, such as EUR 10.00."""
    is_text = pa.types.is_string(cell.kind) or pa.types.is_large_string(cell.kind)
    return is_text and not all_match(flat(cell.table[cell.column]), PLAIN_AMOUNT)


def _currency_sql(field: PlanField, side: str) -> str:
    spec = getattr(field.currency, side) if field.currency else None
    if spec is None:
        return f"'{NO_CURRENCY}'"
    if spec == column_of(getattr(field, side)):
        return f"coalesce(currency_in({quoted(spec)}::VARCHAR), '{NO_CURRENCY}')"
    if isinstance(spec, Constant):
        return f"'{spec.value}'"
    return f"coalesce(nullif(upper(trim({quoted(spec)}::VARCHAR)), ''), '{NO_CURRENCY}')"
