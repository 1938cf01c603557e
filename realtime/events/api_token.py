"""Events about a person's API tokens."""

from typing import ClassVar
from uuid import UUID

from realtime.events.base import OnUser


class ApiTokenCreated(OnUser):
    """The person made an API token."""

    event: ClassVar = "api_token.created"
    token_id: UUID


class ApiTokenRevoked(OnUser):
    """An API token was revoked and its sockets are closed."""

    event: ClassVar = "api_token.revoked"
    token_id: UUID
