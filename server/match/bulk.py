"""
Decisions on many matches at once: a few statements for all of them, one row in the audit log, and one event for the
project and each job.

A bulk locks its matches. A decision on one of them meanwhile is refused as busy; all others go on.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from core import problems
from core.ids import uuid7
from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.decision import Decision as DecisionRow
from models.job import Job
from models.project import Project
from models.status import DecisionKind, MatchStatus
from realtime.events.match import MatchAssigned
from realtime.events.user import WorkAssigned
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.books.pairs import PairOf, find_pair
from server.books.transitions import Said, Standing, Transition, lock_matches
from server.match import search
from server.match.assignments import assign_many, audit_assignment
from server.match.decisions import Decision
from server.match.extensions import bases_of, extended
from server.match.four_eyes import over_limit
from server.match.holding import ROUNDS, Held, begin_bulk, ensure_sign, hold_many
from server.match.manual import refuse_strangers
from server.match.notes import refuse_unable
from server.match.schemas import PairReview, Review, Reviewed, ReviewFilter, Skipped
from server.match.telling import moved_write_offs, tell_reviewed, tell_write_offs
from server.match.undo import Back, bring_back, find_back, leaving, taken, under_other_sign
from server.store.reading import Reading

MOST_LISTED = 1000  # of what was skipped
_ACTIONS = {"confirm": "match.decide", "reject": "match.decide", "undo": "match.decide", "assign": "match.assign"}
_STATUS = {"confirm": MatchStatus.CONFIRMED, "reject": MatchStatus.REJECTED}
_KIND = {"confirm": DecisionKind.CONFIRM, "reject": DecisionKind.REJECT}
# Matches that another confirmed match, or an earlier one of the bulk, leaves without a record.
_TAKEN = """
    WITH mine AS (SELECT u.match_id, u.record_id FROM match_records u WHERE u.match_id = ANY($1::text[]::uuid[]))
    SELECT match_id FROM mine m WHERE EXISTS (
        SELECT 1 FROM match_records o WHERE o.record_id = m.record_id AND o.confirmed AND o.match_id <> m.match_id)
    UNION SELECT match_id FROM (
        SELECT match_id, row_number() OVER (PARTITION BY record_id ORDER BY match_id) AS n FROM mine) x WHERE n > 1
"""
_RIVALS = f"""
    SELECT DISTINCT o.match_id FROM match_records u JOIN match_records o ON o.record_id = u.record_id
    WHERE u.match_id = ANY($1::text[]::uuid[]) AND o.active AND NOT o.confirmed
      AND o.match_id <> ALL($1::text[]::uuid[])
    UNION SELECT id FROM matches WHERE extends_id = ANY($2::text[]::uuid[]) AND extends_id IS NOT NULL
        AND status = '{MatchStatus.SUGGESTED}' AND id <> ALL($1::text[]::uuid[])
