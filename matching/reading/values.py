"""
Types text: which columns are amounts, dates or codes, and what their exact values are.

Formats are inferred per column from all its values. What stays ambiguous is reported, never guessed. Amounts never pass
through a float.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.money import CURRENCIES
from matching import duck
from matching.reading.cells import raw
from matching.reading.cells.repeated import Repeated
from matching.reading.distinct import Distinct
from matching.reading.plain import Plain

if TYPE_CHECKING:
    import duckdb

ColumnType = Literal["amount", "number", "date", "code", "text", "empty"]
Mark = Literal[".", ","]
DateOrder = Literal["ymd", "dmy", "mdy"]
TYPED_SHARE = 0.9  # share of the non-empty values that must parse
MAX_EXAMPLES = 4
DISTINCT_LIMIT = 20_000  # hashes kept for the count of distinct values, which is exact up to this number
DISTINCT_BUDGET = 1_000_000  # for all columns together
SHOWN = 120  # characters of a value that a profile shows
LONGEST_TYPED = 256  # bytes; longer texts are not amounts or dates, and no patterns are tried on them
REST_ROWS = 100_000  # texts that wait for one query
REST_BYTES = 4 * 1024 * 1024
COUNTED_SAMPLE = 2_000  # values that show whether counting the others is worthwhile
_local = threading.local()
_teaching = threading.Lock()
_ALTERNATIVES = "|".join(sorted(CURRENCIES))


class FileRejected(ValueError):
    """The file cannot be read as a table. The message tells the user what to do."""


@dataclass(frozen=True)
class ColumnProfile:
    """
    What a column contains. `ambiguous` names the question that only a person can answer.

    `min` and `max` are texts from the file: the least and the greatest by meaning, if the type gives one.
    """

    name: str
    type: ColumnType
    fill: float
    distinct: int
    min: str | None
    max: str | None
    examples: tuple[str, ...]
    decimal: Mark | None = None
    date_order: DateOrder | None = None
    ambiguous: Literal["date_order", "decimal_mark"] | None = None
    date_orders: tuple[DateOrder, ...] = ()  # orders in which its dates can be read
    # "code": the values are currency codes; "amount": they are amounts, each with its currency
    currency: Literal["code", "amount"] | None = None
    is_distinct_estimated: bool = False  # whether there were too many distinct values to count them one by one


SMALL_ROWS = 10_000  # up to which a query takes less time than to open a database and to teach it the parsers, 20 ms
FEW_ROWS = 2000  # up to which a query is not optimised: evidence of 50 rows took 18 ms of CPU instead of 33 when this was measured
# The usual content of files. If all cells of a column match, short expressions give the same result as the general
# parsers, whose long patterns take about 50 ms per query to compile (measured), before the first row.
PLAIN_AMOUNT = "^[-+0-9.,]*$"
# By decimal mark. They fit into DECIMAL(38,9).
_SIMPLE_AMOUNTS = {mark: f"^-?[0-9]{{1,29}}(?:[{mark}][0-9]{{1,9}})?$" for mark in ".,"}
PLAIN_CURRENCY = "^(?:[A-Z]{3})?$"
PLAIN_DATE = "^(?:[1-9][0-9]{3}-[0-9]{2}-[0-9]{2})?$"

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A time may follow a date; with anything else it is not a date. Years have four digits without a leading zero, or two.
_TIME = r"(?:[ T]+[0-9]{1,2}:[0-9]{2}.*)?\s*$"
_DMY = r"^\s*([0-9]{1,2})[./-]([0-9]{1,2})[./-]([1-9][0-9]{3}|[0-9]{2})" + _TIME
_YMD = r"^\s*([1-9][0-9]{3})[./-]([0-9]{1,2})[./-]([0-9]{1,2})" + _TIME
# The year first, with two digits. Only used if the whole column is like that, since the same text can also be read with
# the day first. Points are only used when the day comes first.
_SHORT_YMD = r"^\s*([0-9]{2})[/-]([0-9]{1,2})[/-]([0-9]{1,2})" + _TIME
_COMPACT = r"^\s*((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})\s*$"
_NAMED = r"^\s*([0-9]{1,2})[ .-]+([A-Za-z]{3})[A-Za-z]*[ .,-]+([1-9][0-9]{3})\s*$"


def _macros() -> list[str]:
    """The parsers as DuckDB macros: expressions that its optimiser evaluates once per row."""
    # What may surround a number: currency signs and codes, and several kinds of space and minus. Spaces and apostrophes
    # inside it group digits; they are unified to one mark, which must be where groups end.
    spaces = "[\\s\u00a0\u2007\u2009\u202f\u2019'']+"
    sign = "(?:[A-Za-z]{3}|[$\u20ac\u00a3\u00a5])?"
    minus = "[+\u2212-]"
    marked = f"regexp_replace(trim(v), '{spaces}', '''', 'g')"
    begun = f"regexp_replace({marked}, '^''?([(]?)''?({minus}?)''?{sign}''?({minus}?)''?', '\\1\\2\\3')"
    stripped = f"regexp_replace({begun}, '''?([)\u2212-]?)''?{sign}''?([)\u2212-]?)''?$', '\\1\\2')"
    # Plain digits need no cleaning, and a text with letters besides one currency code is not an amount. So the long
    # patterns run only on the few cells that are neither.
    code, other = "[A-Za-z]{3}", "[^A-Za-z]*"
    maybe = f"^{other}[0-9]{other}(?:{code}{other})?$|^{other}{code}{other}[0-9]{other}$"
    # One search in all codes. As alternatives in the patterns, each would take about 0.5 ms to compile (measured).
    letters = "'|' || upper(regexp_extract(v, '[A-Za-z]+')) || '|'"
    clean = (
        f"CASE WHEN strlen(v) > {LONGEST_TYPED} THEN NULL "
        f"WHEN regexp_matches(v, '{PLAIN_AMOUNT}') THEN v "
        f"WHEN regexp_matches(v, '{maybe}') AND contains('||{_ALTERNATIVES}|', {letters}) THEN {stripped} END"
    )
    month = " ".join(f"WHEN '{name}' THEN '{number}'" for number, name in enumerate(_MONTHS, 1))

    def parts(pattern: str, order: str = r"\1-\2-\3") -> str:
        # One replacement, since each call in a query compiles its pattern anew.
        return f"regexp_replace(v, '{pattern}', '{order}')"

    def full(date: str) -> str:
        """The year, which comes first, with two digits made four."""
        recent = f"regexp_replace({date}, '^([0-6][0-9]-)', '20\\1')"
        return f"regexp_replace({recent}, '^([7-9][0-9]-)', '19\\1')"

    def form(pattern: str, date: str) -> str:
        return f"WHEN regexp_matches(v, '{pattern}') THEN try_cast({date} AS DATE)"

    too_long = f"WHEN strlen(v) > {LONGEST_TYPED} THEN NULL"
    short_ymd = form(_SHORT_YMD, full(parts(_SHORT_YMD)))
    dmy = form(_DMY, full(parts(_DMY, r"\3-\2-\1")))
    mdy = form(_DMY, full(parts(_DMY, r"\3-\1-\2")))

    def amount(mark: str, group: str, kept: str) -> str:
        whole = f"(?:[0-9]+|[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]{{1,3}}(?:''[0-9]{{3}})+)"
        # Zeros do not count as decimals, so only zeros may follow the ninth decimal.
        number = f"(?:{whole}(?:{mark}[0-9]{{1,9}}0*)?|{mark}[0-9]{{1,9}}0*)"
        pattern = f"^(?:{minus}?{number}|{number}[\u2212-]|[(]{number}[)])$"
        digits = f"replace(regexp_replace(c, '[^0-9{kept}]', '', 'g'), ',', '.')"
        return (
            f"CASE WHEN strlen(c) > {LONGEST_TYPED} THEN NULL WHEN regexp_matches(c, '^-?[0-9]+(?:{mark}[0-9]{{1,9}}0*)?$') THEN try_cast(replace(c, ',', '.') AS DECIMAL(38,9)) "
            f"WHEN regexp_matches(c, '{pattern}') THEN try_cast("
            f"CASE WHEN regexp_matches(c, '^[(\u2212-]|[\u2212-]$') THEN '-' ELSE '' END || {digits} AS DECIMAL(38,9)) END"
        )

    def date(*further: str) -> str:
        named = (
            f"WHEN regexp_matches(v, '{_NAMED}') THEN try_cast(concat_ws('-', regexp_extract(v, '{_NAMED}', 3), "
            f"CASE lower(regexp_extract(v, '{_NAMED}', 2)) {month} END, regexp_extract(v, '{_NAMED}', 1)) AS DATE)"
        )
        # Every form begins with a digit, so one cheap check skips all other texts.
        none = "WHEN NOT regexp_matches(v, '^\\s*[0-9]') THEN NULL"
        plain = f"WHEN regexp_matches(v, '{PLAIN_DATE}') THEN try_cast(v AS DATE)"
        full_years = (form(pattern, parts(pattern)) for pattern in (_YMD, _COMPACT))
        return "CASE " + " ".join((too_long, none, plain, *full_years, *further, named)) + " END"

    # The currency that a cell itself names. Signs that several currencies share say nothing.
    currency = (
        "CASE WHEN regexp_matches(v, '[A-Za-z\u20ac\u00a3]') THEN CASE WHEN contains(v, '\u20ac') THEN 'EUR' "
        f"WHEN contains(v, '\u00a3') THEN 'GBP' ELSE nullif(upper(regexp_extract(v, '(?i)({_ALTERNATIVES})', 1)), '') END END"
    )
    return [
        f"CREATE MACRO cleaned(v) AS {clean}",
        f"CREATE MACRO currency_in(v) AS {currency}",
        f"CREATE MACRO amount_dot(c) AS {amount('[.]', ',', '.')}",
        f"CREATE MACRO amount_comma(c) AS {amount(',', '[.]', ',')}",
        f"CREATE MACRO date_ymd(v) AS {date()}",
        f"CREATE MACRO date_yymd(v) AS {date(short_ymd)}",
        f"CREATE MACRO date_dmy(v) AS {date(dmy)}",
        f"CREATE MACRO date_mdy(v) AS {date(mdy)}",
        # One form alone, for texts that date_ymd does not read.
        f"CREATE MACRO only_yymd(v) AS CASE {too_long} {short_ymd} END",
        f"CREATE MACRO only_dmy(v) AS CASE {too_long} {dmy} END",
        f"CREATE MACRO only_mdy(v) AS CASE {too_long} {mdy} END",
    ]


def connection() -> duckdb.DuckDBPyConnection:
    """This thread's DuckDB connection, for vectorised work on text."""
    found = getattr(_local, "connection", None)
    if found is None:
        found = duck.connect(threads=2, memory_limit="512MB", preserve_insertion_order=True)
        install_macros(found)
        _local.connection = found
    return found


