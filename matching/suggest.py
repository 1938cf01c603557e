"""
A plan for two tables never seen: types from values, column pairs from names and overlap, passes from precise to loose.

The date window is not assumed but read off anchors: pairs that a unique amount or a unique reference makes.
"""

import re
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz.fuzz import token_set_ratio

from matching.plan import (
    Column,
    Comparison,
    Extracted,
    Pass,
    Plan,
    PlanField,
    PlanInvalid,
    Signed,
    column_of,
    distinct_names,
)
from matching.reading.values import ColumnProfile, amount_sql, date_sql, install_macros, profile_column, quoted

MIN_REFERENCE_HITS = 0.05  # share of rows whose reference is found on the other side
MIN_SELECTIVE = 0.5  # distinct values a row, of a reference
MIN_ANCHORS = 20
WIDEST_WINDOW = 120  # days
SAMPLE = 50_000


@dataclass(frozen=True)
class Roles:
    """What is known of a side's columns."""

    amount: str | None = None
    currency: str | None = None
    currency_value: str | None = None
    date: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class _Column:
    name: str
    kind: str  # amount | number | date | code | text | empty
    profile: ColumnProfile | None


def suggest(
    left: pa.Table, right: pa.Table, *, left_roles: Roles | None = None, right_roles: Roles | None = None
) -> Plan:
    """
    A plan that fits both tables.

    Raises: PlanInvalid when nothing in them can be compared.
    """
    roles = (left_roles or Roles(), right_roles or Roles())
    connection = duckdb.connect(":memory:", config={"threads": 2})
    try:
        install_macros(connection)
        # A sample that does not depend on the order of the rows: those with the smallest hashes.
        sides = []
        for name, whole in (("l", left), ("r", right)):
            table = whole.select(distinct_names(whole.column_names))
            connection.register("input", table)
            cells = ", ".join(f"coalesce({quoted(c)}::VARCHAR, chr(1))" for c in table.column_names)
            connection.execute(
                f"CREATE TABLE {name} AS SELECT * FROM (SELECT *, md5_number_lower(concat_ws(chr(0), {cells})) AS _h_ FROM input) "
                f"ORDER BY _h_ LIMIT {SAMPLE}"
            )
            connection.unregister("input")
            sides.append([_column(connection, name, field) for field in table.schema])
        return _build(connection, sides[0], sides[1], roles)
    finally:
        connection.close()


def _column(connection: duckdb.DuckDBPyConnection, side: str, field: pa.Field) -> _Column:
    if pa.types.is_decimal(field.type):
        return _Column(field.name, "amount", None)
    if pa.types.is_date(field.type):
        return _Column(field.name, "date", None)
    values = connection.sql(f"SELECT {quoted(field.name)}::VARCHAR AS v FROM {side}").to_arrow_table()["v"]
    profile = profile_column(field.name, values)
    return _Column(field.name, profile.type, profile)


def _build(
    connection: duckdb.DuckDBPyConnection, left: list[_Column], right: list[_Column], roles: tuple[Roles, Roles]
) -> Plan:
    fields: dict[str, PlanField] = {}
    amount = _amounts(connection, left, right, roles)
    if amount is not None:
        fields["amount"] = amount
    date = _dates(connection, left, right, roles)
    if date is not None:
        fields["date"] = date
    reference = _references(connection, left, right)
    if reference is not None:
        fields["reference"] = reference
    party = _texts(connection, left, right, fields)
    if party is not None:
        fields["party"] = party
    passes = _passes(connection, fields)
    if not passes:
        raise PlanInvalid(
            [("", "invalid_plan", "the two tables have no columns that can be compared: write a plan by hand")]
        )
    return Plan(fields=fields, passes=tuple(passes))


