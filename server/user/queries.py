"""Read queries for accounts."""

from typing import Any
from uuid import UUID

from core.problems import NotFound
from models import sql
from models.access import Actor
from models.user import User
from server.api.paging import Listing, Page, Sort
from server.auth.schemas import UserView
from server.store.reading import reading
from server.user.actions import deleted_address, require_admin
from server.user.schemas import UserList

_SORTS = {
    "email": Sort("t.email", "text"),
    "created_at": Sort("t.created_at", "timestamptz"),
}


async def list_users(actor: Actor, query: UserList) -> Page[UserView]:
    """All accounts, for administrators. Raises: Forbidden."""
    require_admin(actor, "user.list")
    name = query.sort.lstrip("-")
    sort = Sort(_SORTS[name].expression, _SORTS[name].cast, descending=query.sort.startswith("-"))
    listing = Listing("t.*", "users t", sort, "users")
    listing.where("t.email <> t.id || '@deleted.invalid'")
    if query.role:
        listing.where("t.role = ?", query.role)
    if query.status:
        listing.where("t.status = ?", query.status)

    def view(row: dict[str, Any]) -> UserView:
        return UserView.of(sql.hydrate(User, row))

    async with reading() as snapshot:
        return await listing.page(snapshot, query, view)


async def own_account(actor: Actor) -> UserView:
    """The actor's own account. Raises: NotFound if it has been deleted meanwhile."""
    rows = await sql.rows("SELECT * FROM users WHERE id = $1", actor.user_id)
    if not rows:
        raise NotFound
    return UserView.of_row(rows[0])


async def get_user(actor: Actor, user_id: UUID) -> User:
    """An account, for administrators. Raises: Forbidden, NotFound."""
    require_admin(actor, "user.read", user_id)
    user = await User.filter(id=user_id).first()
    if user is None or user.email == deleted_address(user_id):
        raise NotFound
    return user