def _connection_for(table: pa.Table) -> duckdb.DuckDBPyConnection:
    """The connection for a query over a table. Of few rows, planning takes longer than computing: it is kept short."""
    if table.num_rows > FEW_ROWS:
        return connection()
    found = getattr(_local, "small", None)
    if found is None:
        found = _scratch()
        found.execute("PRAGMA disable_optimizer")
        _local.small = found
    return found


def prepared(rows: int) -> duckdb.DuckDBPyConnection:
    """A connection with the parsers, for temporary tables of so many rows in all. Whoever asks for it closes it."""
    if rows <= SMALL_ROWS:
        return _scratch()
    found = duck.connect(threads=2)
    install_macros(found)
    return found


def _scratch() -> duckdb.DuckDBPyConnection:
    """duck.scratch with the parsers, which the database behind it keeps."""
    found = duck.scratch()
    with _teaching:
        _teach()
    return found


@functools.cache
def _teach() -> None:
    connection = duck.scratch()
    try:
        install_macros(connection)
    finally:
        connection.close()


def install_macros(con: duckdb.DuckDBPyConnection) -> None:
    """Install the parsers on a connection."""
    for macro in _macros():
        con.execute(macro.replace("CREATE MACRO", "CREATE OR REPLACE MACRO"))


def select(table: pa.Table, sql: str) -> pa.Table:
    """Run SQL over a table registered as `t`. Rows keep their order."""
    con = _connection_for(table)
    con.register("t", table)
    try:
        return con.sql(sql).to_arrow_table()
    finally:
        con.unregister("t")


