"""Reads what an export holds, in one snapshot, as rows that PostgreSQL itself writes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise import Tortoise

from core.clock import now
from core.money import CURRENCIES, exponent
from core.problems import TokenRevoked
from models import access
from models.access import Actor
from models.job import Job
from models.project import Project
from realtime import streams
from server.export.encoding import About
from server.export.layout import DELIMITER, QUOTE, Layout
from server.export.schemas import ExportQuery
from server.record.columns import MAX_ADDED, columns_of
from server.store.reading import Position, Reading

PAGE_MATCHES = 2_000
PAGE_ROWS = 20_000  # of a source that are looked at for open items
MOST_NAMES = 5_000
Write = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True)
class Selection:
    """What is exported, as of the snapshot that it was opened in."""

    job: Job
    query: ExportQuery
    about: About
    position: Position
    name: str  # of the file, without its ending


async def select(actor: Actor, snapshot: Reading, job_id: UUID, query: ExportQuery) -> Selection:
    """What an export of a job holds, if the actor may read it. Raises: NotFound, Forbidden."""
    job = (await access.load(actor, Job, job_id, "project.read_within")).row
    left, right = await _names(snapshot, job.left_source_id), await _names(snapshot, job.right_source_id)
    at = now()
    project = (await access.load(actor, Project, job.project_id, "project.read_within")).row
    facts = {
        "project": project.name,
        "job": str(job.id),
        "what": query.what,
        "as_of": at.isoformat(timespec="seconds"),
        "plan_hash": job.plan_hash or "",
        "plan_version": str(job.plan_version or ""),
    }
    about = About(Layout(query.what, left, right), facts, job.plan_document)
    name = f"{query.what}-{at:%Y-%m-%d}-{str(job.id)[-8:]}"
    return Selection(job, query, about, await snapshot.position(streams.job(job_id)), name)


async def _names(snapshot: Reading, source_id: UUID) -> tuple[str, ...]:
    """The columns of a source. Beyond a number of columns that records added, only the records know them."""
    names = (await columns_of(snapshot, [source_id])).get(source_id, [])
    added = await snapshot.rows(
        "SELECT jsonb_array_length(coalesce(detection->'added_columns', '[]')) AS n FROM sources WHERE id = $1",
        source_id,
    )
    if added[0]["n"] < MAX_ADDED:
        return tuple(names)
    rows = await snapshot.rows(
        "SELECT DISTINCT jsonb_object_keys(data) AS name FROM reconciliation_records WHERE source_id = $1 "
        f"ORDER BY 1 LIMIT {MOST_NAMES}",
        source_id,
    )
    return tuple(dict.fromkeys([*names, *(row["name"] for row in rows)]))


async def check_still(actor: Actor, job_id: UUID) -> None:
    """Check that the actor may still read a job and is still signed in. Raises: NotFound, Forbidden, TokenRevoked."""
    await access.load(actor, Job, job_id, "project.read_within")
    if actor.session_id is not None:
        open_now = await Tortoise.get_connection("default").execute_query_dict(
            "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()", [actor.session_id]
        )
        if not open_now:
            raise TokenRevoked


async def write_rows(snapshot: Reading, selection: Selection, write: Write) -> None:
    """Write all rows, in short statements. Each call of `write` gets whole rows."""
    statements = (
        _matches(snapshot, selection) if selection.query.what == "matches" else _open_items(snapshot, selection)
    )
    raw = snapshot.connection._connection
    async for sql in statements:
        await raw.copy_from_query(sql, output=write, format="csv", delimiter=DELIMITER, quote=QUOTE, encoding="utf-8")


async def _matches(snapshot: Reading, selection: Selection) -> AsyncIterator[str]:
    conditions = ["job_id = $1"]
    values: list[Any] = [selection.job.id]
    for column, value in (("status", selection.query.status), ("pass_name", selection.query.pass_name)):
        if value is not None:
            values.append(value)
            conditions.append(f"{column} = ${len(values)}")
    ids = await snapshot.connection._connection.cursor(
        f"SELECT id FROM matches WHERE {' AND '.join(conditions)} ORDER BY id", *values
    )
    while found := await ids.fetch(PAGE_MATCHES):
        # By id, so that whatever PostgreSQL believes about the tables, it looks up these matches and nothing else.
        yield _MATCHES.format(ids=",".join(str(row["id"]) for row in found))


async def _open_items(snapshot: Reading, selection: Selection) -> AsyncIterator[str]:
    job = selection.job
    for side, source_id in (("left", job.left_source_id), ("right", job.right_source_id)):
        revision = int(job.inputs.get(side, {}).get("revision", 2**31 - 1))
        found = await snapshot.rows(
            'SELECT coalesce(max("row"), -1) AS last FROM reconciliation_records WHERE source_id = $1', source_id
        )
        for first in range(0, found[0]["last"] + 1, PAGE_ROWS):
            yield _OPEN_ITEMS.format(
                side=side, source=source_id, job=job.id, revision=revision, first=first, end=first + PAGE_ROWS,
                today=now().date(),
            )  # fmt: skip


def _money(amount: str, currency: str) -> str:
    """SQL: an amount as core.money writes it."""
    digits: dict[int, list[str]] = {}
    for code in sorted(CURRENCIES):
        digits.setdefault(exponent(code), []).append(f"'{code}'")
    cases = " ".join(f"WHEN {currency} IN ({', '.join(digits[n])}) THEN {n}" for n in digits if n != 2)
    return f"round({amount}, greatest(scale(trim_scale({amount})), CASE {cases} ELSE 2 END))::text"


_RECORD = f"""r."row", {_money("r.amount", "r.currency")}, r.currency, r.date, r.reference"""
# The columns of matching.reading.exported, and the record itself.
_MATCHES = f"""
    SELECT m.id, m.status, m.kind, m.pass_name, m.score, m.margin, m.ambiguity, {_money("m.difference", "m.currency")},
        u.side, {_RECORD}, m.origin, p.display_name,
        to_char(m.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), m.reason, m.plan_hash,
        CASE WHEN row_number() OVER (PARTITION BY m.id ORDER BY u.side, r."row") = 1 THEN m.fields_compared::text END,
        r.id, r.data
    FROM matches m LEFT JOIN (match_records u JOIN reconciliation_records r ON r.id = u.record_id) ON u.match_id = m.id
    LEFT JOIN users p ON p.id = m.decided_by
    WHERE m.id = ANY('{{{{{{ids}}}}}}'::uuid[]) ORDER BY m.id, u.side, r."row"
"""
# The records that server/match/queries.py lists as unmatched.
_OPEN_ITEMS = f"""
    SELECT r.id, '{{side}}', {_RECORD}, DATE '{{today}}' - r.date, r.data
    FROM reconciliation_records r
    WHERE r.source_id = '{{source}}' AND r."row" >= {{first}} AND r."row" < {{end}} AND r.revision <= {{revision}}
    AND NOT EXISTS (SELECT FROM match_records x WHERE x.record_id = r.id AND x.job_id = '{{job}}' AND x.active)
    AND NOT EXISTS (SELECT FROM match_records x WHERE x.record_id = r.id AND x.confirmed)
    ORDER BY r."row"
"""
