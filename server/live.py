"""
What realtime is given: authentication, rights to streams, snapshots. Rights are read through models/access.py.

Each feature defines its streams in a module of its own; this module lists them all. What many clients ask at the same
moment is answered together, by a few queries in one snapshot.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from core.problems import Problem, TokenInvalid
from models import access
from models.access import Actor
from realtime import streams
from realtime.batching import Batch
from realtime.guest import Entrance, Grant
from realtime.store import Head
from server.auth.authentication import Authentication, Claims
from server.job import stream as job
from server.project import stream as project
from server.store.reading import Reading, reading
from server.store.stream import Right
from server.user import stream as user
from server.vault import stream as vault

KINDS = (project.STREAM, job.STREAM, vault.STREAM, vault.ACCESSES, user.STREAM)
STREAMS = {kind.noun: kind for kind in KINDS}
Asked = tuple[Actor, str]  # may the actor follow the stream?


class LiveAuthority:
    """Answers realtime's questions for the application."""

    def __init__(self, authentication: Authentication) -> None:
        self._authentication = authentication
        self._grants: Batch[Asked, Grant | None] = Batch(_read_grants)
        self._entrances: Batch[Claims, Entrance] = Batch(self._read_entrances)

    async def authenticate(self, token: str, address: str) -> Actor:
        """The actor behind a token that was sent from an address. An API token needs the scope events. Raises: Problem."""
        actor = await self._authentication.authenticate(token, address)
        access.require_scope(actor, "events")
        return actor

    async def enter(self, token: str, address: str) -> Entrance:
        """Like `authenticate`, with the head of the person's own stream. Raises: Problem."""
        claims = await self._authentication.read(token)
        if claims is not None:
            return await self._entrances.ask(claims)
        # An API token is looked for by itself, since strangers who make tokens up take turns.
        actor = await self.authenticate(token, address)
        grant = await self.grant(actor.owner, streams.user(actor.user_id))
        if grant is None:
            raise TokenInvalid
        return Entrance(await self.authenticate(token, address), grant)

    async def grant(self, actor: Actor, stream: str) -> Grant | None:
        """
        The actor's right to a stream and the stream's position, in one snapshot. Raises: Forbidden for a token without
        the scope.
        """
        return await self._grants.ask((actor, stream))

    async def snapshot(self, actor: Actor, stream: str) -> tuple[Grant, dict[str, Any]] | None:
        """What the stream is about, as REST shows it, with the head that it is true at."""
        async with reading() as snapshot:
            (grant,) = await _grants_in(snapshot, [(actor, stream)])
            if isinstance(grant, Exception):
                raise grant
            parsed = streams.parse(stream)
            if grant is None or parsed is None:
                return None
            noun, row_id = parsed
            view = await STREAMS[noun].snapshot(actor, row_id, snapshot)
            return grant, view.model_dump(mode="json", by_alias=True)

    async def _read_entrances(self, asked: list[Claims]) -> list[Entrance | Exception]:
        claims = await self._authentication.claims_of(asked)
        async with reading() as snapshot:
            actors = await self._authentication.actors_of(claims)
            names = [streams.user(actor.user_id) for actor in actors if isinstance(actor, Actor)]
            heads = await _heads_in(snapshot, names)
        return [_entrance(actor, heads) for actor in actors]


def _entrance(actor: Actor | Problem, heads: dict[str, Grant]) -> Entrance | Exception:
    if isinstance(actor, Problem):
        return actor
    at = heads.get(streams.user(actor.user_id))
    return TokenInvalid() if at is None else Entrance(actor, Head(at.epoch, at.head))


async def _read_grants(asked: list[Asked]) -> Sequence[Grant | Exception | None]:
    async with reading() as snapshot:
        return await _grants_in(snapshot, asked)


async def _grants_in(snapshot: Reading, asked: list[Asked]) -> list[Grant | Exception | None]:
    """The grants of a snapshot, by one query for each kind of stream, and one for the positions."""
    answers: list[Grant | Exception | None] = [None] * len(asked)
    of_kind: dict[str, list[tuple[int, Actor, UUID]]] = {}
    for place, (actor, stream) in enumerate(asked):
        parsed = streams.parse(stream)
        if parsed is None:
            continue
        noun, row_id = parsed
        try:
            if (scope := STREAMS[noun].scope) is not None:
                access.require_scope(actor, scope)  # the same for every row, so it tells nothing about this one
        except Problem as problem:
            answers[place] = problem
            continue
        of_kind.setdefault(noun, []).append((place, actor, row_id))
    rights: dict[int, Right] = {}
    for noun, questions in of_kind.items():
        found = await STREAMS[noun].rights([(actor, row_id) for _, actor, row_id in questions])
        rights |= {place: right for (place, _, _), right in zip(questions, found, strict=True) if right is not None}
    heads = await _heads_in(snapshot, [asked[place][1] for place in rights])
    for place, right in rights.items():
        at = heads.get(asked[place][1])
        if at is not None:
            answers[place] = Grant(at.epoch, at.head, at.floor, right.ends_at, right.parents)
    return answers


async def _heads_in(snapshot: Reading, names: Sequence[str]) -> dict[str, Grant]:
    if not names:
        return {}
    rows = await snapshot.rows("SELECT name, epoch, head, floor FROM streams WHERE name = ANY($1)", list(set(names)))
    return {row["name"]: Grant(row["epoch"], row["head"], row["floor"]) for row in rows}
