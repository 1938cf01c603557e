"""
Normalises each field on both sides: cleaned text, extracted references, exact money with its currency, real dates.
"""

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from core.money import CURRENCIES, MAX_DECIMALS, NO_CURRENCY, exponent
from matching.plan import Column, Constant, Extracted, Plan, PlanField, PlanInvalid, Signed, column_of
from matching.reading.values import ColumnProfile, amount_sql, date_sql, profile_column


@dataclass(frozen=True)
class Side:
    """
    A side in DuckDB: table `name` with the columns i (position by content), _row_ (in the input), and those of each
    field.
    """

    name: str
    rows: int


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
    connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table, plan: Plan, shown: pa.Table | None = None
) -> Side:
    """
    Create table `name` with a side's fields: f<k> is the value to compare, c<k> the currency of a money field. The
    connection has the parsers (values.install_macros).

    Rows are ordered by the hash of their content, then by occurrence, so that the order of the input rows cannot affect
    the result. `o<k>` is the value as it is shown: an amount as it was loaded, if `shown` has a column of its name with
    the text.
    """
    side = "left" if name == "l" else "right"
    row = free_name("_row_", table.column_names)
    given = table.append_column(row, pa.array(range(table.num_rows), pa.int64()))
    texts: dict[str, str] = {}
    if shown is not None:
        for column in shown.column_names:
            texts[column] = free_name("_shown_", given.column_names)
            given = given.append_column(texts[column], shown[column])
    connection.register("input", given)
    columns = []
    for k, (field_name, field) in enumerate(plan.fields.items()):
        columns += _field_sql(_Cell(k, field_name, field, side, table), texts)
    content = ", ".join(f"coalesce({quoted(column)}::VARCHAR, chr(1))" for column in table.column_names)
    try:
        connection.execute(
            f"CREATE TABLE {name} AS SELECT (row_number() OVER (ORDER BY _h_, _row_) - 1)::INTEGER AS i, * FROM ("
            f"SELECT {quoted(row)} AS _row_, md5_number_lower(concat_ws(chr(0), {content})) AS _h_, {', '.join(columns)} "
            "FROM input) ORDER BY i"
        )
    finally:
        connection.unregister("input")
    return Side(name, table.num_rows)


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


def _field_sql(cell: _Cell, texts: dict[str, str]) -> list[str]:
    k, field, kind = cell.k, cell.field, cell.kind
    value = quoted(cell.column)
    shown = f"{value}::VARCHAR AS o{k}"
    if field.type == "money":
        currency = _currency_sql(field, cell.side)
        return [
            f"{_money_sql(cell)} AS f{k}",
            f"{_shown_sql(value, kind, currency, texts.get(cell.column))} AS o{k}",
            f"{currency} AS c{k}",
        ]
    if field.type == "date":
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            return [f"{value}::DATE AS f{k}", shown]
        return [f"{date_sql(value, cell.profile().date_order or 'ymd')} AS f{k}", shown]
    if field.type == "number":
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        number = amount_sql(value, cell.profile().decimal or ".") if is_text else value
        return [f"({number})::DOUBLE AS f{k}", shown]
    text = f"{value}::VARCHAR"
    if isinstance(cell.spec, Extracted):
        pattern = cell.spec.extract.replace("'", "''")
        text = f"nullif(regexp_extract({text}, '{pattern}'), '')"
        shown = f"{text} AS o{k}"
    if field.type in ("reference", "code"):
        return [f"nullif(upper(regexp_replace(strip_accents({text}), '[^A-Za-z0-9]', '', 'g')), '') AS f{k}", shown]
    clean = f"regexp_replace(lower(strip_accents(nfc_normalize({text}))), '[^\\pL\\pN]+', ' ', 'g')"
    return [f"nullif(trim({clean}), '') AS f{k}", shown]


def _money_sql(cell: _Cell) -> str:
    kind, value = cell.kind, quoted(cell.column)
    sign = "-" if isinstance(cell.spec, Signed) and cell.spec.negate else ""
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        return f"{sign}({value}::DECIMAL(38,9))"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return f"{sign}({amount_sql(value, cell.profile().decimal or '.')})"
    fault = (f"/fields/{cell.name}/{cell.side}", "invalid_plan", f"the column {cell.column!r} does not contain amounts")
    raise PlanInvalid([fault])


def _shown_sql(value: str, kind: pa.DataType, currency: str, text: str | None) -> str:
    """An amount as it was loaded. If that is unknown, it gets its currency's decimals and any further ones it has."""
    padded = f"{value}::VARCHAR"
    if pa.types.is_decimal(kind) and kind.scale == MAX_DECIMALS:
        none, three = (
            ", ".join(f"'{code}'" for code in sorted(CURRENCIES) if exponent(code) == digits) for digits in (0, 3)
        )
        # Everything up to the point, the point itself, and the decimals of the minor unit.
        least = f"strpos({padded}, '.') + CASE WHEN {currency} IN ({none}) THEN -1 WHEN {currency} IN ({three}) THEN 3 ELSE 2 END"
        padded = f"left({padded}, greatest(length(rtrim(rtrim({padded}, '0'), '.')), {least}))"
    return padded if text is None else f"coalesce({quoted(text)}, {padded})"


def _currency_sql(field: PlanField, side: str) -> str:
    spec = getattr(field.currency, side) if field.currency else None
    if spec is None:
        return f"'{NO_CURRENCY}'"
    if isinstance(spec, Constant):
        return f"'{spec.value}'"
    return f"coalesce(nullif(upper(trim({quoted(spec)}::VARCHAR)), ''), '{NO_CURRENCY}')"
