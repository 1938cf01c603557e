"""Whether somebody may still do what he asked for, asked when the work begins: hours may lie between."""

from uuid import UUID

from core.problems import Forbidden, TokenRevoked
from models import access
from models.access import Actor
from realtime.unit_of_work import UnitOfWork

# The account is held, so that whoever disables it comes before this work, or after its beginning.
_ACCOUNT = "SELECT status FROM users WHERE id = $1 FOR SHARE"
_SESSION = "SELECT 1 FROM sessions WHERE id = $1 AND revoked_at IS NULL"
_MEMBER = f"SELECT m.role FROM project_members m WHERE m.user_id = $1 AND m.project_id = $2 AND {access.in_force('m')}"


async def refuse_signed_out(u: UnitOfWork, actor: Actor) -> None:
    """Raises: TokenRevoked when an actor's account was disabled or the session ended since the request began."""
    if actor.id is None:
        return
    accounts = await u.execute(_ACCOUNT, actor.id)
    has_session = actor.session_id is None or await u.execute(_SESSION, actor.session_id)
    if not accounts or accounts[0]["status"] != "active" or not has_session:
        raise TokenRevoked


async def may_still(u: UnitOfWork, person: UUID | None, project_id: UUID, action: str) -> bool:
    """Whether a person may do something in a project now. What nobody asked for, the system may."""
    if person is None:
        return True
    await u.execute(_ACCOUNT, person)
    members = await u.execute(_MEMBER, person, project_id)
    return bool(members) and access.can(members[0]["role"], action)


def lost(noun: str) -> Forbidden:
    """Why work was not begun."""
    return Forbidden(
        f"The person who asked for this {noun} has lost the right to it since then: somebody who has it can ask again."
    )
