"""
Moves matches from one status to another: one match or a hundred thousand, with the same few statements.

Everything that follows from a status moves with it: whether the match holds its records, the terms of the books, the
numbers of the pair's matches, and the counts of the jobs.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from models.status import ACTIVE_MATCH, JobStatus, MatchStatus
from realtime import streams
from realtime.events.job import Counts
from realtime.unit_of_work import UnitOfWork
from server.books import entries
from server.books.pairs import PairOf, lock_pair
from server.books.sums import books_of
from server.holds.jobs import lock_jobs
from server.store.reading import Reading

_LOCK = """
    SELECT id, job_id, pair_id, status, version, extends_id, pass_name FROM matches WHERE id = ANY($1::text[]::uuid[])
    ORDER BY id FOR NO KEY UPDATE
"""
_SET = f"""
    WITH uses AS (UPDATE match_records SET active = $7, confirmed = $8 WHERE match_id = ANY($1::text[]::uuid[]))
    UPDATE matches SET status = $2::text, version = version + 1, updated_at = $3, decided_by = $4, decided_at = $5, reason = $6,
        remainder = NULL, remainder_side = NULL,
        remainder_since = CASE WHEN $2::text = '{MatchStatus.CONFIRMED}' THEN remainder_since END,
        signatures = CASE WHEN $2::text = '{MatchStatus.CONFIRMED}' THEN signatures ELSE '[]'::jsonb END
    WHERE id = ANY($1::text[]::uuid[])
"""
# A supersession is nobody's decision on that match.
_SUPERSEDE = f"""
    WITH uses AS (
        UPDATE match_records SET active = false, confirmed = false WHERE match_id = ANY($1::text[]::uuid[]))
    UPDATE matches SET status = '{MatchStatus.SUPERSEDED}', version = version + 1, updated_at = $2,
        remainder = NULL, remainder_side = NULL, remainder_since = NULL, signatures = '[]'
    WHERE id = ANY($1::text[]::uuid[])
"""
# An inactive match keeps the amounts that its records had. They may have changed since.
_REFRESH = """
    UPDATE match_records u SET amount = r.amount, currency = r.currency, date = r.date FROM reconciliation_records r
    WHERE u.match_id = ANY($1::text[]::uuid[]) AND r.id = u.record_id
        AND (u.amount, u.currency, u.date) IS DISTINCT FROM (r.amount, r.currency, r.date)
"""
# The records of a base become those of the extension that is confirmed. The job has not read them, so they do not count
# among its own.
_TAKE_OVER = """
    INSERT INTO match_records (match_id, record_id, pair_id, side, amount, currency, date, active, confirmed)
    SELECT m.id, u.record_id, m.pair_id, CASE WHEN m.turned = b.turned THEN u.side WHEN u.side = 'left' THEN 'right'
        ELSE 'left' END, u.amount, u.currency, u.date, false, false
    FROM matches m JOIN matches b ON b.id = m.extends_id JOIN match_records u ON u.match_id = b.id
    WHERE m.id = ANY($1::text[]::uuid[]) AND m.origin = 'engine' ORDER BY u.record_id
"""
_GIVE_BACK = """
    DELETE FROM match_records u USING matches m WHERE m.id = ANY($1::text[]::uuid[]) AND m.origin = 'engine'
        AND u.match_id = m.id AND u.job_id IS NULL
"""
# A job that has begun, and may go on or be taken over, keeps leaving out what it left out when it first started.
_KEEP_OUT = f"""
    INSERT INTO job_exclusions (job_id, record_id, match_id)
    SELECT DISTINCT j.id, CASE WHEN m.status = '{MatchStatus.CONFIRMED}' THEN u.record_id END,
        CASE WHEN m.status = '{MatchStatus.REJECTED}' THEN m.id END
    FROM matches m JOIN match_records u ON u.match_id = m.id
    JOIN reconciliation_jobs j ON j.project_id = m.project_id AND j.id IS DISTINCT FROM m.job_id
        AND j.status <> '{JobStatus.COMPLETED}' AND j.started_at >= coalesce(m.decided_at, m.created_at)
    WHERE m.id = ANY($1::text[]::uuid[]) AND m.status IN ('{MatchStatus.CONFIRMED}', '{MatchStatus.REJECTED}')