"""


async def review_pair(actor: Actor, project_id: UUID, body: PairReview) -> Answer:
    """Decides on many matches of a pair. Raises: as `_review`."""
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, _ACTIONS[body.action])
        await refuse_strangers(u, project_id, body.left_source, body.right_source)
        pair = await find_pair(Reading(u.connection), body.left_source, body.right_source)
        return await _review(u, project_id, pair, body, None)


async def review_job(actor: Actor, job_id: UUID, body: Review) -> Answer:
    """Decides on many matches of a job. Raises: as `_review`."""
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, _ACTIONS[body.action])).row
        pair = await find_pair(Reading(u.connection), job.left_source_id, job.right_source_id)
        return await _review(u, job.project_id, pair, body, job_id)


async def undo_decision(actor: Actor, decision_id: UUID) -> Answer:
    """
    Undoes a decision as a whole. What somebody has decided on since is skipped and listed.

    Raises: NotFound, Forbidden, AlreadyDecided if nothing of it is left to undo, Busy.
    """
    async with unit_of_work(actor) as u:
        row = (await access.load(actor, DecisionRow, decision_id, "match.decide")).row
        await begin_bulk(u)
        touched = await u.execute(
            "SELECT match_id, undone_at FROM decision_matches WHERE decision_id = $1 ORDER BY id", decision_id
        )
        waiting = [found["match_id"] for found in touched if found["undone_at"] is None]
        if not waiting:
            raise await _undone(u, decision_id)
        await hold_many(u, waiting, with_rivals=False)
        standing = await lock_matches(u, waiting)
        back = await find_back(u, waiting)
        mine = {
            found["match_id"]: found["id"]
            for found in await u.execute(
                "SELECT match_id, id FROM decision_matches WHERE decision_id = $1", decision_id
            )
        }
        changed = {one for one in waiting if back.rows.get(one) != mine[one]}
        back = replace(back, targets={one: s for one, s in back.targets.items() if one in mine})
        held = Held(standing, {}, [], set())
        codes = dict.fromkeys(changed, "already_decided")
        back = back.without(changed)
        both = await over_limit(u, row.project_id, leaving(held, back))
        codes |= dict.fromkeys(both, "four_eyes")
        back = back.without(both)
        codes |= dict.fromkeys(other := await under_other_sign(u, back), "version_conflict")
        back = back.without(other)
        codes |= dict.fromkeys(await taken(u, back), "record_in_use")
        transition = Transition(u)
        moved, extensions = await bring_back(u, transition, held, back, set(codes))
        reopened = await moved_write_offs(u, transition, [standing[one] for one in moved])
        settled = await transition.settle_last(row.project_id)
        gone = set(moved)
        skipped = [(one, codes.get(one, "record_in_use")) for one in waiting if one not in gone]
        tell_write_offs(u, reopened, settled)
        tell_reviewed(u, row.project_id, "undo", [*(standing[one] for one in moved), *extensions], settled, decision_id)
        _audit(u, row.project_id, "undo", decision_id, len(moved), None)
        return u.answer(200, _answer(decision_id, len(moved), skipped))


async def _undone(u: UnitOfWork, decision_id: UUID) -> problems.AlreadyDecided:
    """The refusal for a decision of which nothing is left to undo, with who undid it last, and when."""
    rows: list[dict[str, Any]] = await u.execute(
        "SELECT d.undone_by, d.undone_at, p.display_name FROM decision_matches d LEFT JOIN users p ON p.id = d.undone_by "
        "WHERE d.decision_id = $1 ORDER BY d.undone_at DESC, d.id DESC LIMIT 1",
        decision_id,
    )
    if not rows:  # its matches were deleted with their source
        return problems.AlreadyDecided("Nothing of this decision is left to undo.")
    latest = rows[0]
    return problems.AlreadyDecided(
        f"{latest['display_name'] or 'Somebody'} undid this decision at {latest['undone_at']:%Y-%m-%d %H:%M} UTC. "
        "Nothing of it is left to undo.",
        extensions={
            "decided_by": None if latest["undone_by"] is None else str(latest["undone_by"]),
            "decided_by_name": latest["display_name"],
            "decided_at": latest["undone_at"].isoformat().replace("+00:00", "Z"),
        },
    )


async def _review(u: UnitOfWork, project_id: UUID, pair: PairOf | None, body: Review, job_id: UUID | None) -> Answer:
    """
    Raises: NotFound, Forbidden, Invalid for ids that are no matches of the pair, CountChanged if there are other
    matches than were expected, Busy.
    """
    await begin_bulk(u)
    if body.action == "assign":  # a member is locked before matches
        if "user_id" not in body.model_fields_set:
            message = "say who is to look at these matches; null for nobody"
            raise Invalid(errors=(Fault("/user_id", "missing_field", message),))
        await refuse_unable(u, project_id, body.user_id)
    ids = await _chosen(u, project_id, pair, body, job_id)
    if len(ids) != body.expected_count:
        raise problems.CountChanged(
            f"{_number(len(ids))} now, not {body.expected_count:,}. Look again, then decide.",
            extensions={"count": len(ids)},
        )
    if body.action == "undo":
        return await _undo(u, project_id, ids, body)
    # For an assignment, too: who holds the records may lock more matches, in another order.
    await hold_many(u, ids, with_rivals=body.action == "confirm")
    standing = await lock_matches(u, ids)
    if body.action == "assign":
        return await _assign(u, project_id, pair, list(standing.values()), body)
    return await _decide(u, project_id, pair, standing, body)


def _number(count: int) -> str:
    return (
        "There is 1 match like these"
        if count == 1
        else f"There are {format(count, ',') if count else 'no'} matches like these"
    )


async def _hold_undone(u: UnitOfWork, match_ids: Sequence[UUID]) -> tuple[dict[UUID, Standing], Back]:
    """Lock matches, what undoing their latest decisions would bring back, and before them the records of all these."""
    standing: dict[UUID, Standing] = {}
    back = await find_back(u, match_ids)
    for _ in range(ROUNDS):  # until both are locked, somebody may decide
        wanted = {*match_ids, *back.targets}
        await hold_many(u, sorted(wanted), with_rivals=False)
        standing = await lock_matches(u, sorted(wanted))
        back = await find_back(u, match_ids)
        if wanted.issuperset(back.targets):
            break
    return standing, back.without({one for one in back.targets if one not in standing})


async def _chosen(
    u: UnitOfWork, project_id: UUID, pair: PairOf | None, body: Review, job_id: UUID | None
) -> list[UUID]:
    """The matches that a bulk is about, as a list of the pair shows them: with the write-offs of its records."""
    conditions: list[str] = []
    values: list[Any] = [None if pair is None else pair.id]

    def where(condition: str, *given: Any) -> None:
        for value in given:
            values.append(value)
            condition = condition.replace("?", f"${len(values)}", 1)
        conditions.append(condition)

    chosen = body.filter or ReviewFilter()
    if body.ids is not None:
        where("t.id = ANY(?::text[]::uuid[])", [str(one) for one in body.ids])
    for column, value in (
        ("job_id", job_id),
        ("job_id", chosen.job),
        ("pass_name", chosen.pass_name),
        ("kind", chosen.kind),
        ("origin", chosen.origin),
        ("status", chosen.status),
        ("assignee_id", chosen.assignee),
    ):
        if value is not None:
            where(f"t.{column} = ?", value)
    if chosen.q is not None:
        where(search.OF_MATCH, *search.values(chosen.q))
    if body.ids is None and chosen.status is None:
        statuses = {"undo": [MatchStatus.CONFIRMED, MatchStatus.REJECTED]}.get(body.action, [MatchStatus.SUGGESTED])
        where("t.status = ANY(?::text[])", [str(status) for status in statuses])
    chosen_by = " ".join(f"AND {condition}" for condition in conditions)
    found_in = f"SELECT t.id FROM matches t WHERE t.pair_id = $1 {chosen_by}"
    if job_id is None:
        sides = (body.left_source, body.right_source) if isinstance(body, PairReview) else pair.sources if pair else ()
        of_write_offs = search.WRITE_OFFS
        for value in (project_id, *sides):
            values.append(value)
            of_write_offs = of_write_offs.replace("?", f"${len(values)}", 1)
        found_in += f" UNION ALL SELECT t.id FROM matches t WHERE {of_write_offs} {chosen_by}"
    rows = await u.execute(f"{found_in} ORDER BY 1", *values)
    found = [row["id"] for row in rows]
    if body.ids is not None and len(found) < len(body.ids):
        known = set(found)
        message = "is not a match of these sources"
        faults = [Fault(f"/ids/{n}", "invalid_field", message) for n, one in enumerate(body.ids) if one not in known]
        raise Invalid(errors=tuple(faults[:100]))
    return found


async def _decide(
    u: UnitOfWork, project_id: UUID, pair: PairOf | None, standing: dict[UUID, Standing], body: Review
) -> Answer:
    status = _STATUS[body.action]
    waiting = [match for match in standing.values() if match.status == MatchStatus.SUGGESTED]
    # A write-off only waits because it takes two people.
    open_ones = [match for match in waiting if match.pair_id is not None or status != MatchStatus.CONFIRMED]
    skipped = [
        (match.id, "four_eyes") for match in waiting if match.pair_id is None and status == MatchStatus.CONFIRMED
    ]
    skipped += [(match.id, "already_decided") for match in standing.values() if match.status != MatchStatus.SUGGESTED]
    rivals: list[Standing] = []
    bases: list[Standing] = []
    if status == MatchStatus.CONFIRMED and open_ones and pair is not None:
        gone = {row["match_id"] for row in await u.execute(_TAKEN, [str(match.id) for match in open_ones])}
        skipped += [(match.id, "record_in_use") for match in open_ones if match.id in gone]
        open_ones = [match for match in open_ones if match.id not in gone]
        both = await over_limit(u, project_id, [match.id for match in open_ones])
        skipped += [(match.id, "four_eyes") for match in open_ones if match.id in both]
        open_ones = [match for match in open_ones if match.id not in both]
        bases, lost = await _bases(u, open_ones)
        skipped += lost.items()
        open_ones = [match for match in open_ones if match.id not in lost]
        ids = [str(match.id) for match in open_ones]
        found = await u.execute(_RIVALS, ids, [str(base.id) for base in bases])
        locked = await lock_matches(u, [row["match_id"] for row in found])
        rivals = [match for match in locked.values() if match.status == MatchStatus.SUGGESTED]
        await ensure_sign(u, pair.id)
    if not open_ones:
        return u.answer(200, _answer(None, 0, skipped))
    decision = Decision.begin(u, project_id, pair.id if pair else None, _KIND[body.action], body.reason, is_bulk=True)
    await decision.touch((open_ones, status), ([*bases, *rivals], MatchStatus.SUPERSEDED))
    transition = Transition(u)
    await transition.move(bases, MatchStatus.SUPERSEDED, Said())
    await transition.move(open_ones, status, Said(u.actor.id, u.at, body.reason))
    await transition.move(rivals, MatchStatus.SUPERSEDED, Said())
    write_offs = await moved_write_offs(u, transition, [*open_ones, *rivals])
    settled = await transition.settle_last(project_id)
    tell_write_offs(u, write_offs, settled)
    tell_reviewed(u, project_id, body.action, [*open_ones, *bases, *rivals], settled, decision.id)
    _audit(u, project_id, body.action, decision.id, len(open_ones), body.reason)
    return u.answer(200, _answer(decision.id, len(open_ones), skipped))


async def _bases(u: UnitOfWork, confirmed: Sequence[Standing]) -> tuple[list[Standing], dict[UUID, str]]:
    """The matches that these extend, and why some of these cannot be confirmed: two cannot extend the same match."""
    extends = await bases_of(u, [match.id for match in confirmed if match.extends_id is not None])
    standing = await lock_matches(u, sorted(set(extends.values()))) if extends else {}
    found: dict[UUID, Standing] = {}
    lost: dict[UUID, str] = {}
    for one, base in sorted(extends.items()):
        if base in found:
            lost[one] = "record_in_use"
        elif base not in standing or standing[base].status != MatchStatus.CONFIRMED:
            lost[one] = "version_conflict"
        else:
            found[base] = standing[base]
    return list(found.values()), lost


async def _undo(u: UnitOfWork, project_id: UUID, match_ids: Sequence[UUID], body: Review) -> Answer:
    locked, back = await _hold_undone(u, match_ids)
    standing = {one: locked[one] for one in match_ids if one in locked}
    held = Held(locked, {}, [], set())
    both = await over_limit(u, project_id, leaving(held, back))
    superseded = [one for one, match in standing.items() if match.status == MatchStatus.SUPERSEDED]
    other = await under_other_sign(u, back)
    back = back.without(both | other | await extended(u, superseded, but=list(standing)))
    back, lost = await _free(u, back, standing)
    lost |= both | other
    transition = Transition(u)
    moved, extensions = await bring_back(u, transition, held, back, lost)
    # What a job had confirmed has no decision to take back, so this one is stored.
    if of_jobs := [locked[one] for one in moved if one not in back.rows]:
        pair_id = of_jobs[0].pair_id
        decision = Decision.begin(u, project_id, pair_id, DecisionKind.UNDO, body.reason, is_bulk=True)
        await decision.over(of_jobs, MatchStatus.SUGGESTED)
    write_offs = await moved_write_offs(u, transition, [locked[one] for one in moved])
    settled = await transition.settle_last(project_id)
    tell_write_offs(u, write_offs, settled)
    skipped = [(one, "already_decided") for one in back.nothing]
    told = {*moved, *back.nothing}
    codes = dict.fromkeys(other, "version_conflict") | dict.fromkeys(both, "four_eyes")
    skipped += [(one, codes.get(one, "record_in_use")) for one in standing if one not in told]
    changed = sum(one in standing for one in moved)
    if moved:
        tell_reviewed(u, project_id, body.action, [*(held.matches[one] for one in moved), *extensions], settled, None)
        _audit(u, project_id, body.action, None, changed, body.reason)
    return u.answer(200, _answer(None, changed, skipped))


async def _free(u: UnitOfWork, back: Back, asked: Collection[UUID]) -> tuple[Back, set[UUID]]:
    """
    What can come back, and the matches that cannot. One of those `asked` for takes along what its decision touched, and
    what then stays in use may be in the way of another one.
    """
    lost: set[UUID] = set()
    while found := await taken(u, back) - lost:
        lost |= found
        back = back.without({one for one in found if one in asked})
    return back, lost


async def _assign(
    u: UnitOfWork, project_id: UUID, pair: PairOf | None, standing: list[Standing], body: Review
) -> Answer:
    assignment = uuid7()
    await assign_many(u, standing, assignment, body.user_id)
    transition = Transition(u)
    await transition.touch(standing)
    settled = await transition.settle_last(project_id)
    if standing:
        tell_reviewed(u, project_id, body.action, standing, settled, None)
        for write_off in (match for match in standing if match.pair_id is None):
            u.publish(
                MatchAssigned(
                    project_id=project_id,
                    job_id=None,
                    left_source=None,
                    right_source=None,
                    match_id=write_off.id,
                    version=write_off.version + 1,
                    assignee=body.user_id,
                )
            )
        audit_assignment(u, project_id, assignment, len(standing), to=body.user_id, reason=body.reason)
        if body.user_id is not None:
            left, right = (None, None) if pair is None else pair.sources
            u.publish(
                WorkAssigned(
                    user_id=body.user_id,
                    project_id=project_id,
                    job_id=None,
                    left_source=left,
                    right_source=right,
                    match_id=standing[0].id if len(standing) == 1 else None,
                    count=len(standing),
                )
            )
    return u.answer(200, _answer(None, len(standing), []))


def _audit(
    u: UnitOfWork, project_id: UUID, action: str, decision_id: UUID | None, count: int, reason: str | None
) -> None:
    u.audit(
        f"project:{project_id}",
        f"matches.{action}",
        ("decision", decision_id),
        count=count,
        **({"reason": reason} if reason else {}),
    )


def _answer(decision_id: UUID | None, changed: int, skipped: list[tuple[UUID, str]]) -> Reviewed:
    listed = [Skipped(id=one, code=code) for one, code in skipped[:MOST_LISTED]]
    return Reviewed(decision_id=decision_id, changed=changed, skipped=listed)
