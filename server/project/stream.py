"""The stream of a project."""

from uuid import UUID

from pydantic import BaseModel

from models import access
from models.access import Actor
from models.project import Project
from server.project import queries
from server.store.reading import Reading
from server.store.stream import Right, StreamKind


async def _right(actor: Actor, project_id: UUID) -> Right:
    await access.load(actor, Project, project_id, "project.subscribe")
    return Right(membership=("project", project_id))


async def _snapshot(actor: Actor, project_id: UUID, reading: Reading) -> BaseModel:
    return await queries.view_of(reading, actor, project_id)


STREAM = StreamKind("project", _right, _snapshot, scope="read")
