"""
Who is behind an API token. Token and owner are read from the database on every use, in one query, so that revoking a
token or disabling its owner takes effect at once.
"""

import asyncio
import contextvars
import hmac
import json
from collections import OrderedDict
from datetime import timedelta
from typing import Any
from uuid import UUID

from tortoise import Tortoise

from core import log
from core.api_token import Parsed, parse
from core.clock import now
from core.problems import Forbidden, TokenExpired, TokenInvalid, TokenRevoked
from models.access import ANONYMOUS, About, Actor
from models.scope import Limits
from realtime import unit_of_work as work
from realtime.refusals import record_refusal
from realtime.unit_of_work import Call
from server.api.address import is_within, network_of
from server.api.body.lane import Lane

MOST_KNOWN = 4096
LINE = 512  # as many as one address has connections; letting them wait costs less than refusing them again and again
USE_WRITTEN_EVERY = timedelta(minutes=1)
# Compared with if there is no such token. An id that exists still takes longer, since the wrong secret is recorded; this
# tells nothing that is secret, because ids are shown as prefixes and named in the audit log.
_NOBODY = bytes(32)
_READ = """
    SELECT k.hash, k.scopes::text AS scopes, k.project_ids::text AS project_ids, k.vault_ids::text AS vault_ids,
        k.networks::text AS networks, k.expires_at, k.last_used_at, k.revoked_at, k.user_id,
        u.role, u.status, u.email, u.display_name, u.password_expires_at
    FROM api_tokens k JOIN users u ON u.id = k.user_id WHERE k.id = $1
"""
# A token that somebody is changing is left for its next use: waiting for it while holding others could deadlock.
_NOTE_USES = """
    UPDATE api_tokens SET last_used_at = now() WHERE id IN (
        SELECT id FROM api_tokens WHERE id = ANY($1::text[]::uuid[])
            AND (last_used_at IS NULL OR last_used_at <= now() - $2::interval) FOR NO KEY UPDATE SKIP LOCKED)
"""
logger = log.get(__name__)


class ApiTokens:
    """
    Authenticates API tokens, and notes when they are used.

    Looking for a token takes a database connection, before anything is known about who sent it. So unknown tokens of a
    network take turns, and whoever makes them up waits behind their own. A token that was good before has turns of its
    own, so that its program does not wait behind strangers in the same network.

    Args:
        pool: number of connections.
    """

    def __init__(self, pool: int) -> None:
        self.lane = Lane(max(1, pool // 5), 1, LINE, wait_s=5.0)
        self._known: OrderedDict[bytes, None] = OrderedDict()  # digests of tokens that were good, the latest last
        self._used: set[str] = set()
        self._writer: asyncio.Task[None] | None = None

    async def authenticate(self, token: str, address: str) -> Actor:
        """
        The actor behind a token that was sent from an address.

        Raises: TokenInvalid, TokenRevoked, TokenExpired, Forbidden if the token may not be used from there, Busy.
        """
        parsed = parse(token)
        if parsed is None:
            raise TokenInvalid
        owner = parsed.digest.hex() if parsed.digest in self._known else network_of(address)
        async with self.lane.turn(owner):
            actor = await self._look_up(parsed, address)
        self._know(parsed.digest)
        return actor

    def _know(self, digest: bytes) -> None:
        self._known[digest] = None
        self._known.move_to_end(digest)
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    async def _look_up(self, parsed: Parsed, address: str) -> Actor:
        rows = await Tortoise.get_connection("default").execute_query_dict(_READ, [parsed.token_id])
        row = dict(rows[0]) if rows else {}
        if not hmac.compare_digest(bytes(row.get("hash", _NOBODY)), parsed.digest):
            if row:
                await _record(ANONYMOUS, parsed.token_id, "api_token.wrong_secret", "failure", address)
            raise TokenInvalid
        actor = _actor(parsed.token_id, row)
        if row["revoked_at"] is not None or row["status"] != "active":
            await _record(actor, parsed.token_id, "api_token.revoked_use", "failure", address)
            raise TokenRevoked("The API token was revoked, or its owner's account is disabled. Use another token.")
        if row["expires_at"] <= now():
            raise TokenExpired("The API token has expired. Make a new one.")
        if not _is_from(address, row["networks"]):
            await _record(actor, parsed.token_id, "api_token.other_network", "denied", address)
            raise Forbidden("This API token may not be used from your address. Its owner can see where it may be used.")
        self._note_use(parsed.token_id, row)
        return actor

    def _note_use(self, token_id: UUID, row: dict[str, Any]) -> None:
        """Write the time of use soon, in a task of its own: no request waits for it, or fails with it."""
        if row["last_used_at"] is not None and row["last_used_at"] > now() - USE_WRITTEN_EVERY:
            return
        self._used.add(str(token_id))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(
                self._write_uses(), name="uses of tokens", context=contextvars.Context()
            )

    async def _write_uses(self) -> None:
        while self._used:
            used, self._used = list(self._used), set()
            try:
                await Tortoise.get_connection("default").execute_query(_NOTE_USES, [used, USE_WRITTEN_EVERY])
            except Exception as error:  # noqa: BLE001 - a task's root: the next use is written again
                logger.warning("the use of a token could not be noted", error=type(error).__name__)

    async def close(self) -> None:
        """Wait until what was noted is written."""
        if self._writer is not None:
            await asyncio.gather(self._writer, return_exceptions=True)


def _actor(token_id: UUID, row: dict[str, Any]) -> Actor:
    expires = row["password_expires_at"]
    return Actor(
        type="token",
        id=row["user_id"],
        role=row["role"],
        email=row["email"],
        display_name=row["display_name"],
        password_expires_at=expires,
        password_expired=expires is not None and expires <= now(),
        token_expires_at=row["expires_at"],
        limits=Limits(token_id, frozenset(json.loads(row["scopes"])), _ids(row["project_ids"]), _ids(row["vault_ids"])),
    )


def _ids(text: str | None) -> tuple[UUID, ...] | None:
    found = None if text is None else json.loads(text)
    return None if found is None else tuple(UUID(one) for one in found)


def _is_from(address: str, networks: str | None) -> bool:
    allowed = None if networks is None else json.loads(networks)
    return allowed is None or is_within(address, allowed)


async def _record(actor: Actor, token_id: UUID, action: str, outcome: str, address: str) -> None:
    request = work.call.set(Call(address, network_of(address)))
    try:
        await record_refusal(actor, About("account", "api_token", action, str(token_id)), outcome)
    finally:
        work.call.reset(request)
