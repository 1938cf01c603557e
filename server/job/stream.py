"""The stream of a job. Who may read the project may follow it."""

from uuid import UUID

from pydantic import BaseModel

from models import access
from models.access import Actor, Held, Question
from models.job import Job
from realtime import streams
from server.job import queries
from server.store.reading import Reading
from server.store.stream import Asked, Right, StreamKind


async def _rights(asked: Asked) -> list[Right | None]:
    roles = await access.roles(Job, [Question(actor, row_id, "project.subscribe") for actor, row_id in asked])
    return [
        Right(frozenset({streams.project(role.project_id)}), role.ends_at) if isinstance(role, Held) else None
        for role in roles
    ]


async def _snapshot(_: Actor, job_id: UUID, reading: Reading) -> BaseModel:
    return await queries.view_of(reading, job_id)


STREAM = StreamKind("job", _rights, _snapshot, scope="read")
