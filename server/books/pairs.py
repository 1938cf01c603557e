"""Finds the pair of two sources, in either direction, and fixes its sign."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.ids import uuid7
from core.problems import Fault, Invalid
from models.status import MatchStatus
from realtime.unit_of_work import UnitOfWork
from server.store.reading import Reading

# The sign counts as long as there is a confirmed match.
_SIGN = f"""
    CASE WHEN EXISTS (SELECT 1 FROM matches m WHERE m.pair_id = pairs.id AND m.status = '{MatchStatus.CONFIRMED}')
        THEN sign END AS sign
"""
_FIND = f"""
    SELECT id, left_source_id, right_source_id, {_SIGN} FROM pairs
    WHERE least(left_source_id, right_source_id) = least($1::uuid, $2::uuid)
      AND greatest(left_source_id, right_source_id) = greatest($1::uuid, $2::uuid)
"""
_BY_ID = f"SELECT id, left_source_id, right_source_id, {_SIGN} FROM pairs WHERE id = $1"
_MAKE = """
    INSERT INTO pairs (id, project_id, left_source_id, right_source_id, created_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (least(left_source_id, right_source_id), greatest(left_source_id, right_source_id)) DO NOTHING
"""
_LOCK = "SELECT 1 FROM pairs WHERE id = $1 FOR NO KEY UPDATE"
# Under the sign that they have seen, many may confirm matches at once; to fix another one, somebody waits for all of them.
HOLD_SIGN = "pg_advisory_xact_lock_shared(hashtextextended('sign ' || $1::text, 0))::text"
_LOCK_SIGN = "SELECT pg_advisory_xact_lock(hashtextextended('sign ' || $1::text, 0))"
_FIX = f"""
    UPDATE pairs SET sign = CASE WHEN EXISTS (
        SELECT 1 FROM matches m WHERE m.pair_id = pairs.id AND m.status = '{MatchStatus.CONFIRMED}')
        THEN coalesce(sign, 1) ELSE $2::int END
    WHERE id = $1 RETURNING sign
"""


@dataclass(frozen=True)
class PairOf:
    """A pair as somebody looks at it: `turned` if their left source is its right one."""

    id: UUID
    left_source_id: UUID
    right_source_id: UUID
    sign: int | None
    turned: bool = False

    @property
    def sources(self) -> tuple[UUID, UUID]:
        """The left and the right source, as somebody looks at them."""
        sides = (self.left_source_id, self.right_source_id)
        return sides[::-1] if self.turned else sides

    @classmethod
    def of(cls, row: dict[str, Any], left_source_id: UUID | None = None) -> "PairOf":
        """A row of `pairs`, seen with this source on the left."""
        return cls(**row, turned=left_source_id is not None and left_source_id != row["left_source_id"])


async def find_pair(snapshot: Reading, left_source_id: UUID, right_source_id: UUID) -> PairOf | None:
    """The pair of two sources, or None if they have never been reconciled with each other."""
    rows = await snapshot.rows(_FIND, left_source_id, right_source_id)
    return PairOf.of(rows[0], left_source_id) if rows else None


async def make_pair(u: UnitOfWork, project_id: UUID, left_source_id: UUID, right_source_id: UUID) -> PairOf:
    """The pair of two different sources of a project, made if there is none."""
    await u.execute(_MAKE, uuid7(), project_id, left_source_id, right_source_id, u.at)
    rows = await u.execute(_FIND, left_source_id, right_source_id)
    return PairOf.of(rows[0], left_source_id)


async def lock_pair(u: UnitOfWork, pair_id: UUID) -> PairOf:
    """Lock a pair before its jobs and matches. Decisions in it wait for each other; jobs that run do not."""
    rows = await u.execute(f"{_BY_ID} FOR NO KEY UPDATE", pair_id)
    return PairOf.of(rows[0])


def sign_of_plan(document: dict[str, Any] | None) -> int | None:
    """The sign that a plan gives to a pair: -1 if it turns the amounts of one side. None without a money field."""
    for field in ((document or {}).get("fields") or {}).values():
        if field.get("type") == "money":
            turned = [isinstance(side, dict) and bool(side.get("negate")) for side in (field["left"], field["right"])]
            return -1 if turned[0] != turned[1] else 1
    return None


def refuse_other_sign(pair: PairOf, document: dict[str, Any] | None) -> None:
    """Check that a plan counts amounts as the pair's confirmed matches do. Raises: Invalid (invalid_plan)."""
    sign = sign_of_plan(document)
    if pair.sign is None or sign is None or sign == pair.sign:
        return
    said = "turns the amounts of one side" if sign < 0 else "does not turn the amounts of either side"
    message = f"{said}, but the confirmed matches of these sources do the opposite. Change the plan."
    raise Invalid(errors=(Fault("/plan", "invalid_plan", message),))


async def hold_sign(u: UnitOfWork, pair_id: UUID | str) -> int | None:
    """
    Keep the sign of a pair as it is until the transaction ends, by which the caller has confirmed a match.

    Returns: the sign, or None if the last confirmed match was undone meanwhile. It is locked after records and matches, and
    looked at afterwards.
    """
    await u.execute(f"SELECT {HOLD_SIGN}", str(pair_id))
    return await held_sign(u, pair_id)


async def held_sign(u: UnitOfWork, pair_id: UUID | str) -> int | None:
    """The sign of a pair that is being held, by a statement of its own, which sees what was done while it was waited for."""
    sign = (await u.execute(_BY_ID, pair_id))[0]["sign"]
    return None if sign is None else int(sign)


async def fix_sign(u: UnitOfWork, pair_id: UUID | str, sign: int) -> int:
    """
    Fix the sign of a pair that was seen without a confirmed match. Returns: the sign that counts, which is another one if
    somebody else fixed it meanwhile.

    First decisions wait for each other here, so nobody calls this for a pair whose sign is fixed. The lock is a statement
    of its own: a statement that has waited still sees the matches of the time before it waited.
    """
    await u.execute(_LOCK_SIGN, str(pair_id))
    await u.execute(_LOCK, pair_id)
    rows = await u.execute(_FIX, pair_id, sign)
    return int(rows[0]["sign"])


async def pairs_of(u: UnitOfWork, pair_ids: Iterable[UUID | None]) -> dict[UUID, PairOf]:
    """Pairs by their ids."""
    ids = sorted({str(pair_id) for pair_id in pair_ids if pair_id is not None})
    rows = await u.execute(_BY_ID.replace("= $1", "= ANY($1::text[]::uuid[])"), ids) if ids else []
    return {row["id"]: PairOf.of(row) for row in rows}