def _passes(connection: duckdb.DuckDBPyConnection, fields: dict[str, PlanField]) -> list[Pass]:
    passes: list[Pass] = []
    equal = {name: Comparison(field=name, compare="equal") for name in fields}
    days = _window(connection, fields) if "date" in fields else None
    similar = Comparison(field="party", compare="similarity", method="token_set") if "party" in fields else None
    loose = [s for s in (similar,) if s is not None]
    if "reference" in fields and "amount" in fields:
        passes.append(
            Pass(
                name="reference and amount",
                kind="rules",
                where=(equal["reference"], equal["amount"]),
                score=tuple(loose),
            )
        )
    elif "reference" in fields:
        passes.append(Pass(name="reference", kind="rules", where=(equal["reference"],), score=tuple(loose)))
    if "amount" in fields:
        gates = (equal["amount"],) if days is None else (equal["amount"], days)
        name = "amount" if days is None else f"amount within {days.from_} to {days.to} days"
        passes.append(Pass(name=name, kind="rules", where=gates, score=tuple(loose)))
        if "reference" in fields:
            score = [s for s in (similar, days) if s is not None]
            passes.append(
                Pass(
                    name="reference, other amount",
                    kind="rules",
                    where=(equal["reference"],),
                    score=tuple(score),
                    accept="suggest",
                )
            )
        if similar is not None and days is not None:
            near = Comparison(field="amount", compare="within", percent="12")
            like = Comparison(field="party", compare="similarity", method="token_sort", minimum=0.8)
            passes.append(Pass(name="near amount, like name", kind="rules", where=(like, near, days), accept="suggest"))
    elif similar is not None:
        like = Comparison(field="party", compare="similarity", method="token_sort", minimum=0.8)
        gates = (like,) if days is None else (like, days)
        passes.append(Pass(name="like name", kind="rules", where=gates, accept="suggest"))
    return passes


# -- fields ------------------------------------------------------------------------------------------------------------


def _amounts(
    connection: duckdb.DuckDBPyConnection, left: list[_Column], right: list[_Column], roles: tuple[Roles, Roles]
) -> PlanField | None:
    """The pair of columns whose values overlap most, with its sign turned where that overlaps more."""
    best: tuple[float, str, str, bool] | None = None
    for a in _chosen(left, roles[0].amount, ("amount", "number")):
        for b in _chosen(right, roles[1].amount, ("amount", "number")):
            for negate in (False, True):
                share = _overlap(connection, _amount_of(a), _amount_of(b), "-" if negate else "")
                # Ties go to what an amount is called, then to the earlier columns.
                score = share + (0.01 if a.kind == b.kind == "amount" else 0.0) - (0.005 if negate else 0.0)
                if best is None or score > best[0]:
                    best = (score, a.name, b.name, negate)
    if best is None or (best[0] < 0.02 and not (roles[0].amount and roles[1].amount)):
        return None
    _, left_name, right_name, negate = best
    side: Column = Signed(column=right_name, negate=True) if negate else right_name
    currency = _currency(roles)
    return PlanField(type="money", left=left_name, right=side, currency=currency)


def _currency(roles: tuple[Roles, Roles]) -> Any:
    """Only where both sides know a currency: a side without one is comparable with any."""
    sides = {}
    for name, side in zip(("left", "right"), roles, strict=True):
        if side.currency is not None:
            sides[name] = side.currency
        elif side.currency_value is not None:
            sides[name] = {"value": side.currency_value}  # type: ignore[assignment]
    return sides if len(sides) == 2 else None


def _dates(
    connection: duckdb.DuckDBPyConnection, left: list[_Column], right: list[_Column], roles: tuple[Roles, Roles]
) -> PlanField | None:
    best: tuple[float, str, str] | None = None
    for a in _chosen(left, roles[0].date, ("date",)):
        for b in _chosen(right, roles[1].date, ("date",)):
            share = _overlap(connection, _date_of(a), _date_of(b), "")
            if best is None or share > best[0]:
                best = (share, a.name, b.name)
    return None if best is None else PlanField(type="date", left=best[1], right=best[2])