def rows_of(table: pa.Table, sql: str) -> list[dict[str, Any]]:
    """Run SQL that returns few rows over a table registered as `t`."""
    con = _connection_for(table)
    con.register("t", table)
    try:
        found = con.execute(sql)
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    finally:
        con.unregister("t")


def all_match(values: pa.Array | pa.ChunkedArray, pattern: str) -> bool:
    """Whether all texts match a pattern. Nulls are ignored."""
    return pc.all(pc.match_substring_regex(values, pattern)).as_py() is not False


def quoted(name: str) -> str:
    """A quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def amount_sql(value: str, decimal: str, *, is_plain: bool = False) -> str:
    """
    SQL that gives DECIMAL(38,9) or NULL for a text expression. It never rounds. `is_plain`: all match PLAIN_AMOUNT.
    """
    return f"amount_{'dot' if decimal == '.' else 'comma'}({value if is_plain else f'cleaned({value})'})"


def date_sql(value: str, order: str, *, is_plain: bool = False, has_short_years: bool = False) -> str:
    """
    SQL that gives DATE or NULL for a text expression. Impossible dates are NULL. `is_plain`: all match PLAIN_DATE.
    """
    order = "yymd" if order == "ymd" and has_short_years else order
    return f"try_cast({value} AS DATE)" if is_plain else f"date_{order}({value})"


def parse_amount(values: pa.Array | pa.ChunkedArray, decimal: str) -> pa.Array:
    """
    Convert text to decimal128(38, 9). Null if it is not an amount or has more than 9 decimals; it is never rounded.

    Most columns have only digits and the decimal mark. They need no query, which would first take 65 ms for the parsers.
    """
    texts = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if all_match(texts, _SIMPLE_AMOUNTS[decimal]):
        return pc.cast(pc.replace_substring(texts, ",", "."), pa.decimal128(38, 9))
    found = select(pa.table({"x": texts}), f"SELECT {amount_sql('x', decimal)} AS y FROM t")
    return found["y"].combine_chunks().cast(pa.decimal128(38, 9))


def currencies_in(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The currency that each text names, such as EUR 10.00; null if it names none, or a sign that several share."""
    texts = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if all_match(texts, PLAIN_AMOUNT):
        return pa.nulls(len(texts), pa.string())
    return select(pa.table({"x": texts}), "SELECT currency_in(x) AS y FROM t")["y"].combine_chunks()


