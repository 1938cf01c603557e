"""People: accounts, their sessions and API tokens, and the counters that slow down password guessing."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from models.base import Row


class User(Row):
    """An account."""

    email = fields.CharField(max_length=254, unique=True)  # canonical form, core.email
    display_name = fields.CharField(max_length=256)
    role = fields.CharField(max_length=16)  # admin | manager | user
    status = fields.CharField(max_length=16, default="active")  # active | invited | disabled
    password_hash = fields.CharField(max_length=256, null=True)
    pepper_id = fields.CharField(max_length=32, null=True)
    password_changed_at = fields.DatetimeField(null=True)
    password_expires_at = fields.DatetimeField(null=True)
    token_version = fields.IntField(default=1)  # access tokens with an older version are revoked
    last_login_at = fields.DatetimeField(null=True)
    google_sub = fields.CharField(max_length=255, null=True, unique=True)  # the Google account that may sign in

    class Meta:
        table = "users"


class Session(Model):
    """A session: one sign-in, with a refresh token and its successors."""

    id = fields.UUIDField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="sessions")
    user_id: UUID
    created_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()  # absolute
    authenticated_at = fields.DatetimeField()  # when the password was confirmed, for step-up
    network = fields.CharField(max_length=64)  # /24 or /64, never the full address
    client = fields.CharField(max_length=64)  # family of the user agent, such as Firefox
    revoked_at = fields.DatetimeField(null=True)
    revoke_reason = fields.CharField(max_length=32, null=True)
    method = fields.CharField(max_length=16, default="pwd")  # how the person was identified: pwd | google

    class Meta:
        table = "sessions"
        indexes = (("user_id", "revoked_at"),)


class RefreshToken(Model):
    """A refresh token. Only the SHA-256 of its secret is stored."""

    lookup = fields.CharField(max_length=32, primary_key=True)
    hash = fields.BinaryField()
    session: fields.ForeignKeyRelation[Session] = fields.ForeignKeyField(
        "models.Session", related_name="refresh_tokens"
    )
    session_id: UUID
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()  # idle limit
    used_at = fields.DatetimeField(null=True)
    used_key = fields.CharField(max_length=128, null=True)  # Idempotency-Key of the request that used it
    child = fields.CharField(max_length=32, null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "refresh_tokens"


class ApiToken(Row):
    """
    A token with which a program acts for its owner. Only the SHA-256 of its secret is stored.

    A revoked token stays, because the audit log names it and has to find its owner.
    """

    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField("models.User", related_name="api_tokens")
    user_id: UUID
    name = fields.CharField(max_length=256)
    hash = fields.BinaryField()
    scopes: fields.JSONField[list[str]] = fields.JSONField()
    project_ids: fields.JSONField[list[str] | None] = fields.JSONField(null=True)  # null means all of the owner's
    vault_ids: fields.JSONField[list[str] | None] = fields.JSONField(null=True)
    networks: fields.JSONField[list[str] | None] = fields.JSONField(null=True)  # CIDR; null means everywhere
    expires_at = fields.DatetimeField()
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_tokens"
        indexes = (("user_id", "revoked_at"),)


class Throttle(Model):
    """A counter of password attempts. It is incremented in its own transaction before the password is checked."""

    key = fields.CharField(max_length=400, primary_key=True)
    count = fields.IntField()
    window_started_at = fields.DatetimeField()
    blocked_until = fields.DatetimeField(null=True)

    class Meta:
        table = "throttles"


class LoginNonce(Model):
    """
    A number that the page hands to Google and that comes back signed, so that a stolen token is worth nothing.

    It is used once, by the browser that asked for it. Only SHA-256 digests are kept.
    """

    hash = fields.CharField(max_length=64, primary_key=True)
    browser = fields.CharField(max_length=64)
    network = fields.CharField(max_length=64)
    expires_at = fields.DatetimeField()

    class Meta:
        table = "login_nonces"
        indexes = (("expires_at",), ("network", "expires_at"))