def _references(connection: duckdb.DuckDBPyConnection, left: list[_Column], right: list[_Column]) -> PlanField | None:
    """Equal codes on both sides, or a code of one side that is found inside a text of the other."""
    best: tuple[float, PlanField] | None = None
    for a in left:
        for b in right:
            if (
                a.kind in ("code", "text", "number")
                and b.kind in ("code", "text", "number")
                and _is_code(a)
                and _is_code(b)
            ):
                share = _hits(connection, _clean(a.name), "l", _clean(b.name), "r")
                if share >= MIN_REFERENCE_HITS and (best is None or share > best[0] + 1e-9):
                    best = (share, PlanField(type="reference", left=a.name, right=b.name))
    for codes, texts, code_side, text_side in ((left, right, "l", "r"), (right, left, "r", "l")):
        for a in codes:
            pattern = _pattern(connection, a, code_side)
            if pattern is None:
                continue
            for b in texts:
                if b.kind != "text":
                    continue
                found = f"nullif(regexp_extract({quoted(b.name)}, '{pattern.replace(chr(39), chr(39) * 2)}'), '')"
                cleaned = f"upper(regexp_replace({found}, '[^A-Za-z0-9]', '', 'g'))"
                share = _hits(connection, _clean(a.name), code_side, cleaned, text_side)
                if share >= MIN_REFERENCE_HITS and (best is None or share > best[0] + 1e-9):
                    extracted = Extracted(from_=b.name, extract=pattern)
                    sides = (a.name, extracted) if code_side == "l" else (extracted, a.name)
                    best = (share, PlanField(type="reference", left=sides[0], right=sides[1]))
    return None if best is None else best[1]


def _is_code(column: _Column) -> bool:
    """Mostly distinct values with digits."""
    profile = column.profile
    if profile is None or not profile.examples:
        return False
    digits = sum(any(c.isdigit() for c in text) for text in profile.examples)
    return digits == len(profile.examples) and max(len(text.split()) for text in profile.examples) <= 3


def _pattern(connection: duckdb.DuckDBPyConnection, column: _Column, side: str) -> str | None:
    """A regular expression for a code column's shape: its letters, separators and runs of digits."""
    if column.kind not in ("code", "text", "number") or not _is_code(column):
        return None
    name = quoted(column.name)
    rows = connection.execute(
        f"SELECT regexp_replace({name}, '[0-9]+', '#', 'g') AS shape, count(*) AS n, count(DISTINCT {name}) AS d, "
        f"min(length(regexp_extract({name}, '[0-9]+'))) AS low, max(length(regexp_extract({name}, '[0-9]+'))) AS high "
        f"FROM {side} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, shape LIMIT 1"
    ).fetchall()
    total = connection.execute(f"SELECT count({name}), count(DISTINCT {name}) FROM {side}").fetchall()[0]
    if not rows or total[0] == 0 or rows[0][1] < 0.6 * total[0] or total[1] < MIN_SELECTIVE * total[0]:
        return None
    shape, _, _, low, high = rows[0]
    if "#" not in shape or len(shape) > 40:
        return None
    if shape.strip("#") == "" and (low or 0) < 5:
        return None  # bare short numbers are everywhere in texts
    parts = []
    for piece in re.split("(#)", shape):
        if piece == "#":
            parts.append("[0-9]+" if shape.count("#") > 1 or low != high else f"[0-9]{{{low}}}")
        elif piece:
            # A memo may drop or change what separates letters from digits.
            parts.append(re.sub(r"(?:\\?[-_/. ])+", "[-_/. ]?", re.escape(piece)))
    return "(?i)" + "".join(parts)


def _texts(
    connection: duckdb.DuckDBPyConnection, left: list[_Column], right: list[_Column], fields: dict[str, PlanField]
) -> PlanField | None:
    """The pair of text columns that agree most where an amount or a reference says that rows belong together."""
    anchors = _anchor_rows(connection, fields)
    used = {column_of(getattr(f, side)) for f in fields.values() for side in ("left", "right")}
    best: tuple[float, str, str] | None = None
    for a in left:
        for b in right:
            if a.kind != "text" or b.kind != "text" or a.name in used or b.name in used:
                continue
            if a.profile is not None and a.profile.distinct < 3:
                continue
            score = _agreement(connection, a.name, b.name, anchors)
            if best is None or score > best[0]:
                best = (score, a.name, b.name)
    return None if best is None or best[0] < 0.05 else PlanField(type="text", left=best[1], right=best[2])


