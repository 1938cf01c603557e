"""What an export leaves behind: a row in the audit log."""

from models.access import Actor
from realtime.unit_of_work import unit_of_work
from server.export.targets import Target


async def begin_export(actor: Actor, target: Target) -> None:
    """Record an export before anything is sent. Raises: NotFound, Forbidden."""
    query = target.query
    async with unit_of_work(actor) as u:
        project_id = await target.project_of(actor)
        chosen = {"status": query.status} if query.status else {}
        noun = target.resource[0]
        u.audit(
            f"project:{project_id}", f"{noun}.export", target.resource, format=query.format, what=query.what, **chosen
        )