"""
_USES = """
    SELECT job_id, count(*) FILTER (WHERE side = 'left') AS lefts, count(*) FILTER (WHERE side = 'right') AS rights
    FROM match_records WHERE match_id = ANY($1::text[]::uuid[]) AND job_id IS NOT NULL GROUP BY 1
"""
_COUNTED = """
    changes AS (SELECT x.id::uuid AS id, x.change::jsonb AS change FROM unnest($1::text[], $2::text[]) x(id, change)),
    held AS (SELECT j.id FROM reconciliation_jobs j JOIN changes USING (id) {after} ORDER BY j.id FOR NO KEY UPDATE OF j),
    counted AS (UPDATE reconciliation_jobs j SET counts = j.counts || (
            SELECT jsonb_object_agg(d.key, (j.counts->>d.key)::bigint + d.value::bigint) FROM jsonb_each_text(c.change) d)
        FROM held JOIN changes c USING (id) WHERE j.id = held.id RETURNING j.id, j.counts::text AS counts)
"""
_COUNT = f"WITH {_COUNTED.format(after='')} SELECT id, counts FROM counted"
# The same after the pairs are locked, in one statement.
_LAST = f"""
    pair AS (SELECT id, left_source_id, right_source_id FROM pairs WHERE id = ANY($3::text[]::uuid[])
        ORDER BY id FOR NO KEY UPDATE),
    {_COUNTED.format(after="WHERE (SELECT count(*) FROM pair) > 0")},
    entered AS ({entries.COUNT_MATCHES.format(*range(4, 8))}),
    first AS (
        SELECT jsonb_build_object('pair', id, 'left', left_source_id, 'right', right_source_id)::text AS said FROM pair
        UNION ALL SELECT jsonb_build_object('job', id, 'counts', counts::jsonb)::text FROM counted)
"""


_PAIRS = """
    SELECT id FROM pairs WHERE left_source_id = ANY($1::text[]::uuid[]) OR right_source_id = ANY($1::text[]::uuid[])
