"""Whether somebody may still do what they asked for. Checked when the work begins, which may be hours later."""

from uuid import UUID

from core.problems import Forbidden, TokenRevoked
from models import access
from models.access import Actor
from realtime.unit_of_work import UnitOfWork

# The account is locked, so disabling it happens either before this work or after it has begun.
_ACCOUNT = "SELECT status FROM users WHERE id = $1 FOR SHARE"
_SESSION = "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL"
_UNREVOKED = "SELECT 1 FROM api_tokens WHERE id = $1 AND revoked_at IS NULL AND expires_at > now()"
_HELD_TOKEN = f"{_UNREVOKED} FOR SHARE"  # like the account
_MEMBER = f"SELECT m.role FROM project_members m WHERE m.user_id = $1 AND m.project_id = $2 AND {access.in_force('m')}"


async def refuse_signed_out(u: UnitOfWork, actor: Actor) -> None:
    """
    Check that the actor may still act. Raises: TokenRevoked if the account was disabled, or the session ended or
    the token was revoked since the request began.
    """
    if actor.id is None:
        return
    accounts = await u.execute(_ACCOUNT, actor.id)
    has_session = actor.session_id is None or await u.execute(_SESSION, actor.session_id)
    has_token = actor.limits is None or await u.execute(_UNREVOKED, actor.limits.token_id)
    if not accounts or accounts[0]["status"] != "active" or not has_session or not has_token:
        raise TokenRevoked


async def may_still(
    u: UnitOfWork, person: UUID | None, project_id: UUID, action: str, token: UUID | None = None
) -> bool:
    """
    Whether a person may do something in a project now, and the API token that asked for it is still valid. The system
    may always do what nobody asked for.
    """
    if person is None:
        return True
    await u.execute(_ACCOUNT, person)
    if token is not None and not await u.execute(_HELD_TOKEN, token):
        return False
    members = await u.execute(_MEMBER, person, project_id)
    return bool(members) and access.can(members[0]["role"], action)


def lost(noun: str) -> Forbidden:
    """The reason that work was not begun."""
    return Forbidden(
        f"Whoever asked for this {noun} no longer has the right to it: the person, or the API token that was used. "
        "Somebody who has the right can ask again."
    )