_COUNTS = (
    "rows",
    "filled",
    "dot",
    "comma",
    "only_dot",
    "only_comma",
    "integers",
    "whole",
    "marked",
    "leading_zero",
    "formulas",
    "full_year",
    "compact",
    "codes",
    "coded",
)


# The values compared to find the least and the greatest, by the type that a column may have.
_READINGS = {
    "text": "shown",
    "dot": "d",
    "comma": "k",
    "ymd": "coalesce(y, s)",
    "dmy": "a",
    "mdy": "b",
}


def _short_part(group: int) -> str:
    return f"CASE WHEN s IS NOT NULL THEN regexp_extract(x, '{_SHORT_YMD}', {group}) END"


_COUNT = (
    "SELECT n, sum(w) AS rows, "
    + ", ".join(
        f"sum(w) FILTER (WHERE {condition}) AS {name}"
        for name, condition in {
            "filled": "x IS NOT NULL",
            "dot": "d IS NOT NULL",
            "comma": "k IS NOT NULL",
            "only_dot": "d IS NOT NULL AND k IS NULL",
            "only_comma": "k IS NOT NULL AND d IS NULL",
            "integers": "regexp_matches(x, '^[0-9]+$')",
            "whole": "CASE WHEN d IS NOT NULL THEN regexp_matches(x, '^[-+]?[0-9]+$') END",
            "marked": "contains(x, '.') OR contains(x, ',')",
            "leading_zero": "regexp_matches(x, '^0[0-9]+$')",
            "formulas": "starts_with(x, '=')",
            "compact": f"regexp_matches(x, '{_COMPACT}') AND y IS NOT NULL",
            "codes": f"length(x) = 3 AND contains('|{_ALTERNATIVES}|', '|' || upper(x) || '|')",
            # An amount contains no letters besides the code of its currency.
            "coded": "(d IS NOT NULL OR k IS NOT NULL) AND regexp_matches(x, '[A-Za-z\u20ac\u00a3]')",
            "full_year": "y IS NOT NULL",
            "ymd": "coalesce(y, s) IS NOT NULL",
            "dmy": "a IS NOT NULL",
            "mdy": "b IS NOT NULL",
        }.items()
    )
    + f", list(DISTINCT {_short_part(1)}) FILTER (WHERE s IS NOT NULL) AS firsts"
    + f", list(DISTINCT {_short_part(3)}) FILTER (WHERE s IS NOT NULL) AS lasts"
    + ", "
    + ", ".join(
        f"min({value}) AS {reading}_least, arg_min(shown, {value}) AS {reading}_least_text, "
        f"max({value}) AS {reading}_most, arg_max(shown, {value}) AS {reading}_most_text"
        for reading, value in _READINGS.items()
    )
    + ", min(length(x)) AS shortest, max(length(x)) AS longest "
    f"FROM (SELECT n, w, x, left(x, {SHOWN}) AS shown, amount_dot(c) AS d, "
    "amount_comma(c) AS k, y, CASE WHEN y IS NULL AND substr(x, 3, 1) IN ('/', '-') THEN only_yymd(x) END AS s, CASE WHEN y IS NULL THEN only_dmy(x) ELSE y END AS a, "
    "CASE WHEN y IS NULL THEN only_mdy(x) ELSE y END AS b "
    "FROM (SELECT n, w, x, cleaned(x) AS c, date_ymd(x) AS y FROM (SELECT n, w, nullif(trim(v), '') AS x FROM t))) "
    "GROUP BY n"
)


