"""
What realtime is given: authentication, rights to streams, snapshots. Rights are read through models/access.py.

Each feature defines its streams in a module of its own; this module lists them all.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from core.problems import Problem
from models import access
from models.access import Actor
from realtime import streams
from realtime.guest import Grant
from server.api.keys import Authenticate
from server.job import stream as job
from server.project import stream as project
from server.store.reading import Reading, reading
from server.user import stream as user
from server.vault import stream as vault

KINDS = (project.STREAM, job.STREAM, vault.STREAM, vault.ACCESSES, user.STREAM)
STREAMS = {kind.noun: kind for kind in KINDS}


class LiveAuthority:
    """Answers realtime's questions for the application."""

    def __init__(self, authenticate: Authenticate) -> None:
        self._authenticate = authenticate

    async def authenticate(self, token: str, address: str) -> Actor:
        """The actor behind a token that was sent from an address. An API token needs the scope events. Raises: Problem."""
        actor = await self._authenticate(token, address)
        access.require_scope(actor, "events")
        return actor

    async def grant(self, actor: Actor, stream: str) -> Grant | None:
        """
        The actor's right to a stream and the stream's position, in one snapshot. Raises: Forbidden for a token without
        the scope.
        """
        async with reading() as snapshot:
            return await self._grant(actor, stream, snapshot)

    async def snapshot(self, actor: Actor, stream: str) -> tuple[Grant, dict[str, Any]] | None:
        """What the stream is about, as REST shows it, with the head that it is true at."""
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
        kind = STREAMS[noun]
        if kind.scope is not None:
            access.require_scope(actor, kind.scope)  # the same for every row, so it tells nothing about this one
        try:
            right = await kind.authorize(actor, row_id)
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
    """When the grant ends. A grant in a vault also ends with the membership in the vault's project."""
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
