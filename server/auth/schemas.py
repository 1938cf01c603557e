"""Request bodies and views for sign-in, and the view of an account, which a sign-in returns."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from models.access import UserRole
from models.user import User
from server.api.schemas import Body, View


class Login(Body):
    """An e-mail address and a password."""

    email: Annotated[str, Field(min_length=1, max_length=320)]
    password: Annotated[str, Field(min_length=1, max_length=4096)]
    remember: bool = False


class NonceWanted(Body):
    """Nothing."""


class GoogleLogin(Body):
    """The credential that Google gave to the page."""

    credential: Annotated[str, Field(min_length=1, max_length=8192)]
    remember: bool = False


class GoogleLink(Body):
    """The credential that Google gave to the page."""

    credential: Annotated[str, Field(min_length=1, max_length=8192)]


class Refresh(Body):
    """The refresh token of a client without cookies."""

    refresh_token: Annotated[str, Field(max_length=200)] | None = None


class PasswordChange(Body):
    """The current password and the new one."""

    current_password: Annotated[str, Field(min_length=1, max_length=4096)]
    new_password: str


class Reauthenticate(Body):
    """The password, for actions that need it entered again."""

    password: Annotated[str, Field(min_length=1, max_length=4096)]


class UserView(View):
    """An account."""

    id: UUID
    email: str
    display_name: str
    role: UserRole
    status: Literal["active", "invited", "disabled"]
    mfa_enabled: bool  # in the contract from the start; waits for a second factor, and is false until there is one
    has_password: bool
    google_linked: bool
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
            has_password=user.password_hash is not None,
            google_linked=user.google_sub is not None,
            password_expires_at=user.password_expires_at,
            last_login_at=user.last_login_at,
            created_at=user.created_at,
            updated_at=user.updated_at,
            version=user.version,
        )

    @classmethod
    def of_row(cls, row: dict[str, Any]) -> "UserView":
        """The view of a row as it comes from the database."""
        found = {name: row[name] for name in _STORED}
        found["mfa_enabled"] = False
        found["has_password"] = row["password_hash"] is not None
        found["google_linked"] = row["google_sub"] is not None
        return cls.of_typed(found)


_STORED = tuple(name for name in UserView.model_fields if name not in ("mfa_enabled", "has_password", "google_linked"))


class Nonce(View):
    """A nonce for Google. Only the browser that asked for it can use it, once, within ten minutes."""

    nonce: str


class GoogleMethod(View):
    """What the page gives to Google."""

    client_id: str


class SignInMethods(View):
    """The ways to sign in here."""

    password: bool = True
    google: GoogleMethod | None


class SignedIn(View):
    """An access token and the account it belongs to."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme, not a password
    expires_in: int
    user: UserView
    refresh_token: str | None = None


class AccessTokenView(View):
    """A new access token for the same session."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme, not a password
    expires_in: int


class SessionView(View):
    """A session."""

    id: UUID
    created_at: datetime
    last_used_at: datetime
    network: str
    client: str
    current: bool


class SessionList(View):
    """The caller's own sessions."""

    items: list[SessionView]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total: int
