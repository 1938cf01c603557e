"""Takes the locks that a decision needs, in their order, and finds the suggestions that it would supersede."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from core import problems
from models.status import MatchStatus
from realtime.unit_of_work import UnitOfWork
from server.books.pairs import HOLD_SIGN, fix_sign, held_sign, sign_of_plan
from server.books.transitions import Standing, lock_matches
from server.holds.locks import hold_records
from server.holds.uses import used_by

ROUNDS = 3  # a job may add a suggestion while the records are being locked
WAIT = "1s"  # for a match that a bulk, or another decision, holds at the moment; then the answer is 503 `busy`
# The statements of a decision are about a few rows, found by their ids. With values unknown to the planner, it would plan
# each of them anew (measured: half of the database's time for a decision).
_SETTINGS = (
    f"SELECT set_config('lock_timeout', '{WAIT}', true), set_config('plan_cache_mode', 'force_generic_plan', true)"
)
DECIDING = (
    f"SET LOCAL lock_timeout = '{WAIT}'; SET LOCAL plan_cache_mode = force_generic_plan"  # the same, to begin with
)
BULK_WAIT = "5s"  # of a bulk, for a decision that is being made at the moment
# The opposite for a bulk: PostgreSQL compares a known array as a hash, and an unknown one element by element.
_BULK_SETTINGS = (
    f"SELECT set_config('lock_timeout', '{BULK_WAIT}', true), set_config('plan_cache_mode', 'force_custom_plan', true)"
)
_RIVALS = f"""
    SELECT DISTINCT match_id FROM match_records
    WHERE record_id = ANY($1::text[]::uuid[]) AND active AND NOT confirmed AND match_id <> ALL($2::text[]::uuid[])
    UNION SELECT id FROM matches WHERE extends_id = ANY($2::text[]::uuid[]) AND extends_id IS NOT NULL
        AND status = '{MatchStatus.SUGGESTED}' AND id <> ALL($2::text[]::uuid[])
"""
_IN_WAY = "(u.confirmed OR ($3::bool AND ($4::uuid IS NULL OR u.pair_id = $4)))"
_RECORDS = "SELECT match_id, record_id, side FROM match_records WHERE match_id = ANY($1::text[]::uuid[]) ORDER BY id"
# The records of some matches, of what they extend, of the suggestions to extend them, and with $2 of their rivals.
_OF_MANY = f"""
    WITH given AS (SELECT unnest($1::text[])::uuid AS id), mine AS (SELECT id FROM given
        UNION SELECT m.extends_id FROM matches m JOIN given USING (id) WHERE m.extends_id IS NOT NULL),
    touched AS (SELECT id FROM mine
        UNION SELECT x.id FROM mine JOIN matches x ON x.extends_id = mine.id WHERE x.status = '{MatchStatus.SUGGESTED}'
        UNION SELECT o.match_id FROM mine JOIN match_records u ON u.match_id = mine.id
            JOIN match_records o ON o.record_id = u.record_id WHERE $2::bool AND o.active AND NOT o.confirmed)
    SELECT coalesce(array_agg(DISTINCT u.record_id::text), '{{}}') AS ids FROM match_records u
    JOIN touched ON touched.id = u.match_id
"""
_HOLD_MANY = """
    SELECT count(*) FROM (SELECT id FROM reconciliation_records WHERE id = ANY($1::text[]::uuid[])
        ORDER BY id FOR NO KEY UPDATE) x
"""
# What fixes the sign of a pair, which is held if it is fixed.
_SIGN = f"""
    WITH known AS MATERIALIZED (SELECT EXISTS (SELECT 1 FROM matches m WHERE m.pair_id = p.id AND m.status = '{MatchStatus.CONFIRMED}') AS is_fixed, (SELECT j.plan_document::text FROM reconciliation_jobs j WHERE j.pair_id = p.id
                    AND j.plan_document IS NOT NULL ORDER BY j.id DESC LIMIT 1) AS document
    FROM pairs p WHERE p.id = $1::text::uuid)
    SELECT is_fixed, document, CASE WHEN is_fixed THEN {HOLD_SIGN} END AS held FROM known
