"""The streams of a vault: its entries, for those who may see them, and its accesses, for its managers."""

from uuid import UUID

from pydantic import BaseModel

from core.problems import Problem
from models import access
from models.access import Actor, Held, Question
from models.vault import Vault
from realtime import streams
from server.store.reading import Reading
from server.store.stream import Asked, Right, StreamKind
from server.vault import queries


async def _rights(asked: Asked) -> list[Right | None]:
    return await _rights_by(asked, "vault.subscribe")


async def _rights_to_accesses(asked: Asked) -> list[Right | None]:
    return await _rights_by(asked, "vault.subscribe.accesses")


async def _rights_by(asked: Asked, action: str) -> list[Right | None]:
    roles = await access.roles(Vault, [Question(actor, vault_id, action) for actor, vault_id in asked])
    return [_right(vault_id, role) for (_, vault_id), role in zip(asked, roles, strict=True)]


def _right(vault_id: UUID, role: Held | Problem) -> Right | None:
    if isinstance(role, Problem) or role.role == access.ADMIN:
        return None
    # A grant in a vault lasts only as long as the membership in its project, so a change of either means checking the
    # right again.
    return Right(frozenset({streams.project(role.project_id), streams.vault(vault_id)}), role.ends_at)


async def _snapshot(actor: Actor, vault_id: UUID, reading: Reading) -> BaseModel:
    return await queries.view_of(reading, actor, vault_id)


STREAM = StreamKind("vault", _rights, _snapshot, scope="vault:list")
ACCESSES = StreamKind("vault-access", _rights_to_accesses, _snapshot, scope="vault:list")
