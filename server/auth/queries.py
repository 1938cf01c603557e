"""Read queries for sessions."""

from core.clock import now
from models.access import Actor
from models.user import Session
from server.auth.schemas import SessionList, SessionView


async def sessions_of(actor: Actor) -> SessionList:
    """The actor's own live sessions, most recently used first."""
    rows = await Session.filter(user_id=actor.user_id, revoked_at=None, expires_at__gt=now()).order_by("-last_used_at")
    items = [
        SessionView(
            id=row.id,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            network=row.network,
            client=row.client,
            current=row.id == actor.session_id,
        )
        for row in rows
    ]
    return SessionList(items=items, total=len(items))