"""


@dataclass(frozen=True)
class Held:
    """Matches and their records, locked; and the suggestions that a decision for these records supersedes."""

    matches: dict[UUID, Standing]
    records: dict[UUID, list[dict[str, Any]]]
    rivals: list[Standing]
    exist: set[UUID]  # the records that were locked; one that was deleted is missing

    def record_ids(self, match_id: UUID) -> list[UUID]:
        """The records of a match, in the order of their ids."""
        return sorted(use["record_id"] for use in self.records.get(match_id, []))

    def refuse_gone(self, match_id: UUID) -> None:
        """Check that all records of a match exist. Raises: RecordInUse."""
        if not self.exist.issuperset(self.record_ids(match_id)):
            raise problems.RecordInUse("A record of this match no longer exists. Reject the match.")


async def wait_briefly(u: UnitOfWork) -> None:
    """Let what follows wait only as long for a match as a decision does, which is then refused as busy."""
    await u.execute(f"SET LOCAL lock_timeout = '{WAIT}'")


async def begin_bulk(u: UnitOfWork) -> None:
    """Let what follows work on many matches at once."""
    await u.execute(_BULK_SETTINGS)


async def hold_many(u: UnitOfWork, match_ids: Sequence[UUID], *, with_rivals: bool) -> None:
    """
    Lock the records of many matches, and of the suggestions that a decision about them supersedes or brings back. The
    caller locks the matches next.
    """
    texts = [str(match_id) for match_id in match_ids]
    held = set[str]()
    for _ in range(ROUNDS):
        found = await u.execute(_OF_MANY, texts, with_rivals)
        if held.issuperset(found[0]["ids"]):
            break
        held.update(found[0]["ids"])
        await u.execute(_HOLD_MANY, found[0]["ids"])


async def hold(
    u: UnitOfWork, match_ids: Sequence[UUID], *, records: Sequence[UUID] = (), is_deciding: bool = False
) -> Held:
    """
    Lock matches, and before them their records and those given; and with both the other suggestions over these records,
    and the suggestions to extend one of the matches. `is_deciding` says that the transaction has begun with DECIDING.

    Raises: LockNotAvailable, which becomes 503 `busy`, if somebody holds one of the matches for longer than a second.
    """
    if not is_deciding:
        await u.execute(_SETTINGS)
    texts = [str(match_id) for match_id in match_ids]
    uses: dict[UUID, list[dict[str, Any]]] = {}
    for row in await u.execute(_RECORDS, texts) if texts else ():
        uses.setdefault(row["match_id"], []).append(row)
    wanted = [*(use["record_id"] for found in uses.values() for use in found), *records]
    rivals, exist = await _hold_with_rivals(u, wanted, texts) if wanted else ([], set())
    standing = await lock_matches(u, [*match_ids, *rivals])
    return Held(
        {match_id: standing[match_id] for match_id in match_ids if match_id in standing},
        uses,
        [standing[rival] for rival in rivals if standing[rival].status == MatchStatus.SUGGESTED],
        exist,
    )


async def _hold_with_rivals(
    u: UnitOfWork, records: Sequence[UUID], match_ids: list[str]
) -> tuple[list[UUID], set[UUID]]:
    """Lock records, and those of other suggestions over them. Returns: these suggestions, and the records that exist."""
    wanted = {str(record_id) for record_id in records}
    rivals: list[UUID] = []
    held, exist = set[str](), set[UUID]()
    for _ in range(ROUNDS):
        found = await u.execute(_RIVALS, [str(record_id) for record_id in records], match_ids)
        rivals = [row["match_id"] for row in found]
        uses = await u.execute(_RECORDS, [str(rival) for rival in rivals]) if rivals else []
        wanted |= {str(use["record_id"]) for use in uses}
        if wanted == held:
            break
        # Looked at again, because somebody may bring a suggestion back while the records are being locked.
        exist, held = await hold_records(u, sorted(wanted), alone=True), set(wanted)
    return rivals, exist


async def refuse_used(
    u: UnitOfWork,
    record_ids: Sequence[UUID],
    but: Sequence[UUID],
    *,
    suggested_too: bool = False,
    pair_id: UUID | None = None,
) -> None:
    """
    Check that no other match holds the records: no confirmed one, or with `suggested_too` no suggestion either; if a pair
    is given, none of that pair.

    Raises: RecordInUse, which names the match and who decided it.
    """
    rows = await u.execute(
        "SELECT u.match_id, u.record_id FROM match_records u "
        f"WHERE u.record_id = ANY($1::text[]::uuid[]) AND u.active AND {_IN_WAY} "
        "AND u.match_id <> ALL($2::text[]::uuid[]) ORDER BY u.confirmed DESC LIMIT 1",
        [str(record_id) for record_id in record_ids],
        [str(match_id) for match_id in but],
        suggested_too,
        pair_id,
    )
    if rows:
        what = "this record" if len(record_ids) == 1 else "one of these records"
        raise await used_by(u, rows[0]["match_id"], rows[0]["record_id"], what)


async def ensure_sign(u: UnitOfWork, pair_id: UUID | None, sums: tuple[Any, Any] | None = None) -> int:
    """
    Fix the sign of a pair before its first match is confirmed. Returns: the sign.

    It stays until the transaction ends. The newest plan of the pair says it. Without a plan, `sums` of both sides do:
    opposite amounts of the same size. Of two first decisions at once the one that comes first fixes it for both.
    """
    if pair_id is None:
        return 1
    rows = await u.execute(_SIGN, str(pair_id))
    if rows[0]["is_fixed"] and (sign := await held_sign(u, pair_id)) is not None:
        return sign
    found = sign_of_plan(None if rows[0]["document"] is None else orjson.loads(rows[0]["document"]))
    if found is None:
        found = -1 if sums is not None and sums[0] and sums[0] == -sums[1] else 1
    return await fix_sign(u, pair_id, found)
