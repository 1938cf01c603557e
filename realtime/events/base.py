"""What an event is: frozen, typed, registered by its name, published on one or more streams."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from realtime import streams

CATALOGUE: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """A durable event. `event` is its name on the wire; the fields are its `data`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: ClassVar[str] = ""
    nouns: ClassVar[tuple[str, ...]] = ()  # the kinds of stream it is published on

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if cls.event:
            if cls.event in CATALOGUE:
                raise TypeError(f"two events are named {cls.event}")
            CATALOGUE[cls.event] = cls

    def streams(self) -> tuple[str, ...]:
        """The names of the streams that it is published on."""
        raise NotImplementedError

    def ends(self) -> tuple[str, ...]:
        """The ids of users whose right to these streams ends with this event."""
        return ()

    def payload(self) -> dict[str, Any]:
        """The `data` on the wire."""
        return self.model_dump(mode="json", by_alias=True)

    def payload_on(self, _: str) -> dict[str, Any]:
        """The `data` on one of its streams. It is the same on all, unless an event says otherwise."""
        return self.payload()


# Ids that name an event's stream. The envelope already has them, so `data` does not repeat them.
Routing = Annotated[UUID, Field(exclude=True)]


class OnProject(Event):
    """An event on a project's stream."""

    nouns: ClassVar = ("project",)

    project_id: Routing

    def streams(self) -> tuple[str, ...]:
        return (streams.project(self.project_id),)


class OnJob(Event):
    """An event on a job's stream."""

    nouns: ClassVar = ("job",)

    job_id: Routing

    def streams(self) -> tuple[str, ...]:
        return (streams.job(self.job_id),)


class OnUser(Event):
    """An event on a person's stream."""

    nouns: ClassVar = ("user",)

    user_id: Routing

    def streams(self) -> tuple[str, ...]:
        return (streams.user(self.user_id),)


class OnVault(Event):
    """An event on a vault's stream: ids, versions and names of changed fields, never content."""

    nouns: ClassVar = ("vault",)

    vault_id: UUID

    def streams(self) -> tuple[str, ...]:
        return (streams.vault(self.vault_id),)


class OnVaultAccess(Event):
    """An event on the stream of a vault's accesses, which its managers follow."""

    nouns: ClassVar = ("vault-access",)

    vault_id: UUID

    def streams(self) -> tuple[str, ...]:
        return (streams.vault_access(self.vault_id),)
