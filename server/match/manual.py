"""Matching by hand: any number of records on either side, also in place of matches that there are."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from core import problems
from core.ids import uuid7
from core.money import MAX_AMOUNT
from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.job import Job
from models.match import Match
from models.project import Project
from models.status import ACTIVE_MATCH, DecisionKind, MatchKind, MatchStatus
from realtime.events.match import MatchCreated
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.pairs import PairOf, make_pair
from server.books.transitions import Said, Standing, Transition
from server.match.answering import answer_with
from server.match.conflicts import latest_change
from server.match.decisions import Decision
from server.match.four_eyes import is_over, over_limit, sign
from server.match.holding import Held, ensure_sign, hold, refuse_used
from server.match.reasons import refuse_unknown_reason
from server.match.schemas import MatchByHand, PairMatchByHand, Split
from server.match.telling import moved_write_offs, records_of, tell, tell_superseded, tell_write_offs

SIDES = ("left", "right")
_MATCH = """
    INSERT INTO matches (id, job_id, project_id, pair_id, turned, kind, status, origin, ambiguity, difference, currency,
        difference_as, difference_reason, remainder_record_id, extends_id, fields_compared, decided_by, decided_at,
        reason, version, created_at, updated_at, amount, date)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'manual', 'none', $8, $9, $10, $11, $12, $13, '[]', $14, $15, $16, 1, $15, $15,
        $17, (SELECT min(r.date) FROM reconciliation_records r WHERE r.id = ANY($18::text[]::uuid[])))
"""
_USES = """
    INSERT INTO match_records (match_id, record_id, job_id, pair_id, side, amount, currency, date, active, confirmed)
    SELECT $1, r.id, $2, $3, x.side, r.amount, r.currency, r.date, true, $6
    FROM unnest($4::text[], $5::text[]) WITH ORDINALITY x(id, side, n)
    JOIN reconciliation_records r ON r.id = x.id::uuid ORDER BY r.id
"""


Amounts = dict[str, dict[str, Decimal]]  # by currency and side; no entry for a side without records in the currency


@dataclass(frozen=True)
class Made:
    """A match that a person makes."""

    project_id: UUID
    pair: PairOf
    sides: dict[str, list[UUID]]
    status: MatchStatus = MatchStatus.CONFIRMED
    difference: str = "open"
    difference_reason: str | None = None
    remainder_of: UUID | None = None
    extends: UUID | None = None
    job_id: UUID | None = None
    reason: str | None = None
    id: UUID = field(default_factory=uuid7)


async def match_in_pair(actor: Actor, project_id: UUID, body: PairMatchByHand) -> Answer:
    """Matches records of two sources by hand. Raises: as `_match`."""
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, "match.decide")
        await refuse_strangers(u, project_id, body.left_source, body.right_source)
        pair = await make_pair(u, project_id, body.left_source, body.right_source)
        return await _match(u, project_id, pair, None, body)


async def match_in_job(actor: Actor, job_id: UUID, body: MatchByHand) -> Answer:
    """Matches records of a job's two sources by hand; the match is among those of the job. Raises: as `_match`."""
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "match.decide")).row
        pair = await make_pair(u, job.project_id, job.left_source_id, job.right_source_id)
        await _refuse_unread(u, job, body)
        return await _match(u, job.project_id, pair, job.id, body)


async def _refuse_unread(u: UnitOfWork, job: Job, body: MatchByHand) -> None:
    """Check that the job has read the records, which may have been added since. Raises: Invalid."""
    faults = []
    for side, ids in (("left", body.left), ("right", body.right)):
        newest = job.inputs.get(side, {}).get("revision")
        rows = await u.execute(
            "SELECT id FROM reconciliation_records WHERE id = ANY($1::text[]::uuid[]) AND revision > $2",
            [str(one) for one in ids],
            2**31 - 1 if newest is None else newest,
        )
        late = {row["id"] for row in rows}
        message = "was added after this job began; match it in the project (POST /projects/{id}/matches)"
        faults += [Fault(f"/{side}/{n}", "invalid_field", message) for n, one in enumerate(ids) if one in late]
    if faults:
        raise Invalid(errors=tuple(faults[:100]))


