"""A person's own stream."""

from uuid import UUID

from pydantic import BaseModel

from models import access
from models.access import Actor
from models.user import User
from server.auth.schemas import UserView
from server.store.reading import Reading
from server.store.stream import Asked, Right, StreamKind


async def _rights(asked: Asked) -> list[Right | None]:
    return [Right() if is_active else None for is_active in await access.active_accounts(asked)]


async def _snapshot(_: Actor, user_id: UUID, reading: Reading) -> BaseModel:
    return UserView.of(await User.filter(id=user_id).using_db(reading.connection).get())


STREAM = StreamKind("user", _rights, _snapshot)
