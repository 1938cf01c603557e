"""Query parameters and views of the audit log."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import View

Outcome = Literal["success", "denied", "failure"]


class AuditList(Paged):
    """Filters for an audit list, newest first."""

    action: Annotated[str, Field(max_length=64)] | None = None
    outcome: Outcome | None = None
    actor_id: UUID | None = None
    resource_id: Annotated[str, Field(max_length=64)] | None = None
    since: Instant | None = None
    until: Instant | None = None


class SystemAuditList(AuditList):
    """Filters for the whole audit log."""

    chain: Annotated[str, Field(max_length=64)] | None = None


class AuditActor(View):
    """The person, API token or process that acted."""

    type: Literal["user", "token", "anonymous", "system"]
    id: UUID | None


class AuditResource(View):
    """The resource that was acted on."""

    type: str
    id: str | None


class AuditView(View):
    """A row of the audit log: ids and field names, never values. `user_id` is who acted, or whose API token did."""

    chain: str
    seq: int
    at: datetime
    actor: AuditActor
    user_id: UUID | None
    session_id: UUID | None
    action: str
    resource: AuditResource
    outcome: Outcome
    ip: str | None
    request_id: str | None
    details: dict[str, Any]
    mac: str


class BrokenChain(View):
    """A chain that failed verification."""

    chain: str
    detail: str


class VerificationView(View):
    """The result of a verification."""

    intact: bool
    rows: int
    chains: int
    broken: list[BrokenChain]
