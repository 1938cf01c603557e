"""Every error that a client may see: one hierarchy, rendered as RFC 9457 problem documents."""

from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Fault:
    """One fault of a request. `pointer` is a JSON pointer into the body, or `?name` for a query parameter."""

    pointer: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """The fault as it appears in `errors[]`."""
        return {"pointer": self.pointer, "code": self.code, "message": self.message}


@dataclass
class Problem(Exception):
    """
    An expected error. Subclasses set status, code and title. `detail` says what to do, and never contains a rejected
    value.
    """

    detail: str = ""
    errors: tuple[Fault, ...] = ()
    extensions: dict[str, Any] = field(default_factory=dict)
    retry_after_s: int | None = None
    about: Any = None  # what a refused request was about, for the audit log; never rendered

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "Internal error"

    def __post_init__(self) -> None:
        Exception.__init__(self, self.detail or self.title)

    def document(self, request_id: str | None) -> dict[str, Any]:
        """The problem as application/problem+json."""
        code = self.code
        if self.status == 422 and self.errors:
            codes = {fault.code for fault in self.errors}
            code = codes.pop() if len(codes) == 1 else "invalid_field"
        return {
            "type": f"/docs/problems#{code}",
            "title": self.title,
            "status": self.status,
            "code": code,
            "detail": self.detail or self.title,
            "request_id": request_id,
            "errors": [fault.as_dict() for fault in self.errors],
            **self.extensions,
        }


class InvalidJson(Problem):
    """The body is not JSON."""

    status, code, title = 400, "invalid_json", "The body is not valid JSON"


class Unauthenticated(Problem):
    """No access token was sent."""

    status, code, title = 401, "unauthenticated", "Sign in first and send an access token"


class TokenInvalid(Problem):
    """The access token or API token is not one of ours."""

    status, code, title = 401, "token_invalid", "The access token is not valid"


class TokenExpired(Problem):
    """The access token or the API token has expired."""

    status, code, title = 401, "token_expired", "The access token has expired. Refresh it"


class TokenRevoked(Problem):
    """The session behind the access token has ended, or the API token was revoked."""

    status, code, title = 401, "token_revoked", "The session has ended. Sign in again"


class InvalidCredentials(Problem):
    """The e-mail address and the password do not match."""

    status, code, title = 401, "invalid_credentials", "The e-mail address or the password is wrong"


class RefreshInvalid(Problem):
    """The refresh token is unknown, expired or revoked."""

    status, code, title = 401, "refresh_invalid", "The refresh token is not valid. Sign in again"


class RefreshReused(Problem):
    """A refresh token was used twice, so its family is revoked."""

    status, code, title = 401, "refresh_reused", "The refresh token has already been used. Sign in again"


class GoogleTokenInvalid(Problem):
    """A credential from Google that does not sign anybody in here."""

    status, code, title = 401, "google_token_invalid", "Sign-in with Google did not work here"


class Forbidden(Problem):
    """The actor sees the resource but may not do this."""

    status, code, title = 403, "forbidden", "You may not do this"


class Csrf(Problem):
    """A request with a cookie did not come from the dashboard."""

    status, code, title = 403, "csrf", "The request did not come from an allowed origin"


class StepUpRequired(Problem):
    """The password was not entered recently enough."""

    status, code, title = 403, "step_up_required", "Enter your password again first: POST /auth/reauth"


class PasswordExpired(Problem):
    """The password has expired, and sign-in works only for changing it."""

    status, code, title = 403, "password_expired", "The password has expired. Change it first"


class OverLimit(Problem):
    """More than the actor may have or decide alone."""

    status, code, title = 403, "over_limit", "This exceeds a limit"


class NotFound(Problem):
    """The resource does not exist, or the actor may not see it."""

    status, code, title = 404, "not_found", "Not found"


class MethodNotAllowed(Problem):
    """The route does not support this method."""

    status, code, title = 405, "method_not_allowed", "Method not allowed"


class Gone(Problem):
    """The resource is no longer kept."""

    status, code, title = 410, "gone", "No longer kept"


class VersionConflict(Problem):
    """If-Match names a version that is not the current one."""

    status, code, title = 409, "version_conflict", "Someone has changed this meanwhile. Load it again"


class AlreadyDecided(Problem):
    """The match already has this decision."""

    status, code, title = 409, "already_decided", "Already decided"


class NotTied(Problem):
    """The two sides of a match do not come to the same amount, and nobody said what becomes of the difference."""

    status, code, title = 422, "not_tied", "The two sides do not come to the same amount"


