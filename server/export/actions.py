"""What an export leaves behind: a row in the audit log."""

from uuid import UUID

from models import access
from models.access import Actor
from models.job import Job
from realtime.unit_of_work import unit_of_work
from server.export.schemas import ExportQuery


async def begin_export(actor: Actor, job_id: UUID, query: ExportQuery) -> None:
    """Record an export before anything is sent. Raises: NotFound, Forbidden."""
    async with unit_of_work(actor) as u:
        job = (await access.load(actor, Job, job_id, "project.read_within")).row
        chosen = {"status": query.status} if query.status else {}
        u.audit(
            f"project:{job.project_id}", "job.export", ("job", job.id), format=query.format, what=query.what, **chosen
        )
