"""
Matches that extend another one: a job proposes to pay the remainder of a confirmed match with one more record.

Such a suggestion uses only its new record. When it is confirmed, the match that it extends, its base, is superseded, and
the records of the base become its own (books/transitions.py). It is suggested only as long as its base stays confirmed.
"""

from collections.abc import Sequence
from uuid import UUID

from core import problems
from models.status import ACTIVE_MATCH, MatchStatus
from realtime.unit_of_work import UnitOfWork
from server.books.transitions import Said, Standing, Transition, lock_matches
from server.match.conflicts import latest_change

_BASES = """
    SELECT id, extends_id FROM matches WHERE id = ANY($1::text[]::uuid[]) AND extends_id IS NOT NULL AND origin = 'engine'
"""
_EXTENSIONS = """
    SELECT id, extends_id FROM matches WHERE extends_id = ANY($1::text[]::uuid[]) AND extends_id IS NOT NULL
        AND status = ANY($2::text[]) AND id <> ALL($3::text[]::uuid[]) ORDER BY id
"""


async def bases_of(u: UnitOfWork, match_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Which match each of some matches extends, or would extend. Leaves out those that a person made."""
    rows = await u.execute(_BASES, [str(one) for one in match_ids]) if match_ids else []
    return {row["id"]: row["extends_id"] for row in rows}


async def suggested_extensions(u: UnitOfWork, base_ids: Sequence[UUID], but: Sequence[UUID] = ()) -> list[Standing]:
    """The suggestions to extend some matches, locked."""
    rows = await _extensions(u, base_ids, [MatchStatus.SUGGESTED], but)
    found = await lock_matches(u, list(rows)) if rows else {}
    return [match for match in found.values() if match.status == MatchStatus.SUGGESTED]


async def supersede_extensions(
    u: UnitOfWork, transition: Transition, base_ids: Sequence[UUID], but: Sequence[UUID]
) -> list[Standing]:
    """Supersede the suggestions to extend matches that are confirmed no longer. Returns: these suggestions."""
    extensions = await suggested_extensions(u, base_ids, but)
    await transition.move(extensions, MatchStatus.SUPERSEDED, Said())
    return extensions


async def extended(u: UnitOfWork, match_ids: Sequence[UUID], but: Sequence[UUID]) -> set[UUID]:
    """Those of the matches that another match extends, `but` for some."""
    return set((await _extensions(u, match_ids, ACTIVE_MATCH, but)).values())


async def _extensions(
    u: UnitOfWork, base_ids: Sequence[UUID], statuses: Sequence[MatchStatus], but: Sequence[UUID]
) -> dict[UUID, UUID]:
    """Extensions, and which match each of them extends."""
    if not base_ids:
        return {}
    texts = [[str(one) for one in ids] for ids in (base_ids, but)]
    rows = await u.execute(_EXTENSIONS, texts[0], [str(status) for status in statuses], texts[1])
    return {row["id"]: row["extends_id"] for row in rows}


async def baseless(
    u: UnitOfWork, suggested: Sequence[UUID], targets: dict[UUID, MatchStatus], lost: set[UUID]
) -> set[UUID]:
    """
    Those of some matches, which would be suggested again, whose base is not confirmed in the end. `targets` is what
    matches become, except those that are `lost`. The caller has locked the bases.
    """
    bases = await bases_of(u, suggested)
    standing = await lock_matches(u, sorted(set(bases.values()))) if bases else {}

    def ends_confirmed(base: UUID) -> bool:
        if base in targets and base not in lost:
            return targets[base] == MatchStatus.CONFIRMED
        return base in standing and standing[base].status == MatchStatus.CONFIRMED

    return {one for one, base in bases.items() if not ends_confirmed(base)}


async def refuse_changed(u: UnitOfWork, base_id: UUID, base: Standing | None) -> Standing:
    """Check that a match that would be extended is still confirmed. Raises: VersionConflict, which says who changed it."""
    if base is None or base.status != MatchStatus.CONFIRMED:
        said, more = await latest_change(u, base_id)
        raise problems.VersionConflict(
            f"{said} It is the match that this one extends. Reject this suggestion.",
            extensions={"match_id": str(base_id), **more} | ({} if base is None else {"current_version": base.version}),
        )
    return base