@dataclass
class Range:
    """The least and the greatest value, and the texts they were read from."""

    least: Any = None
    least_text: str | None = None
    most: Any = None
    most_text: str | None = None

    def add(self, counts: dict[str, Any], reading: str) -> None:
        """Add those of a batch."""
        least, most = counts[f"{reading}_least"], counts[f"{reading}_most"]
        if least is not None and (self.least is None or least < self.least):
            self.least, self.least_text = least, counts[f"{reading}_least_text"]
        if most is not None and (self.most is None or most > self.most):
            self.most, self.most_text = most, counts[f"{reading}_most_text"]


@dataclass
class Evidence:
    """Counts over all values of a column, added up batch by batch."""

    name: str
    rows: int = 0
    filled: int = 0
    dot: int = 0  # parse as an amount with a decimal dot
    comma: int = 0
    only_dot: int = 0  # parse with a dot but not with a comma
    only_comma: int = 0
    integers: int = 0
    whole: int = 0  # are integers, possibly with a sign
    marked: int = 0  # contain a point or a comma
    leading_zero: int = 0
    formulas: int = 0  # begin like a formula that a workbook stored without a value
    dates: dict[DateOrder, int] = field(default_factory=lambda: {"ymd": 0, "dmy": 0, "mdy": 0})
    full_year: int = 0  # are dates that begin with a four-digit year
    firsts: set[str] = field(default_factory=set)  # what comes first and last in dates made of two-digit parts
    lasts: set[str] = field(default_factory=set)
    compact: int = 0
    codes: int = 0  # are ISO currency codes
    coded: int = 0  # are amounts that name their currency
    lengths: tuple[int, int] = (1 << 30, 0)
    ranges: dict[str, Range] = field(default_factory=lambda: {reading: Range() for reading in _READINGS})
    examples: list[str] = field(default_factory=list)
    different: Distinct = field(default_factory=Distinct)
    plain: Plain = field(default_factory=Plain)

    def add(self, counts: dict[str, Any], examples: Iterable[str]) -> None:
        """Add a batch's counts."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + int(counts[name] or 0))
        for order in self.dates:
            self.dates[order] += int(counts[order] or 0)
        self.firsts.update(counts["firsts"] or ())
        self.lasts.update(counts["lasts"] or ())
        if counts["filled"]:
            self.lengths = (min(self.lengths[0], counts["shortest"]), max(self.lengths[1], counts["longest"]))
            for reading, found in self.ranges.items():
                found.add(counts, reading)
        for text in examples:
            if len(self.examples) < MAX_EXAMPLES and text not in self.examples:
                self.examples.append(text[:SHOWN])

    def profile(self) -> ColumnProfile:
        """The column's type, according to the evidence so far."""
        kind, decimal, order, ambiguous = self._type()
        orders = self._orders(TYPED_SHARE * self.filled) if kind == "date" else ()
        span = self._span(kind, decimal, orders)
        return ColumnProfile(
            name=self.name,
            type=kind,
            fill=round(self.filled / self.rows, 4) if self.rows else 0.0,
            distinct=min(self.different.count, self.filled),  # an estimate may be higher
            min=span.least_text,
            max=span.most_text,
            examples=tuple(self.examples),
            decimal=decimal,
            date_order=order,
            ambiguous=ambiguous,
            date_orders=orders,
            currency=self._currency(kind),
            is_distinct_estimated=self.different.is_estimated,
        )

    def _span(self, kind: ColumnType, decimal: Mark | None, orders: tuple[DateOrder, ...]) -> Range:
        """The range of the values as their type. While the date order is open, it uses the first possible one."""
        if kind == "date":
            return self.ranges[orders[0]]
        return self.ranges[("comma" if decimal == "," else "dot") if kind in ("amount", "number") else "text"]

    def _currency(self, kind: ColumnType) -> Literal["code", "amount"] | None:
        if kind == "text" and self.codes >= TYPED_SHARE * self.filled:
            return "code"
        return "amount" if kind in ("amount", "number") and self.coded == self.filled else None

    def _type(self) -> tuple[ColumnType, Mark | None, DateOrder | None, Literal["date_order", "decimal_mark"] | None]:
        if self.filled == 0:
            return "empty", None, None, None
        valued = self.filled - self.formulas
        need = max(1, TYPED_SHARE * valued)
        is_long_integer = self.integers == valued and self.lengths[0] == self.lengths[1] and self.lengths[0] > 4
        best = max(self.dates.values())
        if best >= need and not (is_long_integer and self.compact < valued):
            orders = self._orders(need)
            return "date", None, orders[0] if len(orders) == 1 else None, "date_order" if len(orders) > 1 else None
        # A leading zero marks a code, unless the column is full of amounts with decimals.
        is_code = is_long_integer or self.leading_zero > (0 if self.integers == valued else valued - need)
        if is_code:
            return "code", None, None, None
        if max(self.dot, self.comma) >= need:
            if self.whole == valued:
                return "number", ".", None, None
            mark = _mark(self.dot, self.comma, self.only_dot, self.only_comma, need) if self.marked else "."
            return "amount", mark, None, None if mark else "decimal_mark"
        return "text", None, None, None

    def _orders(self, need: float) -> tuple[DateOrder, ...]:
        """The orders in which the dates can be read; only one if the values decide."""
        if self.full_year >= need:
            return ("ymd",)
        best = max(self.dates.values())
        orders = tuple(order for order, count in self.dates.items() if count == best)
        # Between a year and a day, the one that varies more is the day.
        if len(orders) > 1 and len(self.firsts) > len(self.lasts):
            orders = tuple(order for order in orders if order != "ymd")
        return orders


