"""
What a job reads: both sides as Arrow tables, limited to the records and the remainders that its first attempt pinned.
"""

import contextlib
import functools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import adbc_driver_manager as adbc
import adbc_driver_postgresql
import pyarrow as pa
import pyarrow.compute as pc

from core.money import NO_CURRENCY
from core.settings import Settings
from matching import duck
from matching.reading.values import parse_amount
from matching.results import SETS
from matching.suggest import Roles
from models.job import Job
from models.source import Source
from models.status import MatchStatus
from server.store import database

PARSED_BYTES = 1024**2  # of records as JSON, at a time
FEW_ROWS = 2_000
_opening = threading.Lock()


@dataclass(frozen=True)
class SideIds:
    """
    Identifiers of one side's rows, in the order of the engine's row numbers. The last rows are no records, but what
    confirmed matches leave open.
    """

    ids: list[str]  # of a remainder the record that it belongs to
    currencies: pa.Array
    amounts: pa.Array  # as text
    dates: pa.Array
    bases: list[str] = field(default_factory=list)  # the matches that leave the remainders

    @property
    def records(self) -> int:
        """How many of the rows are records."""
        return len(self.ids) - len(self.bases)

    def base_of(self, row: int) -> str | None:
        """The match whose remainder a row is; None for a record."""
        return self.bases[row - self.records] if row >= self.records else None

    def rows(self) -> dict[str, int]:
        """The row of each record, and of each match that leaves a remainder."""
        return {one: row for row, one in enumerate([*self.ids[: self.records], *self.bases])}


@dataclass(frozen=True)
class Side:
    """One side: the values that the engine compares, and the identifiers of the records."""

    values: pa.Table
    shown: pa.Table | None  # amounts as the text that was loaded
    ids: SideIds
    roles: Roles


# A job reads the records of the pinned revision, except those in a match of another job that was confirmed before this
# job started, also if that was undone since, and those that wait for a second signature.
_SELECT = """
    SELECT r.id::text AS id, r.data::text AS data, r.amount::text AS amount, r.currency, r.date, r.reference
    FROM reconciliation_records r
    WHERE r.source_id = $1::uuid AND r.revision <= $2 AND NOT EXISTS (
        SELECT 1 FROM match_records u JOIN matches m ON m.id = u.match_id
        WHERE u.record_id = r.id AND u.confirmed AND u.job_id IS DISTINCT FROM $3::uuid
          AND coalesce(m.decided_at, m.created_at) <= $4::timestamptz)
      AND NOT EXISTS (SELECT 1 FROM match_records u JOIN matches m ON m.id = u.match_id
        WHERE u.record_id = r.id AND u.active AND NOT u.confirmed AND m.signatures <> '[]')
      AND NOT EXISTS (SELECT 1 FROM job_exclusions x WHERE x.job_id = $3::uuid AND x.record_id = r.id)
    ORDER BY {order}
"""
_RECORD = """
    SELECT r.id::text AS id, r.data::text AS data, r.amount::text AS amount, r.currency, r.date, r.reference
    FROM reconciliation_records r WHERE r.source_id = $1::uuid AND (r.id = $2::uuid OR r."row" < $3)
    ORDER BY r.id <> $2::uuid, r."row"
"""
# What confirmed matches left open when the job first started (lifecycle.py), as a record of the same side.
_REMAINDERS = """
    SELECT r.id::text AS id, r.data::text AS data, x.remainder::text AS amount, coalesce(m.currency, r.currency) AS currency,
        r.date, r.reference, x.match_id::text AS match_id
    FROM job_exclusions x JOIN reconciliation_records r ON r.id = x.record_id LEFT JOIN matches m ON m.id = x.match_id
    WHERE x.job_id = $1::uuid AND x.remainder IS NOT NULL AND r.source_id = $2::uuid ORDER BY x.match_id
"""
# A suggestion to extend a match has only its new record: its base stands for the other side.
_REJECTED = f"""
    SELECT m.extends_id::text AS base, coalesce(array_agg(u.record_id::text) FILTER (WHERE u.side = 'left'), '{{}}') AS "left",
           coalesce(array_agg(u.record_id::text) FILTER (WHERE u.side = 'right'), '{{}}') AS "right"
    FROM matches m JOIN match_records u ON u.match_id = m.id
    WHERE m.project_id = $1::uuid AND m.pair_id IS NOT NULL AND ((m.status = '{MatchStatus.REJECTED}' AND m.decided_at <= $2::timestamptz)
        OR m.id IN (SELECT x.match_id FROM job_exclusions x WHERE x.job_id = $3::uuid AND x.remainder IS NULL))
    GROUP BY m.id
"""


