"""Splitting a match into several."""

from dataclasses import replace
from uuid import UUID

from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.match import Match
from models.status import ACTIVE_MATCH, DecisionKind, MatchStatus
from realtime.events.match import MatchSplit
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.pairs import PairOf, pairs_of
from server.books.transitions import Said, Transition
from server.match.answering import answer_with
from server.match.conflicts import already_decided, expect_version
from server.match.decisions import Decision
from server.match.four_eyes import may_proceed
from server.match.holding import Held, ensure_sign, hold
from server.match.manual import Amounts, Made, amounts_of, refuse_too_large, refuse_untied, store_match
from server.match.reasons import refuse_unknown_reason
from server.match.schemas import Split
from server.match.telling import records_of, tell, tell_superseded


async def split_match(actor: Actor, match_id: UUID, body: Split, expected: int | None) -> Answer:
    """
    Splits a match: it is superseded, and its parts are suggested or confirmed as it was. What is in a part with records of
    one side only is open again.

    Raises: NotFound, Forbidden, AlreadyDecided, Invalid (also not_tied), VersionConflict, Busy.
    """
    async with unit_of_work(actor) as u:
        await access.load(actor, Match, match_id, "match.decide")
        held = await hold(u, [match_id])
        loaded = await access.load(actor, Match, match_id, "match.decide", lock=True)
        match = loaded.row
        standing = held.matches[match_id]
        await expect_version(u, match, expected)
        if standing.status not in ACTIVE_MATCH or match.pair_id is None:
            raise await already_decided(u, match_id, standing.status)
        _refuse_other_records(held, match_id, body)
        await refuse_unknown_reason(u, match.project_id, body.difference_reason, "/difference_reason")
        pair = replace((await pairs_of(u, [match.pair_id]))[match.pair_id], turned=match.turned)
        sign = await ensure_sign(u, match.pair_id)
        parts = [
            await _part(u, match, pair, body, number, sign) for number, one in enumerate(body.parts) if one.is_match
        ]
        if standing.status == MatchStatus.CONFIRMED and not await may_proceed(
            u, match, loaded.role, "split", what=body.model_dump(mode="json", exclude={"reason"})
        ):
            return await answer_with(u, match_id)
        decision = Decision.begin(u, match.project_id, match.pair_id, DecisionKind.SPLIT, body.reason)
        extensions = [rival for rival in held.rivals if rival.extends_id == match_id]
        await decision.touch(([standing, *extensions], MatchStatus.SUPERSEDED))
        transition = Transition(u)
        await transition.move([standing, *extensions], MatchStatus.SUPERSEDED, Said())
        made = [await store_match(u, part, amounts, sign) for part, amounts in parts]
        await decision.made([part.id for part in made], standing.status)
        await transition.made(made)
        records = await records_of(u, extensions)
        u.audit(
            f"project:{match.project_id}",
            "match.split",
            ("match", match.id),
            version=standing.version + 1,
            changed=["status"],
            parts=[str(part.id) for part in made],
            decision=str(decision.id),
            **({"reason": body.reason} if body.reason else {}),
        )
        answer = await answer_with(u, match_id)
        settled = await transition.settle_last(match.project_id)
        tell(
            u,
            match.project_id,
            MatchSplit,
            standing,
            settled,
            status=MatchStatus.SUPERSEDED,
            record_ids=held.record_ids(match_id),
            replaced_ids=[part.id for part in made],
        )
        tell_superseded(u, match.project_id, extensions, settled, records)
        return answer


def _refuse_other_records(held: Held, match_id: UUID, body: Split) -> None:
    """Check that each record of the match is in exactly one part, on its side. Raises: Invalid."""
    left_over = {(use["side"], use["record_id"]) for use in held.records[match_id]}
    faults = []
    for number, part in enumerate(body.parts):
        for side, ids in (("left", part.left), ("right", part.right)):
            for n, record_id in enumerate(ids):
                if (side, record_id) not in left_over:
                    message = f"is not a {side} record of this match, or is in an earlier part"
                    faults.append(Fault(f"/parts/{number}/{side}/{n}", "invalid_field", message))
                left_over.discard((side, record_id))
    if not faults and left_over:
        message = f"leave out {len(left_over)} of the match's records; each has to be in one part"
        faults = [Fault("/parts", "invalid_field", message)]
    if faults:
        raise Invalid(errors=tuple(faults[:100]))


async def _part(u: UnitOfWork, match: Match, pair: PairOf, body: Split, number: int, sign: int) -> tuple[Made, Amounts]:
    sides = {"left": list(body.parts[number].left), "right": list(body.parts[number].right)}
    amounts = await amounts_of(u, sides)
    refuse_too_large(amounts, sign, f"/parts/{number}")
    difference = body.difference or match.difference_as
    reason = body.difference_reason or match.difference_reason
    # What a pass suggested may differ by what that pass allows; what a person says must do for books.
    if match.status == MatchStatus.CONFIRMED:
        refuse_untied(amounts, sign, body)
    elif body.difference is not None or match.origin == "manual":
        refuse_untied(amounts, sign, body.model_copy(update={"difference": difference, "difference_reason": reason}))
    made = Made(
        match.project_id,
        pair,
        sides,
        status=MatchStatus(match.status),
        difference=difference,
        difference_reason=reason,
        reason=body.reason,
    )
    return made, amounts
