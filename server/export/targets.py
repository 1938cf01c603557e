"""What is exported: the results of one job, or the two books of a pair over all its jobs."""

from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import orjson

from core.clock import now
from core.problems import TokenRevoked
from models import access
from models.access import Actor
from models.job import Job
from models.project import Project
from realtime import streams
from server.api.paging import Sort
from server.export.encoding import About
from server.export.layout import Layout
from server.export.schemas import ExportQuery, PairExportQuery
from server.match import search
from server.match.pair import pair_for, sort_of
from server.match.queries import SORTS
from server.record.columns import MAX_ADDED, columns_of
from server.store.reading import Position, Reading

MOST_NAMES = 5_000
MOST_PLANS = 20
_PLANS = f"""
    SELECT plan_hash, plan_document::text AS document FROM (
        SELECT DISTINCT ON (plan_hash) id, plan_hash, plan_document FROM reconciliation_jobs
        WHERE pair_id = $1 AND plan_document IS NOT NULL ORDER BY plan_hash, id DESC) p
    ORDER BY id DESC LIMIT {MOST_PLANS}
"""
NEWEST = 2**31 - 1


@dataclass(frozen=True)
class Side:
    """A source, and which of its records belong to the export."""

    name: str
    source_id: UUID
    revision: int = NEWEST
    job_id: UUID | None = None  # its records that no match of this job uses are open,
    pair_id: UUID | None = None  # or else those that neither a confirmed match nor one of this pair uses


@dataclass
class Chosen:
    """Which matches are chosen: conditions and their values."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def where(self, condition: str, *values: Any) -> None:
        """Add a condition. Each `?` in it stands for the next value."""
        for value in values:
            self.values.append(value)
            condition = condition.replace("?", f"${len(self.values)}", 1)
        self.conditions.append(condition)


@dataclass
class Selection:
    """What an export holds, as of the snapshot that it was opened in."""

    query: ExportQuery
    about: About
    position: Position
    sides: tuple[Side, Side]
    matches: Chosen
    write_offs: Chosen = field(default_factory=lambda: Chosen(["false"], []))  # they come after all other matches
    pair_id: UUID | None = None  # whose remainders are open items
    is_turned: bool = False  # the left side is the right one of the pair
    sign: int = 1
    order: Sort = SORTS["created"]
    link: str | None = None  # where the plan is
    name: str = field(init=False)  # of the file, without its ending

    def __post_init__(self) -> None:
        self.name = f"{self.query.what}-{now():%Y-%m-%d}-{str(self.matches.values[0])[-8:]}"
        chosen: dict[str, Any] = {"status": self.query.status, "pass_name": self.query.pass_name}
        if isinstance(self.query, PairExportQuery):
            chosen |= {"job_id": self.query.job, "kind": self.query.kind, "origin": self.query.origin}
        for place in (self.matches, self.write_offs):
            for column, value in chosen.items():
                if value is not None:
                    place.where(f"t.{column} = ?", value)
            if self.searched is not None and self.query.what == "matches":
                place.where(search.OF_MATCH, *search.values(self.searched))

    @property
    def searched(self) -> str | None:
        """What matches or open items are chosen by."""
        return self.query.q if isinstance(self.query, PairExportQuery) else None

    def words_of(self, side: str) -> tuple[str, ...]:
        """What the open items of a side are chosen by."""
        return self.query.words_of(side) if isinstance(self.query, PairExportQuery) else ()


class Target(Protocol):
    """What somebody wants to export."""

    @property
    def query(self) -> ExportQuery:
        """The wish."""

    @property
    def resource(self) -> tuple[str, UUID]:
        """What it is about, in the audit log."""

    async def project_of(self, actor: Actor) -> UUID:
        """The project, if the actor may read it. Raises: NotFound, Forbidden."""

    async def check(self, actor: Actor, snapshot: Reading) -> None:
        """Check that there is such an export for the actor, without reading it. Raises: NotFound, Forbidden, Invalid."""

    async def select(self, actor: Actor, snapshot: Reading) -> Selection:
        """What it holds, if the actor may read it. Raises: NotFound, Forbidden, Invalid."""


@dataclass(frozen=True)
class JobTarget:
    """What a job matched or left open."""

    job_id: UUID
    query: ExportQuery

    @property
    def resource(self) -> tuple[str, UUID]:
        """The job."""
        return "job", self.job_id

    async def project_of(self, actor: Actor) -> UUID:
        """The job's project."""
        loaded = await access.load(actor, Job, self.job_id, "project.read_within")
        assert loaded.project_id is not None
        return loaded.project_id

    async def check(self, actor: Actor, snapshot: Reading) -> None:
        """Whether the actor may read the job."""
        await self.project_of(actor)

    async def select(self, actor: Actor, snapshot: Reading) -> Selection:
        """What the job matched, or the records that it read and does not use."""
        job = (await access.load(actor, Job, self.job_id, "project.read_within")).row
        facts = {"job": str(job.id), "plan_hash": job.plan_hash or "", "plan_version": str(job.plan_version or "")}
        sources = (job.left_source_id, job.right_source_id)
        left, right = (
            Side(name, source_id, int(job.inputs.get(name, {}).get("revision", NEWEST)), job.id)
            for name, source_id in zip(("left", "right"), sources, strict=True)
        )
        return Selection(
            self.query,
            About(
                await _layout(snapshot, self.query, *sources),
                await _facts(snapshot, self.query, job.project_id) | facts,
                job.plan_document,
            ),
            await snapshot.position(streams.job(job.id)),
            (left, right),
            Chosen(["t.job_id = $1"], [job.id]),
            order=SORTS[self.query.sort or "created"],
            link=None if job.plan_id is None else f"/api/v1/plans/{job.plan_id}?version={job.plan_version}",
        )