def read_side(settings: Settings, job: Job, source: Source, side: str) -> Side:
    """Reads one side of a job. Blocking: runs in a thread of the engine process."""
    pinned = job.inputs[side]["revision"]
    assert job.started_at is not None
    given = (str(source.id), pinned, str(job.id), job.started_at.isoformat())
    with _connected(settings) as connection:
        table = _fetch(connection, _SELECT.format(order='r."row"'), given)
        remainders = _fetch(connection, _REMAINDERS, (str(job.id), str(source.id)))
    bases = remainders["match_id"].to_pylist()
    return _side(pa.concat_tables([table, remainders.drop_columns(["match_id"])]), source, bases)


def read_sample(settings: Settings, source: Source, rows: int) -> Side:
    """
    Open records of a source, for suggesting a plan: all of them, up to `rows`.

    If there are more, takes those with the smallest hashes. The first ones could be the oldest on one side and the
    newest on the other.
    """
    nobody = UUID(int=0)
    order = f'hashtextextended(r.data::text, 0), r."row" LIMIT {int(rows)}'
    with _connected(settings) as connection:
        table = _fetch(connection, _SELECT.format(order=order), (str(source.id), 2**31 - 1, str(nobody), "infinity"))
    return _side(table, source)


def rows_within(source: Source, rows: int, size_bytes: int) -> int:
    """At most `rows`, and no more than what takes that many bytes in this source on average."""
    stored = int(source.detection.get("stored_bytes", 0))
    return max(1, min(rows, size_bytes * source.rows_loaded // stored)) if stored else rows


def read_record(settings: Settings, source: Source, record_id: UUID, beside: int) -> Side:
    """
    Reads one record of a source, as its first row, and up to `beside` of the first rows of its file, which show how the
    file writes numbers and days. Blocking: runs in a process of its own.
    """
    with _connected(settings) as connection:
        return _side(_fetch(connection, _RECORD, (str(source.id), str(record_id), beside)), source)


def typed_columns(source: Source) -> set[str]:
    """The columns of a source whose amounts and days were read when it was loaded; others are texts until a plan reads them."""
    named = ((source.mapping.get(role) or {}).get("column") for role in ("amount", "date"))
    return {name for name in named if name is not None} | {"amount", "date"}


def rejected_sets(settings: Settings, job: Job, left: Side, right: Side) -> pa.Table:
    """
    Sets of records that people rejected before the job started, as row numbers. Leaves out sets with records that the
    job does not read.
    """
    assert job.started_at is not None
    with _connected(settings) as connection:
        found = _fetch(connection, _REJECTED, (str(job.project_id), job.started_at.isoformat(), str(job.id)))
    left_rows, right_rows = (side.ids.rows() for side in (left, right))
    sets = []
    for base, lefts, rights in zip(*(found[name].to_pylist() for name in ("base", "left", "right")), strict=True):
        if base is not None:
            (lefts if base in left_rows else rights).append(base)
        if left_rows.keys() >= set(lefts) and right_rows.keys() >= set(rights):
            sets.append(([left_rows[one] for one in lefts], [right_rows[one] for one in rights]))
    return pa.table([[lefts for lefts, _ in sets], [rights for _, rights in sets]], schema=SETS)


def prepare(settings: Settings) -> None:
    """
    Let the driver read all types of the database, so that forks of this process find it done. Nothing stays connected.

    It takes 50 ms of computing, ten times as long as a connection.
    """
    _database(database.libpq_uri(settings, "tallyroom engine"))


@contextlib.contextmanager
def _connected(settings: Settings) -> Iterator[adbc.AdbcConnection]:
    with _opening:  # the driver counts what is open without regard to other threads
        connection = adbc.AdbcConnection(_database(database.libpq_uri(settings, "tallyroom engine")))
    try:
        yield connection
    finally:
        with _opening:
            connection.close()


def _fetch(connection: adbc.AdbcConnection, sql: str, parameters: tuple[object, ...]) -> pa.Table:
    given = pa.record_batch([pa.array([one]) for one in parameters], [str(n) for n in range(len(parameters))])
    with adbc.AdbcStatement(connection) as statement:
        statement.set_sql_query(sql)
        statement.prepare()
        schema, values = given.__arrow_c_array__()
        statement.bind(values, schema)
        found, _ = statement.execute_query()
        return pa.RecordBatchReader.from_stream(found).read_all()


@functools.cache
def _database(uri: str) -> Any:
    """What the driver knows of a database. It opens no connection that stays."""
    return adbc_driver_postgresql.connect(uri)


def _side(table: pa.Table, source: Source, bases: Sequence[str] = ()) -> Side:
    values = _columns(table, [column["name"] for column in source.profile])
    mapping = source.mapping
    amount, date, reference = mapping.get("amount") or {}, mapping.get("date") or {}, mapping.get("reference") or {}
    currency = mapping.get("currency") or {}
    decimals = table["amount"].cast(pa.decimal128(38, 9))
    texts = _amount_texts(values, amount, decimals)
    values, amount_name = _typed(
        values, amount.get("column"), "amount", decimals, has=bool(amount) or decimals.null_count < len(decimals)
    )
    values, date_name = _typed(
        values, date.get("column"), "date", table["date"], has=bool(date) or table["date"].null_count < len(table)
    )
    # The typed currency covers all of them: a currency column, currencies beside amounts, a fixed one, and records added over
    # REST. Beside amounts, it must not take the place of the amounts.
    column = currency.get("column")
    if column in (amount.get("column"), amount.get("debit"), amount.get("credit")):
        column = None
    values, currency_name = _typed(values, column, "currency", table["currency"], has=amount_name is not None)
    is_known = any(code not in (None, NO_CURRENCY) for code in pc.unique(table["currency"]).to_pylist())
    roles = Roles(
        amount=amount_name,
        currency=currency_name if is_known else None,
        currency_value=None,
        date=date_name,
        reference=reference.get("column"),
    )
    ids = SideIds(
        table["id"].to_pylist(),
        table["currency"].combine_chunks(),
        table["amount"].cast(pa.string()).combine_chunks(),
        table["date"].combine_chunks(),
        list(bases),
    )
    shown = None if texts is None or amount_name is None else pa.table({amount_name: texts})
    return Side(values, shown, ids, roles)


def _amount_texts(values: pa.Table, mapping: dict[str, Any], amounts: pa.ChunkedArray) -> pa.Array | None:
    """The amounts as loaded; null where somebody has entered an amount that differs from the text."""
    column = mapping.get("column")
    if column is None or column not in values.column_names:
        return None
    texts = values[column].combine_chunks()
    said = pc.abs(parse_amount(texts, mapping.get("decimal") or "."))
    is_said = pc.fill_null(pc.equal(said, pc.abs(amounts.combine_chunks())), False)
    return pc.if_else(is_said, texts, pa.scalar(None, pa.string()))


def _columns(table: pa.Table, names: list[str]) -> pa.Table:
    """The JSON data as text columns. If the source has no profile, the columns are those of its records."""
    # To open a database of its own takes longer than to parse what a thread parses in that time.
    connection = duck.scratch() if table.num_rows <= FEW_ROWS else duck.connect()
    try:
        # DuckDB parses as many texts at a time as a batch has, and holds ten times their size meanwhile.
        texts = table.select(["data"])
        rows = max(1, texts.num_rows * PARSED_BYTES // max(1, texts.nbytes))
        connection.register("records", pa.Table.from_batches(texts.to_batches(max_chunksize=rows), texts.schema))
        if not names:
            found = connection.sql(
                "SELECT DISTINCT unnest(json_keys(data)) AS name FROM (SELECT data FROM records LIMIT 10000) ORDER BY name"
            ).to_arrow_table()
            names = found["name"].to_pylist()
        if not names:
            return pa.table({"value": pa.array([None] * table.num_rows, pa.string())})
        # Each text is parsed once for all its columns, which takes a third of the memory of once for each. By number:
        # names that differ in case alone are one to SQL.
        pointers = ", ".join(_literal(_pointer(name)) for name in names)
        columns = ", ".join(f"found[{number}] AS c{number}" for number in range(1, len(names) + 1))
        return (
            connection.sql(
                f"SELECT {columns} FROM (SELECT json_extract_string(data, [{pointers}]) AS found FROM records)"
            )
            .to_arrow_table()
            .rename_columns(names)
        )
    finally:
        connection.close()


def _pointer(name: str) -> str:
    """A JSON pointer (RFC 6901). Unlike a path, it has no quotes or wildcards, so it can name any column."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _typed(
    values: pa.Table, column: str | None, default: str, typed: pa.ChunkedArray, *, has: bool
) -> tuple[pa.Table, str | None]:
    """Replaces the text column by the typed values, or adds them as a column with an unused name."""
    if not has:
        return values, None
    if column is not None and column in values.column_names:
        return values.set_column(values.column_names.index(column), column, typed), column
    name = default
    while name in values.column_names:
        name += "_"
    return values.append_column(name, typed), name