async def refuse_strangers(u: UnitOfWork, project_id: UUID, left: UUID, right: UUID) -> None:
    """Check that both are different sources of the project. Raises: Invalid."""
    rows = await u.execute("SELECT id FROM sources WHERE id IN ($1, $2) AND project_id = $3", left, right, project_id)
    found = {row["id"] for row in rows}
    faults = [
        Fault(f"/{name}", "invalid_field", "is not a source of this project")
        for name, source_id in (("left_source", left), ("right_source", right))
        if source_id not in found
    ]
    if not faults and left == right:
        faults = [Fault("/right_source", "invalid_field", "must differ from left_source")]
    if faults:
        raise Invalid(errors=tuple(faults))


async def _match(u: UnitOfWork, project_id: UUID, pair: PairOf, job_id: UUID | None, body: MatchByHand) -> Answer:
    """
    Makes a confirmed match. Matches in `replaces` are superseded, and their records become the new match's.

    Raises: NotFound, Forbidden, Invalid (also not_tied), RecordInUse, VersionConflict if a match in `replaces` is not
    confirmed any more, Busy.
    """
    await refuse_unknown_reason(u, project_id, body.difference_reason, "/difference_reason")
    held = await hold(u, body.replaces, records=[*body.left, *body.right])
    await _refuse_replaced(u, held, body, pair)
    sides = await _sides_of(u, held, pair, body)
    await _refuse_records(u, pair, body, sides)
    await refuse_used(u, [*body.left, *body.right], body.replaces)
    amounts = await amounts_of(u, sides)
    pair_sign = await ensure_sign(u, pair.id, _single(amounts))
    refuse_too_large(amounts, pair_sign)
    refuse_untied(amounts, pair_sign, body)
    needs_two = await _needs_two(u, project_id, body, amounts)
    is_extension = len(body.replaces) == 1 and await _has_remainder(u, body.replaces[0])
    made = Made(
        project_id,
        pair,
        sides,
        status=MatchStatus.SUGGESTED if needs_two else MatchStatus.CONFIRMED,
        difference=body.difference or "open",
        difference_reason=body.difference_reason,
        remainder_of=body.remainder_of,
        extends=body.replaces[0] if is_extension else None,
        job_id=job_id,
        reason=body.reason,
    )
    return await _decide(u, made, held, amounts, pair_sign)


async def _needs_two(u: UnitOfWork, project_id: UUID, body: MatchByHand, amounts: Amounts) -> bool:
    """Whether the match has to be signed by a second person. Raises: FourEyes if it would stand in place of others."""
    needs_two = await is_over(u, project_id, amounts)
    if body.replaces and (needs_two or await over_limit(u, project_id, body.replaces)):
        raise problems.FourEyes(
            "This needs two people, which a match in place of others cannot wait for. Undo the other matches first."
        )
    return needs_two


async def _decide(u: UnitOfWork, made: Made, held: Held, amounts: Amounts, pair_sign: int) -> Answer:
    """Store the match and its decision, supersede what has to make way for it, and tell everybody."""
    replaced = list(held.matches.values())
    is_signed = made.status == MatchStatus.SUGGESTED  # nothing makes way before a second person has signed it
    rivals = [] if is_signed else [rival for rival in held.rivals if rival.id not in held.matches]
    decision = Decision.begin(u, made.project_id, made.pair.id, DecisionKind.MATCH, made.reason)
    await decision.touch(([*replaced, *rivals], MatchStatus.SUPERSEDED))
    transition = Transition(u)
    await transition.move([*replaced, *rivals], MatchStatus.SUPERSEDED, Said())
    standing = await store_match(u, made, amounts, pair_sign)
    await decision.made([made.id], made.status)
    if is_signed:
        await sign(u, await Match.get(id=made.id, using_db=u.connection), "match")
    await transition.made([standing])
    records = await records_of(u, rivals)
    write_offs = await moved_write_offs(u, transition, rivals)
    answer = await answer_with(u, made.id, 201)
    settled = await transition.settle_last(made.project_id)
    tell_write_offs(u, write_offs, settled)
    record_ids = sorted([*made.sides["left"], *made.sides["right"]])
    more = {"status": made.status, "record_ids": record_ids, "replaced_ids": [one.id for one in replaced]}
    tell(u, made.project_id, MatchCreated, replace(standing, version=0), settled, **more)
    tell_superseded(u, made.project_id, rivals, settled, records)
    u.audit(
        f"project:{made.project_id}",
        "match.create",
        ("match", made.id),
        version=1,
        records=len(record_ids),
        decision=str(decision.id),
        **({"reason": made.reason} if made.reason else {}),
    )
    return answer


