"""The stream of a job. Who may read the project may follow it."""

from uuid import UUID

from pydantic import BaseModel

from models import access
from models.access import Actor
from models.job import Job
from realtime import streams
from server.job import queries
from server.store.reading import Reading
from server.store.stream import Right, StreamKind


async def _right(actor: Actor, job_id: UUID) -> Right:
    loaded = await access.load(actor, Job, job_id, "project.subscribe")
    assert loaded.project_id is not None
    return Right(frozenset({streams.project(loaded.project_id)}), ("project", loaded.project_id))


async def _snapshot(_: Actor, job_id: UUID, reading: Reading) -> BaseModel:
    return await queries.view_of(reading, job_id)


STREAM = StreamKind("job", _right, _snapshot, scope="read")
