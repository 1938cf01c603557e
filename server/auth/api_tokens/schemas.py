"""Bodies and views of API tokens."""

import ipaddress
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from core.api_token import prefix_of
from models.scope import SCOPES, Scope
from models.user import ApiToken
from server.api.instants import Future
from server.api.schemas import Body, Name, View

MAX_IDS, MAX_NETWORKS = 50, 20


def _network(value: str) -> str:
    try:
        found = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(
            "must be an address or a network such as 203.0.113.0/24, with no bits set after the slash's"
        ) from None
    if isinstance(found, ipaddress.IPv6Network) and found.network_address.ipv4_mapped is not None:
        raise ValueError("must be written as IPv4, such as 203.0.113.0/24")
    return str(found)


# Ids and networks: null, or leaving them out, means no limit. An empty list could be mistaken for that.
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MAX_IDS)]
Network = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Fa-f.:/]+$"), AfterValidator(_network)]


class ApiTokenCreate(Body):
    """
    What the token may do, where, and until when: at most 365 days from now. Without `project_ids`, `vault_ids` or
    `networks` it is not limited in that respect.
    """

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))]
    expires_at: Future
    project_ids: Ids | None = None
    vault_ids: Ids | None = None
    networks: Annotated[list[Network], Field(min_length=1, max_length=MAX_NETWORKS)] | None = None


class ApiTokenView(View):
    """An API token, without its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    project_ids: list[UUID] | None
    vault_ids: list[UUID] | None
    networks: list[str] | None
    expires_at: datetime
    last_used_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: ApiToken) -> "ApiTokenView":
        """The view of a row."""
        names = [name for name in cls.model_fields if name != "prefix"]
        return cls.model_validate({name: getattr(row, name) for name in names} | {"prefix": prefix_of(row.id)})


class ApiTokenMade(ApiTokenView):
    """A new API token. `token` is shown this once and is not stored."""

    token: str


class ApiTokenList(View):
    """The caller's own API tokens."""

    items: list[ApiTokenView]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total: int