async def _has_remainder(u: UnitOfWork, match_id: UUID) -> bool:
    return bool(await u.execute("SELECT 1 FROM matches WHERE id = $1 AND remainder IS NOT NULL", match_id))


async def _refuse_replaced(u: UnitOfWork, held: Held, body: MatchByHand, pair: PairOf) -> None:
    faults = [
        Fault(f"/replaces/{n}", "invalid_field", "is not a match of these two sources")
        for n, one in enumerate(body.replaces)
        if one not in held.matches or held.matches[one].pair_id != pair.id
    ]
    faults += [
        Fault(f"/replaces/{n}", "invalid_field", "only suggests to extend a match; confirm it, or replace that match")
        for n, one in enumerate(body.replaces)
        if one in held.matches
        and held.matches[one].extends_id is not None
        and held.matches[one].status == MatchStatus.SUGGESTED
    ]
    if faults:
        raise Invalid(errors=tuple(faults))
    for one in body.replaces:
        if held.matches[one].status not in ACTIVE_MATCH:
            said, more = await latest_change(u, one)
            raise problems.VersionConflict(
                f"{said} It is one of those that this match would replace. Load it again, then decide.",
                extensions={"match_id": str(one), "current_version": held.matches[one].version, **more},
            )


async def _sides_of(u: UnitOfWork, held: Held, pair: PairOf, body: MatchByHand) -> dict[str, list[UUID]]:
    """The records of both sides: those given, and those of the replaced matches, which may look at the pair turned."""
    sides = {"left": list(body.left), "right": list(body.right)}
    texts = [str(one) for one in body.replaces]
    rows = await u.execute("SELECT id, turned FROM matches WHERE id = ANY($1::text[]::uuid[])", texts) if texts else []
    turned = {row["id"] for row in rows if row["turned"] != pair.turned}
    for one in body.replaces:
        for use in held.records[one]:
            is_left = (use["side"] == "left") != (one in turned)
            sides["left" if is_left else "right"].append(use["record_id"])
    return {side: list(dict.fromkeys(ids)) for side, ids in sides.items()}


async def _refuse_records(u: UnitOfWork, pair: PairOf, body: MatchByHand, sides: dict[str, list[UUID]]) -> None:
    rows = await u.execute(
        "SELECT id, source_id FROM reconciliation_records WHERE id = ANY($1::text[]::uuid[])",
        [str(one) for one in (*body.left, *body.right)],
    )
    sources = {row["id"]: row["source_id"] for row in rows}
    faults = [
        Fault(f"/{side}", "missing_field", "give at least one record of this side")
        for side, ids in (("left", body.left), ("right", body.right))
        if not ids and not body.replaces
    ]
    for side, source_id, ids in zip(SIDES, pair.sources, (body.left, body.right), strict=True):
        for n, record_id in enumerate(ids):
            if sources.get(record_id) != source_id:
                faults.append(Fault(f"/{side}/{n}", "invalid_field", f"is not a record of the {side} source"))
    if body.remainder_of is not None and body.remainder_of not in (*sides["left"], *sides["right"]):
        faults.append(Fault("/remainder_of", "invalid_field", "is not a record of this match"))
    if faults:
        raise Invalid(errors=tuple(faults[:100]))