def _agreement(connection: duckdb.DuckDBPyConnection, a: str, b: str, anchors: list[tuple[int, int]]) -> float:
    """How much more alike two columns are on anchors than on random pairs; without anchors, their shared words."""
    left = [row[0] for row in connection.execute(f"SELECT lower({quoted(a)}::VARCHAR) FROM l").fetchall()]
    right = [row[0] for row in connection.execute(f"SELECT lower({quoted(b)}::VARCHAR) FROM r").fetchall()]
    if len(anchors) >= MIN_ANCHORS:
        chance = np.random.default_rng(7)
        pairs = anchors[:2000]
        true = [token_set_ratio(left[i] or "", right[j] or "") for i, j in pairs]
        random = [
            token_set_ratio(left[i] or "", right[j] or "")
            for i, j in zip(chance.integers(0, len(left), 1000), chance.integers(0, len(right), 1000), strict=True)
        ]
        return float(np.mean(true) - np.mean(random)) / 100
    words = [{word for text in side[:5000] if text for word in re.findall(r"\w+", text)} for side in (left, right)]
    shared = len(words[0] & words[1])
    return shared / max(1, min(len(words[0]), len(words[1])))


# -- anchors -----------------------------------------------------------------------------------------------------------


def _window(connection: duckdb.DuckDBPyConnection, fields: dict[str, PlanField]) -> Comparison | None:
    """The lags, in days right minus left, that stand out among anchors against what chance pairs give."""
    pairs = _anchor_rows(connection, fields)
    field = fields["date"]
    left = _days(connection, "l", str(field.left))
    right = _days(connection, "r", str(field.right))
    lags = np.array([right[j] - left[i] for i, j in pairs if not (np.isnan(left[i]) or np.isnan(right[j]))])
    lags = lags[np.abs(lags) <= 3 * WIDEST_WINDOW]
    if len(lags) < MIN_ANCHORS:
        return Comparison(field="date", compare="days", from_=-7, to=7)
    values, counts = np.unique(lags.astype(np.int64), return_counts=True)
    # What chance gives a lag: the median count far from the peak.
    background = float(np.quantile(counts, 0.25)) if len(values) > 60 else 0.0
    floor = max(5 * background, 0.002 * len(lags), 2.0)
    strong = {int(v) for v, c in zip(values, counts, strict=True) if c >= floor}
    peak = int(values[np.argmax(counts)])
    low = high = peak
    # Weekends leave holes of a few days: the window reaches over them.
    while any(low - gap in strong for gap in (1, 2, 3, 4)):
        low -= next(gap for gap in (1, 2, 3, 4) if low - gap in strong)
    while any(high + gap in strong for gap in (1, 2, 3, 4)):
        high += next(gap for gap in (1, 2, 3, 4) if high + gap in strong)
    if high - low > WIDEST_WINDOW:
        low, high = (int(q) for q in np.quantile(lags, (0.02, 0.98)))
    return Comparison(field="date", compare="days", from_=low, to=high)


def _anchor_rows(connection: duckdb.DuckDBPyConnection, fields: dict[str, PlanField]) -> list[tuple[int, int]]:
    """Pairs of positions in the samples that a value makes which is unique on both sides."""
    for name in ("reference", "amount"):
        if name not in fields:
            continue
        a, b = (_value(connection, fields[name], side) for side in ("left", "right"))
        found = connection.execute(
            f"WITH x AS (SELECT row_number() OVER (ORDER BY _h_) - 1 AS i, {a} AS v FROM l), "
            f"y AS (SELECT row_number() OVER (ORDER BY _h_) - 1 AS i, {b} AS v FROM r), "
            "x1 AS (SELECT v, min(i) AS i FROM x WHERE v IS NOT NULL GROUP BY v HAVING count(*) = 1), "
            "y1 AS (SELECT v, min(i) AS i FROM y WHERE v IS NOT NULL GROUP BY v HAVING count(*) = 1) "
            "SELECT x1.i, y1.i FROM x1 JOIN y1 USING (v) ORDER BY 1"
        ).fetchall()
        if len(found) >= MIN_ANCHORS:
            return [(int(i), int(j)) for i, j in found]
    return []


