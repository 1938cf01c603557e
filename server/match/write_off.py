"""
Writing records off: they have no partner and need none.

Above a limit a write-off waits as a suggestion for a second person, who confirms or rejects it as a match, or writes the
record off, too.

A record that is written off is the only record of a confirmed one-sided match, so what holds for confirmed matches
holds for it: no job takes it, no other match uses it, and it can be undone.
"""

from decimal import Decimal
from typing import Any
from uuid import UUID

from core.ids import uuid7
from core.problems import AlreadyDecided, Fault, Invalid, OverLimit
from models import access
from models.access import Actor
from models.match import Match
from models.record import Record
from models.status import DecisionKind, MatchKind, MatchStatus
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.transitions import Said, Standing, Transition
from server.match.answering import answer_with
from server.match.conflicts import already_decided, expect_version
from server.match.decisions import Decision
from server.match.four_eyes import is_over, may_proceed, sign
from server.match.holding import Held, hold, refuse_used
from server.match.reasons import refuse_unknown_reason
from server.match.schemas import WriteOff
from server.match.telling import moved_write_offs, records_of, tell_superseded, tell_write_offs
from server.match.undo import undo_match
from server.record import queries
from server.store.reading import Reading

_MATCH = """
    INSERT INTO matches (id, project_id, kind, status, origin, ambiguity, difference, currency, difference_reason,
        fields_compared, decided_by, decided_at, reason, version, created_at, updated_at, amount, date)
    VALUES ($1, $2, $3, $4, 'manual', 'none', $5, $6, $7, '[]', $8, $9, $10, 1, $9, $9, abs($5::numeric), $11)
"""
_USE = """
    INSERT INTO match_records (match_id, record_id, side, amount, currency, date, active, confirmed)
    SELECT $1, id, 'left', amount, currency, date, true, $3 FROM reconciliation_records WHERE id = $2
"""
_OF = f"""
    SELECT u.match_id FROM match_records u JOIN matches m ON m.id = u.match_id
    WHERE u.record_id = $1 AND u.active AND m.kind = '{MatchKind.ONE_SIDED}' AND m.pair_id IS NULL
"""
# The last write-off of a record, whatever became of it.
_LAST = f"""
    SELECT m.id, m.status FROM match_records u JOIN matches m ON m.id = u.match_id
    WHERE u.record_id = $1 AND m.kind = '{MatchKind.ONE_SIDED}' AND m.pair_id IS NULL ORDER BY m.updated_at DESC LIMIT 1
"""
# A write-off that waits for a second signature.
_PENDING = f"{_OF} AND NOT u.confirmed"


async def write_off(actor: Actor, record_id: UUID, body: WriteOff) -> Answer:
    """
    Writes a record off. Suggestions over it are superseded.

    Raises: NotFound, Forbidden, OverLimit above what the actor may write off, Invalid for an unknown reason code,
    RecordInUse, Busy.
    """
    async with unit_of_work(actor) as u:
        loaded = await access.load(actor, Record, record_id, "match.decide")
        record, project_id = loaded.row, loaded.project_id
        assert project_id is not None
        await refuse_unknown_reason(u, project_id, body.reason, "/reason")
        held = await hold(u, [], records=[record_id])
        record = (await access.load(actor, Record, record_id, "match.decide")).row
        await refuse_over_limit(u, project_id, loaded.role, record.amount, record.currency)
        await refuse_used(u, [record_id], [])
        if pending := await u.execute(_PENDING, record_id):
            return await _second(u, loaded.role, pending[0]["match_id"], record_id, body)
        sums = {} if record.amount is None else {record.currency: {"left": record.amount}}
        needs_two = await is_over(u, project_id, sums)
        status = MatchStatus.SUGGESTED if needs_two else MatchStatus.CONFIRMED
        rivals = [] if needs_two else held.rivals
        match_id = uuid7()
        decision = Decision.begin(u, project_id, None, DecisionKind.WRITE_OFF, body.comment)
        await decision.touch((rivals, MatchStatus.SUPERSEDED))
        transition = Transition(u)
        await transition.move(rivals, MatchStatus.SUPERSEDED, Said())
        await u.execute(
            _MATCH,
            match_id,
            project_id,
            MatchKind.ONE_SIDED,
            status,
            record.amount,
            record.currency,
            body.reason,
            actor.id,
            u.at,
            body.comment,
            record.date,
        )
        await u.execute(_USE, match_id, record_id, status == MatchStatus.CONFIRMED)
        await decision.made([match_id], status)
        await transition.made([Standing(match_id, None, None, status, 1)])
        records = await records_of(u, rivals)
        if needs_two:
            await transition.settle()
            await sign(u, await Match.get(id=match_id, using_db=u.connection), "write_off")
            return await _answer(u, record_id)
        write_offs = await moved_write_offs(u, transition, [match_id, *rivals])
        settled = await transition.settle_last(project_id)
        tell_write_offs(u, write_offs, settled)
        tell_superseded(u, project_id, rivals, settled, records)
        _audit(u, project_id, record_id, match_id, body.reason)
        return await _answer(u, record_id)


async def _second(u: UnitOfWork, role: str, match_id: UUID, record_id: UUID, body: WriteOff) -> Answer:
    """The second signature under a write-off: now it takes effect."""
    held = await hold(u, [match_id], records=[record_id])
    match = await Match.get(id=match_id, using_db=u.connection)
    if match.difference_reason != body.reason:
        message = f"is not what was signed, which is {match.difference_reason}; reject that to give another reason"
        raise Invalid(errors=(Fault("/reason", "invalid_field", message),))
    if await may_proceed(u, match, role, "write_off"):
        await _take_effect(u, match, held, record_id, body.comment)
    return await _answer(u, record_id)


