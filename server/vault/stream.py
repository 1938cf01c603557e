"""The streams of a vault: its entries, for those who may see them, and its accesses, for its managers."""

from uuid import UUID

from pydantic import BaseModel

from core.problems import Forbidden
from models import access
from models.access import Actor
from models.vault import Vault
from realtime import streams
from server.store.reading import Reading
from server.store.stream import Right, StreamKind
from server.vault import queries


async def _right(actor: Actor, vault_id: UUID) -> Right:
    return await _right_by(actor, vault_id, "vault.subscribe")


async def _right_to_accesses(actor: Actor, vault_id: UUID) -> Right:
    return await _right_by(actor, vault_id, "vault.subscribe.accesses")


async def _right_by(actor: Actor, vault_id: UUID, action: str) -> Right:
    loaded = await access.load(actor, Vault, vault_id, action)
    if loaded.role == access.ADMIN:
        raise Forbidden
    # A grant in a vault lasts only as long as the membership in its project, so a change of either means checking the
    # right again.
    return Right(frozenset({streams.project(loaded.row.project_id), streams.vault(vault_id)}), ("vault", vault_id))


async def _snapshot(actor: Actor, vault_id: UUID, reading: Reading) -> BaseModel:
    return await queries.view_of(reading, actor, vault_id)


STREAM = StreamKind("vault", _right, _snapshot, scope="vault:list")
ACCESSES = StreamKind("vault-access", _right_to_accesses, _snapshot, scope="vault:list")
