"""The stream of a project."""

from uuid import UUID

from pydantic import BaseModel

from models import access
from models.access import Actor, Held, Question
from models.project import Project
from server.project import queries
from server.store.reading import Reading
from server.store.stream import Asked, Right, StreamKind


async def _rights(asked: Asked) -> list[Right | None]:
    roles = await access.roles(Project, [Question(actor, row_id, "project.subscribe") for actor, row_id in asked])
    return [Right(ends_at=role.ends_at) if isinstance(role, Held) else None for role in roles]


async def _snapshot(actor: Actor, project_id: UUID, reading: Reading) -> BaseModel:
    return await queries.view_of(reading, actor, project_id)


STREAM = StreamKind("project", _rights, _snapshot, scope="read")
