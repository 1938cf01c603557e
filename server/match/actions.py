"""Confirming and rejecting a suggested match."""

from typing import Any
from uuid import UUID

from models import access
from models.access import Actor
from models.match import Match
from models.status import DecisionKind, MatchStatus
from realtime.events.match import MatchConfirmed, MatchRejected
from realtime.unit_of_work import Answer, unit_of_work
from server.books.transitions import Said, Transition
from server.match.answering import answer_with
from server.match.conflicts import already_decided, expect_version
from server.match.decisions import Decision
from server.match.extensions import refuse_changed
from server.match.four_eyes import may_proceed
from server.match.holding import DECIDING, ensure_sign, hold, refuse_used
from server.match.telling import moved_write_offs, records_of, tell, tell_superseded, tell_write_offs
from server.match.write_off import decide_write_off

_VERBS: dict[MatchStatus, tuple[DecisionKind, Any]] = {
    MatchStatus.CONFIRMED: (DecisionKind.CONFIRM, MatchConfirmed),
    MatchStatus.REJECTED: (DecisionKind.REJECT, MatchRejected),
}


async def confirm_match(actor: Actor, match_id: UUID, reason: str | None, expected: int | None) -> Answer:
    """
    Confirms a suggested match. Other suggestions over its records are superseded, and so is the match that it extends.
    Above the project's limit the first person only signs. A write-off that waits for a second person is signed.

    Raises: NotFound, Forbidden, OverLimit, AlreadyDecided, RecordInUse, VersionConflict (also if the match that it extends is not
    confirmed any more), FourEyes, Busy.
    """
    return await _decide(actor, match_id, MatchStatus.CONFIRMED, reason, expected)


async def reject_match(actor: Actor, match_id: UUID, reason: str | None, expected: int | None) -> Answer:
    """
    Rejects a suggested match: its records are open again, and its set of records is not suggested again.

    Raises: as confirm_match.
    """
    return await _decide(actor, match_id, MatchStatus.REJECTED, reason, expected)


async def _decide(
    actor: Actor, match_id: UUID, status: MatchStatus, reason: str | None, expected: int | None
) -> Answer:
    kind, event = _VERBS[status]
    async with unit_of_work(actor, DECIDING) as u:
        seen = (await access.load(actor, Match, match_id, "match.decide")).row
        if seen.pair_id is None:
            return await decide_write_off(u, match_id, status, reason, expected)
        bases = [one for one in (seen.extends_id,) if one is not None and status == MatchStatus.CONFIRMED]
        held = await hold(u, [match_id, *bases], is_deciding=True)
        loaded = await access.load(actor, Match, match_id, "match.decide", lock=True)
        match = loaded.row
        standing = held.matches[match_id]
        await expect_version(u, match, expected)
        if standing.status != MatchStatus.SUGGESTED:
            raise await already_decided(u, match_id, standing.status)
        replaced = [await refuse_changed(u, base, held.matches.get(base)) for base in bases]
        record_ids = sorted({record for one in (match_id, *bases) for record in held.record_ids(one)})
        rivals = held.rivals if status == MatchStatus.CONFIRMED else []
        if status == MatchStatus.CONFIRMED:
            held.refuse_gone(match_id)
            await refuse_used(u, record_ids, [match_id, *bases])
            if not await may_proceed(u, match, loaded.role, "confirm"):
                return await answer_with(u, match_id)
            await ensure_sign(u, match.pair_id)
        decision = Decision.begin(u, match.project_id, match.pair_id, kind, reason)
        await decision.touch(([standing], status), ([*replaced, *rivals], MatchStatus.SUPERSEDED))
        transition = Transition(u)
        await transition.move(replaced, MatchStatus.SUPERSEDED, Said())
        await transition.move([standing], status, Said(actor.id, u.at, reason))
        await transition.move(rivals, MatchStatus.SUPERSEDED, Said())
        answer = await answer_with(u, match_id)  # before the pair is locked, for which others wait
        records = await records_of(u, rivals)
        write_offs = await moved_write_offs(u, transition, rivals)
        settled = await transition.settle_last(match.project_id)
        tell_write_offs(u, write_offs, settled)
        more = {"status": status, "record_ids": record_ids, "replaced_ids": bases}
        tell(u, match.project_id, event, standing, settled, **more)
        tell_superseded(u, match.project_id, rivals, settled, records)
        u.audit(
            f"project:{match.project_id}",
            f"match.{kind}",
            ("match", match.id),
            version=standing.version + 1,
            changed=["status"],
            decision=str(decision.id),
            **({"reason": reason} if reason else {}),
        )
        return answer
