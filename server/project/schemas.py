"""Request bodies and views for projects and members."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from models.access import ProjectRole
from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import Body, Email, Name, Omittable, View

_TIMEZONES = frozenset(available_timezones())  # read once, at import, because it walks a folder for 13 ms


def _timezone(value: str) -> str:
    if value not in _TIMEZONES:
        raise ValueError("is not the name of a time zone, such as Europe/Berlin")
    return value


Timezone = Annotated[str, Field(max_length=64, examples=["Europe/Berlin"]), AfterValidator(_timezone)]


class ProjectCreate(Body):
    """A new project."""

    name: Name
    description: Annotated[str, Field(max_length=10_000)] = ""
    timezone: Timezone = "UTC"


class ProjectUpdate(Body):
    """What owners may change in a project."""

    name: Omittable[Name] = None
    description: Omittable[Annotated[str, Field(max_length=10_000)]] = None
    timezone: Omittable[Timezone] = None


class ProjectList(Paged):
    """The order of the list of projects."""

    sort: Literal["name", "-name", "created_at", "-created_at"] = "-created_at"


class ProjectCounts(View):
    """The counts of a project."""

    sources: int
    jobs_running: int
    to_review: int
    open_left: int
    open_right: int


class ProjectView(View):
    """A project as its reader may see it."""

    id: UUID
    name: str
    description: str
    my_role: Literal["viewer", "analyst", "controller", "owner", "admin"]
    timezone: str
    four_eyes_over: None = None
    write_off_limit: None = None
    counts: ProjectCounts
    created_at: datetime
    updated_at: datetime
    version: int


class MemberPut(Body):
    """A member's role."""

    role: ProjectRole
    expires_at: Instant | None = None


class MemberAdd(Body):
    """A person, found by e-mail address, and their role."""

    email: Email
    role: ProjectRole


class MemberView(View):
    """A member."""

    user_id: UUID
    display_name: str
    role: ProjectRole
    expires_at: datetime | None


class MemberList(View):
    """The members of a project."""

    items: list[MemberView]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total: int