"""


@dataclass(frozen=True)
class Standing:
    """What a match is at the moment, read under its lock."""

    id: UUID
    job_id: UUID | None
    pair_id: UUID | None
    status: MatchStatus
    version: int
    extends_id: UUID | None = None  # the match whose remainder it pays
    pass_name: str | None = None  # of the plan that found it; None if it was made by hand


@dataclass(frozen=True)
class Said:
    """Who decided, when, and why; kept on the match."""

    by: UUID | None = None
    at: datetime | None = None
    reason: str | None = None


async def lock_matches(u: UnitOfWork, match_ids: Sequence[UUID | str]) -> dict[UUID, Standing]:
    """Lock matches in the order of their ids. The caller has locked their records, pair and jobs, as far as needed."""
    rows = await u.execute(_LOCK, [str(match_id) for match_id in match_ids])
    return {row["id"]: Standing(**{**row, "status": MatchStatus(row["status"])}) for row in rows}


@dataclass(frozen=True)
class Settled:
    """The counts after a change: of the jobs whose matches moved, and of the pairs."""

    jobs: dict[UUID, Counts]
    pairs: dict[UUID, PairOf]
    pair_counts: dict[UUID, Counts]

    def of(self, match: Standing) -> dict[str, Any]:
        """What an event about a match says about its job and pair. Raises: KeyError if the match has no pair."""
        assert match.pair_id is not None
        pair, counts = self.pairs[match.pair_id], self.pair_counts[match.pair_id]
        return {
            "job_id": match.job_id,
            "left_source": pair.left_source_id,
            "right_source": pair.right_source_id,
            "counts": counts if match.job_id is None else self.jobs[match.job_id],
            "pair_counts": counts,
        }


class Transition:
    """
    A change of the status of some matches, in one unit of work. `move` as often as needed, then `settle` once.

    Locks are taken in the order records, matches, pairs, jobs. A job or a pair is only locked at the end: however many
    matches move, other people's decisions on other matches wait only for that moment.
    """

    def __init__(self, u: UnitOfWork) -> None:
        self.u = u
        self._pairs: set[UUID] = set()
        self._jobs: dict[UUID, Counter[str]] = {}
        self._counts: dict[UUID, Counter[entries.Counted]] = {}  # by which the numbers of the pairs' matches change

    async def move(self, standing: Sequence[Standing], status: MatchStatus, said: Said) -> None:
        """
        Move locked matches, all to one status.

        The caller has made sure that nobody else uses the records of a match that becomes active, and that the sign of
        the pair of a match that becomes confirmed is fixed. What a match extends has been superseded before.
        """
        if not standing:
            return
        u = self.u
        ids = [str(match.id) for match in standing]
        waking = [str(match.id) for match in standing if match.status not in ACTIVE_MATCH]
        if any(match.status in (MatchStatus.CONFIRMED, MatchStatus.REJECTED) for match in standing):
            await u.execute(_KEEP_OUT, ids)
        if leaving := [str(match.id) for match in standing if match.status == MatchStatus.CONFIRMED]:
            await entries.take_back(u, leaving)
        if waiting := [str(match.id) for match in standing if match.status == MatchStatus.SUGGESTED]:
            await entries.suggest(u, waiting, -1)
        await self._move_bases(standing, status)
        if status in ACTIVE_MATCH and waking:
            await u.execute(_REFRESH, waking)
        if status == MatchStatus.SUPERSEDED:
            await u.execute(_SUPERSEDE, ids, u.at)
        else:
            holds = (status in ACTIVE_MATCH, status == MatchStatus.CONFIRMED)
            await u.execute(_SET, ids, status, u.at, said.by, said.at, said.reason, *holds)
        if status == MatchStatus.CONFIRMED:
            await entries.post(u, ids)
        elif status == MatchStatus.SUGGESTED:
            await entries.suggest(u, ids)
        for pair_id in {match.pair_id for match in standing if match.pair_id is not None}:
            self._pairs.add(pair_id)
            change = self._counts.setdefault(pair_id, Counter())
            for match in standing:
                if match.pair_id == pair_id:
                    change[str(match.status), match.pass_name] -= 1
                    change[str(status), match.pass_name] += 1
        await self._note_jobs(standing, status)

    async def _move_bases(self, standing: Sequence[Standing], status: MatchStatus) -> None:
        """Suggestions that extend a match take its records over when they are confirmed, and give them back."""
        before, sql = {
            MatchStatus.CONFIRMED: (MatchStatus.SUGGESTED, _TAKE_OVER),
            MatchStatus.SUGGESTED: (MatchStatus.CONFIRMED, _GIVE_BACK),
        }.get(status, (None, ""))
        if ids := [str(match.id) for match in standing if match.extends_id is not None and match.status == before]:
            await self.u.execute(sql, ids)

    async def touch(self, matches: Sequence[Standing]) -> None:
        """Note matches whose status stays: `settle` reads the counts of their pairs and jobs."""
        for match in matches:
            if match.pair_id is not None:
                self._pairs.add(match.pair_id)
            if match.job_id is not None:
                self._jobs.setdefault(match.job_id, Counter({"matches": 0}))

    async def beside(self, source_ids: Collection[UUID]) -> None:
        """Note the pairs of sources whose terms change in all of them: `settle` reads their counts."""
        rows = await self.u.execute(_PAIRS, [str(source_id) for source_id in source_ids])
        self._pairs.update(row["id"] for row in rows)

    async def made(self, matches: Sequence[Standing]) -> None:
        """Note matches that were just made, with their uses, in the status that they have."""
        if confirmed := [str(match.id) for match in matches if match.status == MatchStatus.CONFIRMED]:
            await entries.post(self.u, confirmed)
        if suggested := [str(match.id) for match in matches if match.status == MatchStatus.SUGGESTED]:
            await entries.suggest(self.u, suggested)
        for match in matches:
            if match.pair_id is not None:
                self._pairs.add(match.pair_id)
                self._counts.setdefault(match.pair_id, Counter())[str(match.status), match.pass_name] += 1
            if match.job_id is not None:
                change = self._jobs.setdefault(match.job_id, Counter())
                change.update({str(match.status): 1, "matches": 1})
        await self._note_uses(matches, -1)

    async def settle(self, *, beside: Sequence[UUID] = ()) -> Settled:
        """Lock the pairs and jobs, and other jobs `beside` them; write the jobs' counts, and read those of the pairs."""
        u = self.u
        await entries.count_matches(u, self._counts)
        pairs = [await lock_pair(u, pair_id) for pair_id in sorted(self._pairs)]
        if beside:  # otherwise they are locked, in the order of their ids, by the statement that counts
            await lock_jobs(u, {*self._jobs, *beside})
        rows = await u.execute(_COUNT, *self._changes()) if self._jobs else []
        jobs = {row["id"]: Counts(**orjson.loads(row["counts"])) for row in rows}
        return await self._settled(jobs, pairs)

    async def settle_last(self, project_id: UUID) -> Settled:
        """
        The same for a change of a project after which only reads, events and the audit row follow: the audit chain and the
        streams are locked by the same statement.
        """
        if not self._pairs:
            return await self.settle()
        names = [streams.project(project_id), *map(streams.job, self._jobs)]
        values = (*self._changes(), [str(pair_id) for pair_id in self._pairs], *entries.counted(self._counts))
        said = [orjson.loads(one) for one in await self.u.lock_end(_LAST, values, f"project:{project_id}", names)]
        jobs = {UUID(one["job"]): Counts(**one["counts"]) for one in said if "job" in one}
        pairs = [
            PairOf(UUID(one["pair"]), UUID(one["left"]), UUID(one["right"]), None) for one in said if "pair" in one
        ]
        return await self._settled(jobs, pairs)

    def _changes(self) -> tuple[list[str], list[str]]:
        """The jobs, and how the counts of each change."""
        return [str(job_id) for job_id in self._jobs], [orjson.dumps(one).decode() for one in self._jobs.values()]

    async def _settled(self, jobs: dict[UUID, Counts], pairs: Sequence[PairOf]) -> Settled:
        snapshot = Reading(self.u.connection)
        books = {pair.id: await books_of(snapshot, pair) for pair in pairs}
        for pair in pairs:
            await entries.fold_now_and_then(self.u, pair.id, pair.sources, books[pair.id].entries)
        counts = {pair_id: found.counts for pair_id, found in books.items()}
        return Settled(jobs, {pair.id: pair for pair in pairs}, counts)

    async def _note_jobs(self, standing: Sequence[Standing], status: MatchStatus) -> None:
        for match in standing:
            if match.job_id is not None:
                change = self._jobs.setdefault(match.job_id, Counter())
                for name, by in ((match.status, -1), (status, 1)):
                    if name in Counts.model_fields:
                        change[str(name)] += by
                change["matches"] += (status in ACTIVE_MATCH) - (match.status in ACTIVE_MATCH)
        if status not in ACTIVE_MATCH:
            await self._note_uses([match for match in standing if match.status in ACTIVE_MATCH], 1)
        else:
            await self._note_uses([match for match in standing if match.status not in ACTIVE_MATCH], -1)

    async def _note_uses(self, matches: Sequence[Standing], by: int) -> None:
        """Note that the records of these matches become open (1) or are used (-1)."""
        ids = [str(match.id) for match in matches if match.job_id is not None]
        for uses in await self.u.execute(_USES, ids) if ids else ():
            self._jobs[uses["job_id"]].update({"open_left": by * uses["lefts"], "open_right": by * uses["rights"]})
