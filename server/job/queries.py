"""Reads jobs."""

from typing import Any
from uuid import UUID

import orjson

from models import access, sql
from models.access import Actor
from models.job import Job
from models.project import Project
from models.status import JobStatus
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.job.schemas import JobList, JobView, ProgressCurve, ProgressPoint
from server.store.reading import Position, Reading, reading

_PROGRESS = "(SELECT s.value::text FROM states s WHERE s.key = 'job.progress:' || t.id::text) AS newest_progress"


async def list_jobs(actor: Actor, project_id: UUID, query: JobList) -> tuple[Page[JobView], Position]:
    """Lists the jobs of a project. Raises: NotFound, Forbidden."""
    sort = Sort("t.created_at", "timestamptz", descending=query.sort.startswith("-"))
    listing = Listing(f"t.*, {_PROGRESS}", "reconciliation_jobs t", sort, f"jobs/{project_id}")
    listing.where("t.project_id = ?", project_id)
    if query.status:
        listing.where("t.status = ?", query.status)
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.read_within")
        page = await listing.page(snapshot, query, _view)
        return page, await snapshot.position(streams.project(project_id))


async def get_job(actor: Actor, job_id: UUID) -> tuple[JobView, Position]:
    """Reads a job, if the actor may. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        await access.load(actor, Job, job_id, "project.read_within")
        return await view_of(snapshot, job_id), await snapshot.position(streams.job(job_id))


async def view_of(snapshot: Reading, job_id: UUID) -> JobView:
    """The view of a job. The caller has checked the actor's rights."""
    rows = await snapshot.rows(f"SELECT t.*, {_PROGRESS} FROM reconciliation_jobs t WHERE t.id = $1", job_id)
    return _view(rows[0])


def _view(row: dict[str, Any]) -> JobView:
    newest = row.pop("newest_progress")
    job = sql.hydrate(Job, row)
    is_live = job.status in (JobStatus.RUNNING, JobStatus.CANCELLING)
    return JobView.of(job, orjson.loads(newest) if newest and is_live else None)


async def progress_of(actor: Actor, job_id: UUID, points: int) -> tuple[ProgressCurve, Position]:
    """The progress curve so far, thinned to `points`. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        curve = job.progress_curve
        step = max(1, -(-len(curve) // points))
        thinned = curve[::step] + (curve[-1:] if curve and (len(curve) - 1) % step else [])
        items = [ProgressPoint(at_s=at_s, fraction=fraction, rate=rate) for at_s, fraction, rate in thinned]
        return ProgressCurve(items=items), await snapshot.position(streams.job(job_id))
