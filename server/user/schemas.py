"""Request bodies for accounts. The view is in server/auth/schemas.py, because signing in returns it."""

from typing import Literal

from models.access import UserRole
from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import Body, Email, Name, Omittable


class UserCreate(Body):
    """A new account."""

    email: Email
    display_name: Name
    role: UserRole
    password: str | None = None


class UserUpdate(Body):
    """What an administrator may change in an account."""

    display_name: Omittable[Name] = None
    role: Omittable[UserRole] = None
    status: Omittable[Literal["active", "disabled"]] = None
    password_expires_at: Instant | None = None


class MeUpdate(Body):
    """What people may change in their own account."""

    display_name: Name


class UserList(Paged):
    """Filters for the list of accounts."""

    role: UserRole | None = None
    status: Literal["active", "invited", "disabled"] | None = None
    sort: Literal["email", "-email", "created_at", "-created_at"] = "email"