@dataclass(frozen=True)
class PairTarget:
    """The two books of a pair, as somebody looks at them."""

    project_id: UUID
    query: PairExportQuery

    @property
    def resource(self) -> tuple[str, UUID]:
        """The project."""
        return "project", self.project_id

    async def project_of(self, actor: Actor) -> UUID:
        """The project itself."""
        await access.load(actor, Project, self.project_id, "project.read_within")
        return self.project_id

    async def check(self, actor: Actor, snapshot: Reading) -> None:
        """Whether the actor may read the project, and the sources are two of it."""
        await pair_for(snapshot, actor, self.project_id, self.query)

    async def select(self, actor: Actor, snapshot: Reading) -> Selection:
        """The matches of all jobs and by hand, or what no match holds and what matches leave open."""
        pair = await pair_for(snapshot, actor, self.project_id, self.query)
        left, right = pair.sources
        facts = {"left_source": str(left), "right_source": str(right)}
        write_offs = Chosen()
        write_offs.where(search.WRITE_OFFS, self.project_id, left, right)
        return Selection(
            self.query,
            About(
                await _layout(snapshot, self.query, left, right),
                await _facts(snapshot, self.query, self.project_id) | facts,
                await _plans(snapshot, pair.id),
            ),
            await snapshot.position(streams.project(self.project_id)),
            (Side("left", left, pair_id=pair.id), Side("right", right, pair_id=pair.id)),
            Chosen(["t.pair_id = $1"], [pair.id]),
            write_offs,
            pair_id=pair.id,
            is_turned=pair.turned,
            sign=pair.sign or 1,
            order=await sort_of(snapshot, pair, self.query.sort or "created"),
        )


async def check_still(actor: Actor, target: Target, snapshot_rows: Any) -> None:
    """
    Check that the actor may still read it and is still signed in. Raises: NotFound, Forbidden, TokenRevoked.
    """
    await target.project_of(actor)
    if actor.session_id is not None and not await snapshot_rows(
        "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()", [actor.session_id]
    ):
        raise TokenRevoked


async def _plans(snapshot: Reading, pair_id: UUID) -> dict[str, Any] | None:
    """The plans of a pair's latest jobs, by their hashes, which the matches name too."""
    rows = await snapshot.rows(_PLANS, pair_id)
    return {row["plan_hash"]: orjson.loads(row["document"]) for row in rows} or None


async def _facts(snapshot: Reading, query: ExportQuery, project_id: UUID) -> dict[str, str]:
    rows = await snapshot.rows("SELECT name FROM projects WHERE id = $1", project_id)
    return {"project": rows[0]["name"], "what": query.what, "as_of": now().isoformat(timespec="seconds")}


async def _layout(snapshot: Reading, query: ExportQuery, left: UUID, right: UUID) -> Layout:
    return Layout(query.what, await _names(snapshot, left), await _names(snapshot, right))


async def _names(snapshot: Reading, source_id: UUID) -> tuple[str, ...]:
    """The columns of a source. Beyond a number of columns that records added, only the records know them."""
    names = (await columns_of(snapshot, [source_id])).get(source_id, [])
    added = await snapshot.rows(
        "SELECT jsonb_array_length(coalesce(detection->'added_columns', '[]')) AS n FROM sources WHERE id = $1",
        source_id,
    )
    if added[0]["n"] < MAX_ADDED:
        return tuple(names)
    rows = await snapshot.rows(
        "SELECT DISTINCT jsonb_object_keys(data) AS name FROM reconciliation_records WHERE source_id = $1 "
        f"ORDER BY 1 LIMIT {MOST_NAMES}",
        source_id,
    )
    return tuple(dict.fromkeys([*names, *(row["name"] for row in rows)]))