def _mark(dot: int, comma: int, only_dot: int, only_comma: int, need: float) -> Mark | None:
    """The decimal mark of the values, or None if they do not show one or show both."""
    if max(dot, comma) < need or (bool(only_dot) == bool(only_comma) and min(dot, comma) >= need):
        return None
    return "." if dot >= comma else ","


class Rest:
    """Texts that are in no plain form. They are kept until there are many, because each query takes long to prepare."""

    def __init__(self) -> None:
        self._parts: list[tuple[Evidence, pa.Array, Any]] = []
        self._rows = self._bytes = 0

    def add(self, evidence: Evidence, texts: pa.Array, weights: Any) -> None:
        """Add texts, each with how often it occurs."""
        self._parts.append((evidence, texts, weights))
        self._rows += len(texts)
        self._bytes += texts.nbytes
        if self._rows > REST_ROWS or self._bytes > REST_BYTES:
            self.count()

    def count(self) -> None:
        """Add the texts to their evidence, all columns in one query."""
        # All columns are stacked into one, with numbers, so the query is as short for a thousand columns as for one and
        # needs no names.
        parts, self._parts, self._rows, self._bytes = self._parts, [], 0, 0
        if not parts:
            return
        evidences = list({id(evidence): evidence for evidence, _, _ in parts}.values())
        places = {id(evidence): place for place, evidence in enumerate(evidences)}
        numbers = np.repeat(
            np.array([places[id(evidence)] for evidence, _, _ in parts], np.int32),
            [len(texts) for _, texts, _ in parts],
        )
        weights = np.concatenate([weight for _, _, weight in parts])
        texts = pa.chunked_array([texts for _, texts, _ in parts], pa.string())
        for counts in rows_of(pa.table({"n": numbers, "w": weights, "v": texts}), _COUNT):
            evidences[counts["n"]].add(counts, ())