async def decide_write_off(
    u: UnitOfWork, match_id: UUID, status: MatchStatus, reason: str | None, expected: int | None
) -> Answer:
    """
    Signs a write-off that waits for a second person, or rejects it: then its record is open again.

    Raises: NotFound, Forbidden, OverLimit, AlreadyDecided, RecordInUse, VersionConflict, FourEyes, Busy.
    """
    held = await hold(u, [match_id], is_deciding=True)
    loaded = await access.load(u.actor, Match, match_id, "match.decide", lock=True)
    match, standing = loaded.row, held.matches[match_id]
    await expect_version(u, match, expected)
    if standing.status != MatchStatus.SUGGESTED:
        raise await already_decided(u, match_id, standing.status)
    if status == MatchStatus.REJECTED:
        decision = Decision.begin(u, match.project_id, None, DecisionKind.REJECT, reason)
        await decision.touch(([standing], status))
        transition = Transition(u)
        await transition.move([standing], status, Said(u.actor.id, u.at, reason))
        write_offs = await moved_write_offs(u, transition, [standing])
        settled = await transition.settle_last(match.project_id)
        tell_write_offs(u, write_offs, settled)
        _audit_rejected(u, match, standing, decision, reason)
        return await answer_with(u, match_id)
    held.refuse_gone(match_id)
    (record_id,) = held.record_ids(match_id)
    record = await Record.get(id=record_id, using_db=u.connection)
    await refuse_over_limit(u, match.project_id, loaded.role, record.amount, record.currency)
    await refuse_used(u, [record_id], [match_id])
    if await may_proceed(u, match, loaded.role, "write_off"):
        await _take_effect(u, match, held, record_id, reason)
    return await answer_with(u, match_id)


async def _take_effect(u: UnitOfWork, match: Match, held: Held, record_id: UUID, comment: str | None) -> None:
    """Write the record of a write-off off that waited. What the first person said stays, unless the second says more."""
    await sign(u, match, "write_off")
    standing = held.matches[match.id]
    decision = Decision.begin(u, match.project_id, None, DecisionKind.WRITE_OFF, comment)
    await decision.touch(([standing], MatchStatus.CONFIRMED), (held.rivals, MatchStatus.SUPERSEDED))
    transition = Transition(u)
    await transition.move([standing], MatchStatus.CONFIRMED, Said(u.actor.id, u.at, comment or match.reason))
    await transition.move(held.rivals, MatchStatus.SUPERSEDED, Said())
    records = await records_of(u, held.rivals)
    write_offs = await moved_write_offs(u, transition, [standing, *held.rivals])
    settled = await transition.settle_last(match.project_id)
    tell_write_offs(u, write_offs, settled)
    tell_superseded(u, match.project_id, held.rivals, settled, records)
    _audit(u, match.project_id, record_id, match.id, match.difference_reason)


def _audit_rejected(u: UnitOfWork, match: Match, standing: Standing, decision: Decision, reason: str | None) -> None:
    u.audit(
        f"project:{match.project_id}",
        "match.reject",
        ("match", match.id),
        version=standing.version + 1,
        changed=["status"],
        decision=str(decision.id),
        **({"reason": reason} if reason else {}),
    )


def _audit(u: UnitOfWork, project_id: UUID, record_id: UUID, match_id: UUID, code: str | None) -> None:
    u.audit(f"project:{project_id}", "record.write_off", ("record", record_id), match=str(match_id), code=code)


async def _answer(u: UnitOfWork, record_id: UUID) -> Answer:
    view = await queries.view_of(Reading(u.connection), record_id)
    return u.answer(200, view, version=view.version)


async def undo_write_off(actor: Actor, record_id: UUID) -> Answer:
    """Takes a write-off back. Raises: NotFound, Forbidden, AlreadyDecided if it is not written off, Busy."""
    async with unit_of_work(actor) as u:
        await access.load(actor, Record, record_id, "match.decide")
        rows = await u.execute(_OF, record_id)
        if not rows:
            raise await _taken_back(u, record_id)
    return await undo_match(actor, rows[0]["match_id"], None, None)


async def _taken_back(u: UnitOfWork, record_id: UUID) -> AlreadyDecided:
    """The refusal for a record that is not written off, with who took its last write-off back, and when."""
    rows = await u.execute(_LAST, record_id)
    if not rows:
        return AlreadyDecided("The record is not written off. There is nothing to take back.")
    refusal = await already_decided(u, rows[0]["id"], MatchStatus(rows[0]["status"]))
    who, at = refusal.extensions["decided_by_name"] or "Somebody", refusal.extensions["decided_at"]
    when = "" if at is None else f" at {at[:10]} {at[11:16]} UTC"
    return AlreadyDecided(
        f"{who} took the write-off of this record back{when}. There is nothing to take back.",
        extensions=refusal.extensions,
    )


async def refuse_over_limit(
    u: UnitOfWork, project_id: UUID, role: str, amount: Decimal | None, currency: str | None
) -> None:
    """Check what somebody below a controller may write off. Raises: OverLimit."""
    if access.can(role, "match.write_off_any"):
        return
    rows: list[dict[str, Any]] = await u.execute(
        "SELECT (write_off_limit->>'amount')::numeric AS amount, write_off_limit->>'currency' AS currency "
        "FROM projects WHERE id = $1",
        project_id,
    )
    limit = rows[0]
    if limit["amount"] is None or not amount:
        return
    if currency != limit["currency"] or abs(amount) > limit["amount"]:
        raise OverLimit(
            f"You may write off up to {limit['amount']:f} {limit['currency']}. Ask a controller to write this record off."
        )