class CountChanged(Problem):
    """The matches of a filter are not as many as were shown."""

    status, code, title = 409, "count_changed", "The number of matches has changed"


class FourEyes(Problem):
    """The decision needs somebody else."""

    status, code, title = 409, "four_eyes", "Another person has to sign this"


class RecordInUse(Problem):
    """A confirmed match uses the record."""

    status, code, title = 409, "record_in_use", "A confirmed match uses this record"


class Claimed(Problem):
    """Somebody else has claimed the record. `user_id`, `name` and `until` say who, and how long at most."""

    status, code, title = 409, "claimed", "Somebody else works on this record at the moment"


class SourceInUse(Problem):
    """A live job is reading the source."""

    status, code, title = 409, "source_in_use", "A running job is reading this source. Wait for it or cancel it"


class JobState(Problem):
    """The job's status does not allow this."""

    status, code, title = 409, "job_state", "The job's status does not allow this"


class LastManager(Problem):
    """Somebody must stay in charge."""

    status, code, title = 409, "last_manager", "The last person in charge cannot leave. Name another one first"


class LinkRequired(Problem):
    """An account has the address of a Google account, but the two are not linked."""

    status, code, title = 409, "link_required", "Sign in with your password, then link your Google account"


class Duplicate(Problem):
    """It already exists."""

    status, code, title = 409, "duplicate", "It already exists"


class IdempotencyInProgress(Problem):
    """A request with this Idempotency-Key is still running."""

    status, code, title = 409, "idempotency_in_progress", "A request with this Idempotency-Key is still running"


class TooLarge(Problem):
    """The body is too large."""

    status, code, title = 413, "too_large", "The body is too large"


class UnsupportedMediaType(Problem):
    """The body's media type, charset or encoding is not accepted."""

    status, code, title = 415, "unsupported_media_type", "Send application/json in UTF-8, without Content-Encoding"


class Invalid(Problem):
    """The body, the query or If-Match has faults; `errors` lists them."""

    status, code, title = 422, "invalid_field", "The request is not valid"


class InvalidPlan(Problem):
    """The plan does not fit the sources, or is not a plan."""

    status, code, title = 422, "invalid_plan", "The plan is not valid"


class FileRejected(Problem):
    """The file cannot be read as a table."""

    status, code, title = 422, "file_rejected", "The file cannot be read"


class PreconditionRequired(Problem):
    """If-Match is missing."""

    status, code, title = 428, "precondition_required", "Send If-Match with the version you have read"


class RateLimited(Problem):
    """Too many requests."""

    status, code, title = 429, "rate_limited", "Too many requests. Wait, then try again"


class Internal(Problem):
    """A bug. It is logged with its request id."""

    status, code, title = 500, "internal", "Something went wrong on our side"


class Unavailable(Problem):
    """The database does not answer."""

    status, code, title = 503, "unavailable", "The database does not answer. Try again soon"


class Busy(Problem):
    """Too much work at once, or a lock that was not granted in time."""

    status, code, title = 503, "busy", "The server has too much to do at once. Try again soon"


class StorageFull(Problem):
    """The disk of the database is full."""

    status, code, title = 507, "storage_full", "The database's disk is full"


class TokenMissing(Problem):
    """CONNECT came without `auth: {token}`."""

    status, code, title = 401, "token_missing", "CONNECT needs auth: {token}"


class TokenInQuery(Problem):
    """A token in the query string is never accepted."""

    status, code, title = 401, "token_in_query", "Do not send a token in the URL"


class TooManyConnections(Problem):
    """The user has too many sockets."""

    status, code, title = 429, "too_many_connections", "Too many sockets"


class WebsocketRequired(Problem):
    """CONNECT is answered only over WebSocket."""

    status, code, title = 426, "websocket_required", "Upgrade to WebSocket"


class UnknownCommand(Problem):
    """The socket does not know this command."""

    status, code, title = 404, "unknown_command", "Unknown command"


class TooManySubscriptions(Problem):
    """A socket may follow only so many streams."""

    status, code, title = 429, "too_many_subscriptions", "Too many subscriptions"


def _all(cls: type[Problem] = Problem) -> dict[str, type[Problem]]:
    found: dict[str, type[Problem]] = {}
    for child in cls.__subclasses__():
        found[child.code] = child
        found |= _all(child)
    return found


ALL: dict[str, type[Problem]] = _all()

# Codes that an entry of a 422's `errors[]` may have, besides the codes of the problems above.
FAULT_CODES = (
    "invalid_field",
    "unknown_field",
    "missing_field",
    "invalid_cursor",
    "invalid_plan",
    "idempotency_mismatch",
    "password_too_short",
    "file_rejected",
)