def evidence_of(
    table: pa.Table,
    evidences: list[Evidence],
    rest: Rest | None = None,
    repeats: Mapping[str, Repeated | None] = MappingProxyType({}),
) -> None:
    """
    Add a batch of text columns to their evidence. Some of it waits in `rest` if there is one. `repeats` are the different
    texts of columns as far as they are known.
    """
    if table.num_rows == 0:
        return
    columns = zip(table.column_names, table.columns, strict=True)
    counted = [_trimmed(*_counted(column, repeats.get(name))) for name, column in columns]
    _add_different(counted, evidences, min(DISTINCT_LIMIT, max(100, DISTINCT_BUDGET // table.num_columns)))
    waiting = rest or Rest()
    for evidence, column, (texts, weights) in zip(evidences, table.columns, counted, strict=True):
        counts, left = evidence.plain.counted(texts, weights)
        evidence.add(counts, [text for text in column.slice(0, 50).to_pylist() if text and text.strip()])
        if left.any():
            waiting.add(evidence, texts.filter(pa.array(left)), weights[left])
    if rest is None:
        waiting.count()


def _add_different(counted: list[tuple[pa.Array, Any]], evidences: list[Evidence], limit: int) -> None:
    """Add the hashes of all texts to what counts the different ones."""
    for evidence, (texts, _) in zip(evidences, counted, strict=True):
        found = raw.bytes_of(texts)
        evidence.different.add(found.hashes()[found.filled], limit)


def has_typed(texts: pa.Array) -> bool:
    """Whether any of these texts by itself would be taken for an amount, a number, a date or a code of digits."""
    # All of these have a digit, and most headers have none. The query takes milliseconds to compile.
    if not pc.any(pc.match_substring_regex(texts, "[0-9]")).as_py():
        return False
    typed = ("amount_dot(c)", "amount_comma(c)", "date_ymd(x)", "only_yymd(x)", "only_dmy(x)", "only_mdy(x)")
    found = rows_of(
        pa.table({"x": texts}),
        f"SELECT bool_or({' OR '.join(f'{value} IS NOT NULL' for value in typed)} OR regexp_matches(x, '^[0-9]+$')) AS any "
        "FROM (SELECT x, cleaned(x) AS c FROM t)",
    )
    return bool(found[0]["any"])


def _trimmed(texts: pa.Array, weights: Any) -> tuple[pa.Array, Any]:
    return raw.without_spaces(texts), weights


def _counted(column: pa.ChunkedArray, different: Repeated | None) -> tuple[pa.Array, Any]:
    """
    The distinct values of a column and how often each occurs, or the column as it is if most values differ anyway.
    """
    if different is not None:
        return different.texts, np.bincount(different.codes, minlength=len(different.texts))
    sample = column.slice(0, COUNTED_SAMPLE)
    if 2 * pc.count_distinct(sample).as_py() > len(sample):
        return pa.concat_arrays(column.chunks), np.ones(len(column), dtype=np.int64)
    counts = pc.value_counts(column)
    return counts.field("values"), counts.field("counts").to_numpy()


def profile_column(name: str, values: pa.Array | pa.ChunkedArray) -> ColumnProfile:
    """The profile of one column of text."""
    return profiles_of(pa.table({name: values}))[0]


def profiles_of(table: pa.Table) -> list[ColumnProfile]:
    """The profiles of a table of text columns, in order."""
    evidences = [Evidence(name) for name in table.column_names]
    evidence_of(table, evidences)
    return [evidence.profile() for evidence in evidences]
