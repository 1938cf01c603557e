"""Bodies and views of accounts."""

import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field

from core.email import canonical
from models.access import UserRole
from models.user import User
from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import Body, View

Email = Annotated[str, Field(max_length=320), AfterValidator(canonical)]


CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _one_line(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("must not contain control characters")
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_one_line)]


class UserCreate(Body):
    """A new account."""

    email: Email
    display_name: Name
    role: UserRole
    password: str | None = None


class UserUpdate(Body):
    """What an administrator changes of an account."""

    display_name: Name | None = None
    role: UserRole | None = None
    status: Literal["active", "disabled"] | None = None
    password_expires_at: Instant | None = None


class MeUpdate(Body):
    """What people change of their own account."""

    display_name: Name


class UserList(Paged):
    """Filters of the list of accounts."""

    role: UserRole | None = None
    status: Literal["active", "invited", "disabled"] | None = None
    sort: Literal["email", "-email", "created_at", "-created_at"] = "email"


class UserView(View):
    """An account."""

    id: UUID
    email: str
    display_name: str
    role: UserRole
    status: Literal["active", "invited", "disabled"]
    mfa_enabled: bool
    password_expires_at: datetime | None
    last_login_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, user: User) -> "UserView":
        """The view of a row."""
        return cls(
            id=user.id,
            email=user.email,
            display_name=user.display_name,
            role=user.role,
            status=user.status,
            mfa_enabled=False,
            password_expires_at=user.password_expires_at,
            last_login_at=user.last_login_at,
            created_at=user.created_at,
            updated_at=user.updated_at,
            version=user.version,
        )
