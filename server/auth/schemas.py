"""Bodies and views of sign-in."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from server.api.schemas import Body, View
from server.user.schemas import UserView


class Login(Body):
    """E-mail and password."""

    email: Annotated[str, Field(min_length=1, max_length=320)]
    password: Annotated[str, Field(min_length=1, max_length=4096)]
    remember: bool = False


class Refresh(Body):
    """The refresh token of a caller without cookies."""

    refresh_token: Annotated[str, Field(max_length=200)] | None = None


class PasswordChange(Body):
    """The old password and the new one."""

    current_password: Annotated[str, Field(min_length=1, max_length=4096)]
    new_password: str


class Reauthenticate(Body):
    """The password, for steps that need a fresh one."""

    password: Annotated[str, Field(min_length=1, max_length=4096)]


class SignedIn(View):
    """An access token and whose it is."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int
    user: UserView
    refresh_token: str | None = None


class AccessTokenView(View):
    """A new access token for the same session."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int


class SessionView(View):
    """A sign-in."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    network: str
    client: str
    current: bool


class SessionList(View):
    """The caller's own sign-ins."""

    items: list[SessionView]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total: int