def _value(connection: duckdb.DuckDBPyConnection, field: PlanField, side: str) -> str:
    spec = getattr(field, side)
    table = "l" if side == "left" else "r"
    if isinstance(spec, Extracted):
        pattern = spec.extract.replace("'", "''")
        return f"upper(regexp_replace(nullif(regexp_extract({quoted(spec.from_)}, '{pattern}'), ''), '[^A-Za-z0-9]', '', 'g'))"
    if field.type == "reference":
        return _clean(str(spec))
    column = spec.column if isinstance(spec, Signed) else str(spec)
    sign = "-" if isinstance(spec, Signed) and spec.negate else ""
    return f"{sign}({_amount_text(connection, table, column)})"


def _days(connection: duckdb.DuckDBPyConnection, side: str, name: str) -> NDArray[np.float64]:
    kind = connection.execute(f"SELECT typeof({quoted(name)}) FROM {side} LIMIT 1").fetchall()
    value = quoted(name)
    if not kind or kind[0][0] != "DATE":
        texts = connection.sql(f"SELECT {value}::VARCHAR AS v FROM {side}").to_arrow_table()["v"]
        value = date_sql(value, profile_column(name, texts).date_order or "ymd")
    found = connection.execute(
        f"SELECT coalesce(epoch({value}) / 86400, 'nan'::DOUBLE) AS d FROM {side} ORDER BY _h_"
    ).fetchnumpy()
    return np.asarray(found["d"], dtype=np.float64)


# -- SQL pieces --------------------------------------------------------------------------------------------------------


def _chosen(columns: list[_Column], role: str | None, kinds: tuple[str, ...]) -> list[_Column]:
    named = [column for column in columns if column.name == role and column.kind in kinds]
    return named or [column for column in columns if column.kind in kinds]


def _amount_of(column: _Column) -> str:
    if column.profile is None:
        return quoted(column.name)
    return amount_sql(quoted(column.name), column.profile.decimal or ".")


def _amount_text(connection: duckdb.DuckDBPyConnection, side: str, name: str) -> str:
    kind = connection.execute(f"SELECT typeof({quoted(name)}) FROM {side} LIMIT 1").fetchall()
    if kind and kind[0][0].startswith("DECIMAL"):
        return quoted(name)
    texts = connection.sql(f"SELECT {quoted(name)}::VARCHAR AS v FROM {side}").to_arrow_table()["v"]
    return amount_sql(quoted(name), profile_column(name, texts).decimal or ".")


def _date_of(column: _Column) -> str:
    if column.profile is None:
        return quoted(column.name)
    return date_sql(quoted(column.name), column.profile.date_order or "dmy")


def _clean(name: str) -> str:
    return f"nullif(upper(regexp_replace(strip_accents({quoted(name)}::VARCHAR), '[^A-Za-z0-9]', '', 'g')), '')"


def _overlap(connection: duckdb.DuckDBPyConnection, a: str, b: str, sign: str) -> float:
    """Share of the smaller side's distinct values that the other side has too."""
    row = connection.execute(
        f"WITH x AS (SELECT DISTINCT {a} AS v FROM l WHERE {a} IS NOT NULL), "
        f"y AS (SELECT DISTINCT {sign}({b}) AS v FROM r WHERE {b} IS NOT NULL) "
        "SELECT (SELECT count(*) FROM x SEMI JOIN y USING (v)), (SELECT count(*) FROM x), (SELECT count(*) FROM y)"
    )
    shared, left, right = row.fetchall()[0]
    return float(shared / max(1, min(left, right)))


def _hits(connection: duckdb.DuckDBPyConnection, a: str, a_side: str, b: str, b_side: str) -> float:
    """Share of the rows of side b whose value is a value of side a, where a's values are selective."""
    found = connection.execute(
        f"WITH x AS (SELECT DISTINCT {a} AS v FROM {a_side} WHERE {a} IS NOT NULL) "
        f"SELECT (SELECT count(*) FROM (SELECT {b} AS v FROM {b_side}) y SEMI JOIN x USING (v)), "
        f"(SELECT count(*) FROM {b_side}), (SELECT count(*) FROM x), (SELECT count({a}) FROM {a_side})"
    ).fetchall()[0]
    hits, rows, distinct, filled = found
    if distinct < MIN_SELECTIVE * max(filled, 1):
        return 0.0
    return float(hits / max(rows, 1))