async def amounts_of(u: UnitOfWork, sides: dict[str, list[UUID]]) -> Amounts:
    rows = await u.execute(
        "SELECT x.side, r.currency, sum(r.amount) AS amount FROM unnest($1::text[], $2::text[]) x(id, side) "
        "JOIN reconciliation_records r ON r.id = x.id::uuid WHERE r.amount IS NOT NULL GROUP BY 1, 2",
        [str(one) for side in SIDES for one in sides[side]],
        [side for side in SIDES for _ in sides[side]],
    )
    found: Amounts = {}
    for row in rows:
        found.setdefault(row["currency"], {})[row["side"]] = row["amount"]
    return found


def _single(amounts: Amounts) -> tuple[Decimal, Decimal] | None:
    """The sums of both sides, if they have one currency."""
    if len(amounts) != 1:
        return None
    (sums,) = amounts.values()
    return sums.get("left", Decimal(0)), sums.get("right", Decimal(0))


def refuse_too_large(amounts: Amounts, sign: int, part: str = "") -> None:
    """
    Check that a match can keep the amounts of its sides and their difference, which are sums. Raises: Invalid.

    Args:
        part: the pointer to the part of a split.
    """
    if (single := _single(amounts)) is None:  # then the match keeps no sums
        return
    faults = [
        Fault(
            f"{part}/{side}", "invalid_field", "the sum of these amounts is too large to be kept; match fewer records"
        )
        for side, amount in zip(SIDES, single, strict=True)
        if abs(amount) > MAX_AMOUNT
    ]
    if not faults and abs(single[0] - sign * single[1]) > MAX_AMOUNT:
        message = "the difference between the two sides is too large to be kept; match other records"
        faults = [Fault(part or "/difference", "invalid_field", message)]
    if faults:
        raise Invalid("The sum of the amounts is too large to be kept.", tuple(faults))


def refuse_untied(amounts: Amounts, sign: int, body: MatchByHand | Split) -> None:
    """Check that both sides come to the same, or that it is said what becomes of the difference. Raises: Invalid."""
    differs = [
        code for code, sums in amounts.items() if sums.get("left", Decimal(0)) != sign * sums.get("right", Decimal(0))
    ]
    if not differs:
        return
    if body.difference is None:
        message = "say what becomes of the difference: open or booked"
        raise Invalid(
            "The two sides do not come to the same amount.",
            (Fault("/difference", "not_tied", message),),
        )
    if body.difference == "booked":
        if body.difference_reason is None:
            message = "a booked difference needs a reason code"
            raise Invalid(errors=(Fault("/difference_reason", "missing_field", message),))
        return
    single = _single(amounts)
    if single is None:
        message = "with several currencies a difference cannot stay open; book it with a reason code"
        raise Invalid(errors=(Fault("/difference", "not_tied", message),))
    if single[0] * single[1] * sign < 0:
        message = "the sides have opposite signs, so the difference cannot stay open; book it with a reason code"
        raise Invalid(errors=(Fault("/difference", "not_tied", message),))


async def store_match(u: UnitOfWork, made: Made, amounts: Amounts, sign: int) -> Standing:
    """Store a match with the uses of its records. Returns: the match, which the caller counts."""
    single = _single(amounts)
    difference = None if single is None else single[0] - sign * single[1]
    currency = next(iter(amounts)) if single is not None else None
    sides = made.sides
    ids = [str(one) for side in SIDES for one in sides[side]]
    await u.execute(
        _MATCH,
        made.id,
        made.job_id,
        made.project_id,
        made.pair.id,
        made.pair.turned,
        MatchKind.of(len(sides["left"]), len(sides["right"])),
        made.status,
        difference,
        currency,
        made.difference,
        made.difference_reason,
        made.remainder_of,
        made.extends,
        u.actor.id,
        u.at,
        made.reason,
        None if single is None else max(map(abs, single)),
        ids,
    )
    names = [side for side in SIDES for _ in sides[side]]
    await u.execute(_USES, made.id, made.job_id, made.pair.id, ids, names, made.status == MatchStatus.CONFIRMED)
    return Standing(made.id, made.job_id, made.pair.id, made.status, 1)
