"""Read queries for API tokens."""

from models.access import Actor
from models.user import ApiToken
from server.auth.api_tokens.schemas import ApiTokenList, ApiTokenView


async def tokens_of(actor: Actor) -> ApiTokenList:
    """The actor's own tokens that are not revoked, newest first. Expired ones are listed until they are revoked."""
    rows = await ApiToken.filter(user_id=actor.user_id, revoked_at=None).order_by("-id")
    items = [ApiTokenView.of(row) for row in rows]
    return ApiTokenList(items=items, total=len(items))
