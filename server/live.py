"""
What realtime is handed: tokens, rights to streams, snapshots. Rights are read through models/access.py.

STREAMS registers the kinds of stream: who may follow one, and what REST shows of its noun.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from core.problems import Forbidden, Problem
from models import access
from models.access import Actor
from models.job import Job
from models.project import Project
from models.user import User
from models.vault import Vault
from realtime import streams
from realtime.guest import Grant
from server.auth.schemas import UserView
from server.auth.tokens import Tokens
from server.job import queries as job_queries
from server.project import queries as project_queries
from server.store.reading import Reading, reading
from server.vault import queries as vault_queries


@dataclass(frozen=True)
class Right:
    """A right to a stream: the streams above that tell of its end, and the membership that it comes from."""

    parents: frozenset[str] = frozenset()
    membership: tuple[str, UUID] | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of stream. `authorize` raises a Problem for somebody who may not follow it."""

    authorize: Callable[[Actor, UUID], Awaitable[Right]]
    snapshot: Callable[[Actor, UUID, Reading], Awaitable[BaseModel]]


class LiveAuthority:
    """Answers for the application."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def authenticate(self, token: str) -> Actor:
        """The actor behind an access token. Raises: Problem."""
        return await self._tokens.authenticate(token)

    async def grant(self, actor: Actor, stream: str) -> Grant | None:
        """The actor's right to a stream and the stream's place, in one snapshot."""
        async with reading() as snapshot:
            return await self._grant(actor, stream, snapshot)

    async def snapshot(self, actor: Actor, stream: str) -> tuple[Grant, dict[str, Any]] | None:
        """The stream's noun as REST shows it, with the head that it is true at."""
        async with reading() as snapshot:
            grant = await self._grant(actor, stream, snapshot)
            parsed = streams.parse(stream)
            if grant is None or parsed is None:
                return None
            noun, row_id = parsed
            view = await STREAMS[noun].snapshot(actor, row_id, snapshot)
            return grant, view.model_dump(mode="json", by_alias=True)

    async def _grant(self, actor: Actor, stream: str, snapshot: Reading) -> Grant | None:
        parsed = streams.parse(stream)
        if parsed is None:
            return None
        noun, row_id = parsed
        try:
            right = await STREAMS[noun].authorize(actor, row_id)
        except Problem:
            return None
        rows = await snapshot.rows("SELECT epoch, head, floor FROM streams WHERE name = $1", stream)
        if not rows:
            return None
        valid_until = None
        if right.membership is not None:
            valid_until = await _end_of(snapshot, *right.membership, actor)
        return Grant(rows[0]["epoch"], rows[0]["head"], rows[0]["floor"], valid_until, right.parents)


async def _end_of(snapshot: Reading, noun: str, row_id: UUID, actor: Actor) -> datetime | None:
    """When the grant ends. One in a vault ends with the membership in the vault's project too."""
    sql = "SELECT min(expires_at) AS at FROM project_members WHERE user_id = $2 AND project_id = $1"
    if noun == "vault":
        sql = (
            "SELECT least(m.expires_at, p.expires_at) AS at FROM vault_members m JOIN vaults v ON v.id = m.vault_id "
            "JOIN project_members p ON p.project_id = v.project_id AND p.user_id = m.user_id "
            "WHERE m.vault_id = $1 AND m.user_id = $2"
        )
    rows = await snapshot.rows(sql, row_id, actor.id)
    end: datetime | None = rows[0]["at"] if rows else None
    return end


async def _right_to_account(actor: Actor, row_id: UUID) -> Right:
    await access.load_account(actor, row_id)
    return Right()


async def _right_to_project(actor: Actor, row_id: UUID) -> Right:
    await access.load(actor, Project, row_id, "project.subscribe")
    return Right(membership=("project", row_id))


async def _right_to_job(actor: Actor, row_id: UUID) -> Right:
    loaded = await access.load(actor, Job, row_id, "project.read_within")
    assert loaded.project_id is not None
    return Right(frozenset({streams.project(loaded.project_id)}), ("project", loaded.project_id))


async def _right_to_vault(actor: Actor, row_id: UUID) -> Right:
    return await _right_within_vault(actor, row_id, "vault.subscribe")


async def _right_to_accesses(actor: Actor, row_id: UUID) -> Right:
    return await _right_within_vault(actor, row_id, "vault.members.edit")


async def _right_within_vault(actor: Actor, row_id: UUID, action: str) -> Right:
    loaded = await access.load(actor, Vault, row_id, action)
    if loaded.role == access.ADMIN:
        raise Forbidden
    # A grant in a vault holds as long as the membership in its project: changes of either put the right in question.
    return Right(frozenset({streams.project(loaded.row.project_id), streams.vault(row_id)}), ("vault", row_id))


async def _project(actor: Actor, row_id: UUID, snapshot: Reading) -> BaseModel:
    return await project_queries.view_of(snapshot, actor, row_id)


async def _job(_: Actor, row_id: UUID, snapshot: Reading) -> BaseModel:
    return await job_queries.view_of(snapshot, row_id)


async def _user(_: Actor, row_id: UUID, snapshot: Reading) -> BaseModel:
    return UserView.of(await User.filter(id=row_id).using_db(snapshot.connection).get())


async def _vault(actor: Actor, row_id: UUID, snapshot: Reading) -> BaseModel:
    return await vault_queries.view_of(snapshot, actor, row_id)


STREAMS = {
    "project": Kind(_right_to_project, _project),
    "job": Kind(_right_to_job, _job),
    "vault": Kind(_right_to_vault, _vault),
    "vault-access": Kind(_right_to_accesses, _vault),
    "user": Kind(_right_to_account, _user),
}
