"""Reads what an export holds, in one snapshot, as rows that PostgreSQL itself writes."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date
from itertools import product
from typing import Any

from core.clock import now
from core.money import CURRENCIES, exponent
from server.export.layout import DELIMITER, QUOTE
from server.export.targets import Selection, Side
from server.match import search
from server.match.open_items import OF_REMAINDER
from server.store.reading import Reading

PAGE_MATCHES = 2_000
PAGE_ROWS = 20_000  # of a source that are looked at for open items
Write = Callable[[bytes], Awaitable[None]]


async def write_rows(snapshot: Reading, selection: Selection, write: Write) -> None:
    """Write all rows, in short statements. Each call of `write` gets whole rows."""
    statements = (
        _matches(snapshot, selection) if selection.query.what == "matches" else _open_items(snapshot, selection)
    )
    raw = snapshot.connection._connection
    async for sql, *values in statements:
        await raw.copy_from_query(
            sql, *values, output=write, format="csv", delimiter=DELIMITER, quote=QUOTE, encoding="utf-8"
        )


async def _matches(snapshot: Reading, selection: Selection) -> AsyncIterator[tuple[str, ...]]:
    # A job's matches stand as the job found them, a pair's as somebody looks at the pair, and what was written off on the side
    # of its source, signed as loaded.
    turned = f"m.turned <> {selection.is_turned}" if selection.pair_id is not None else "false"
    of_right = f"r.source_id <> '{selection.sides[0].source_id}'"
    places = ((selection.matches, turned, -selection.sign), (selection.write_offs, of_right, 1))
    for (chosen, is_turned, sign), (condition, order) in product(places, selection.order.walks):
        ids = await snapshot.connection._connection.cursor(
            "SELECT t.id, t.extends_id IS NOT NULL AS extends FROM matches t "
            f"WHERE {' AND '.join([*chosen.conditions, condition])} ORDER BY {order}",
            *chosen.values,
        )
        while found := await ids.fetch(PAGE_MATCHES):
            # By id, so that whatever PostgreSQL believes about the tables, it looks up these matches and nothing else.
            listed = ",".join(str(row["id"]) for row in found)
            uses = _USES.format(ids=listed) if any(row["extends"] for row in found) else "match_records"
            yield (_MATCHES.format(ids=listed, turned=is_turned, sign=sign, uses=uses),)


async def _open_items(snapshot: Reading, selection: Selection) -> AsyncIterator[tuple[str, ...]]:
    today = now().date()
    for side in selection.sides:
        found = await snapshot.rows(
            'SELECT coalesce(max("row"), -1) AS last FROM reconciliation_records WHERE source_id = $1', side.source_id
        )
        chosen, values = _found(search.OF_RECORD, selection.words_of(side.name))
        for first in range(0, found[0]["last"] + 1, PAGE_ROWS):
            yield _open_records(side, first, today, found=chosen), *values
    if selection.pair_id is not None:
        turned = f"m.turned <> {selection.is_turned}"
        for side in selection.sides:
            chosen, values = _found(OF_REMAINDER, selection.words_of(side.name))
            yield (
                _REMAINDERS.format(
                    turned=turned, pair=selection.pair_id, today=today, found=chosen, side=f"'{side.name}'"
                ),
                *values,
            )


def _found(condition: str, words: Sequence[str]) -> tuple[str, list[Any]]:
    """The condition that rows are found by all of these, and its values; nothing if there are none."""
    values = [value for one in words for value in search.values(one)]
    conditions = " ".join(f"AND {condition}" for _ in words)
    for n, _ in enumerate(values, start=1):
        conditions = conditions.replace("?", f"${n}", 1)
    return conditions, values


def _open_records(side: Side, first: int, today: date, *, found: str) -> str:
    """The records that server/match lists as open: of a job those that it does not use, of a pair as its books count them."""
    own = f"x.pair_id = '{side.pair_id}'" if side.job_id is None else f"x.job_id = '{side.job_id}'"
    used = f"(x.confirmed OR (x.active AND {own}))"
    return _OPEN_RECORDS.format(
        side=side.name,
        source=side.source_id,
        revision=side.revision,
        used=used,
        first=first,
        end=first + PAGE_ROWS,
        today=today,
        found=found,
    )


def _side(of: str) -> str:
    """SQL: a side, as it is looked at."""
    return f"CASE WHEN {{turned}} THEN CASE {of} WHEN 'left' THEN 'right' WHEN 'right' THEN 'left' END ELSE {of} END"


def _money(amount: str, currency: str) -> str:
    """SQL: an amount as core.money writes it."""
    digits: dict[int, list[str]] = {}
    for code in sorted(CURRENCIES):
        digits.setdefault(exponent(code), []).append(f"'{code}'")
    cases = " ".join(f"WHEN {currency} IN ({', '.join(digits[n])}) THEN {n}" for n in digits if n != 2)
    return f"round({amount}, greatest(scale(trim_scale({amount})), CASE {cases} ELSE 2 END))::text"


_RECORD = f"""r."row", {_money("r.amount", "r.currency")}, r.currency, r.date, r.reference"""
_KINDS = {"one_to_many": "many_to_one", "many_to_one": "one_to_many"}
_KIND = " ".join(f"WHEN m.kind = '{kind}' AND {{turned}} THEN '{other}'" for kind, other in _KINDS.items())
_DIFFERENCE = "CASE WHEN {turned} THEN {sign} * m.difference ELSE m.difference END"
# What becomes of a difference, if there is one. Over several currencies it is no sum, and is booked.
_AS = """CASE WHEN m.pair_id IS NOT NULL AND (m.difference <> 0 OR (m.difference IS NULL AND m.difference_as = 'booked'))
    THEN m.difference_as END"""
# The records of the matches. A suggestion to extend a match is shown with those of its base, as in lists.
_USES = """(SELECT u.match_id, u.record_id, u.side FROM match_records u WHERE u.match_id = ANY('{{{ids}}}'::uuid[])
    UNION ALL SELECT e.id, o.record_id, CASE WHEN b.turned = e.turned THEN o.side WHEN o.side = 'left' THEN 'right' ELSE 'left' END
    FROM matches e JOIN matches b ON b.id = e.extends_id JOIN match_records o ON o.match_id = b.id
    WHERE e.id = ANY('{{{ids}}}'::uuid[]) AND e.extends_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM match_records v WHERE v.match_id = e.id AND v.record_id = o.record_id))"""
# The columns of matching.reading.exported, and the record itself.
_MATCHES = f"""
    SELECT m.id, m.status, CASE {_KIND} ELSE m.kind END, m.pass_name, m.score, m.margin, m.ambiguity,
        {_money(_DIFFERENCE, "m.currency")}, {_AS}, m.difference_reason,
        {_money("m.remainder", "m.currency")}, {_side("m.remainder_side")},
        {_side("u.side")}, {_RECORD}, m.origin, p.display_name,
        to_char(m.decided_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), m.reason, m.plan_hash,
        CASE WHEN row_number() OVER (PARTITION BY x.n ORDER BY {_side("u.side")}, r."row") = 1
            THEN m.fields_compared::text END,
        r.id, r.data
    FROM unnest('{{{{{{ids}}}}}}'::uuid[]) WITH ORDINALITY x(id, n) JOIN matches m ON m.id = x.id
    LEFT JOIN ({{uses}} u JOIN reconciliation_records r ON r.id = u.record_id) ON u.match_id = m.id
    LEFT JOIN users p ON p.id = m.decided_by ORDER BY x.n, {_side("u.side")}, r."row"
"""
_OPEN_RECORDS = f"""
    SELECT r.id, NULL, '{{side}}', {_RECORD}, DATE '{{today}}' - r.date, r.data
    FROM reconciliation_records r
    WHERE r.source_id = '{{source}}' AND r."row" >= {{first}} AND r."row" < {{end}} AND r.revision <= {{revision}}
    AND NOT EXISTS (SELECT FROM match_records x WHERE x.record_id = r.id AND {{used}}) {{found}}
    ORDER BY r."row"
"""
# What confirmed matches leave open, since they were confirmed (server/match/pair.py lists them too).
_REMAINDERS = f"""
    SELECT NULL, m.id, {_side("m.remainder_side")}, NULL, {_money("m.remainder", "m.currency")}, m.currency,
        m.remainder_since::date, NULL, DATE '{{today}}' - m.remainder_since::date, NULL
    FROM matches m WHERE m.pair_id = '{{pair}}' AND m.remainder IS NOT NULL AND {_side("m.remainder_side")} = {{side}}
        {{found}} ORDER BY m.id
"""
