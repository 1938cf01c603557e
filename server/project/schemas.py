"""Request bodies and views for projects and members."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from core.money import Money
from models.access import ProjectRole
from server.api.instants import Instant
from server.api.paging import Paged
from server.api.schemas import Body, Email, Name, Omittable, View, one_line

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


class Reason(Body):
    """Why a record was written off, or a difference booked. `account` is where it is booked, if that is known."""

    code: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$", examples=["fee"])]
    label: Name
    account: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(one_line)] | None = None


class Limit(Money):
    """An amount that is not negative, and its currency."""

    @model_validator(mode="after")
    def _positive(self) -> Self:
        if self.decimal < 0:
            raise ValueError("must not be negative")
        return self


def _distinct_codes(reasons: list[Reason]) -> list[Reason]:
    if len({reason.code for reason in reasons}) < len(reasons):
        raise ValueError("must not have the same code twice")
    return reasons


class ProjectUpdate(Body):
    """
    What owners may change in a project.

    Without `reason_codes` of its own, a project has the usual ones. Above `write_off_limit` only controllers write off.
    Above `four_eyes_over` a second person has to sign a decision. Above `auto_confirm_up_to` jobs only suggest.
    """

    name: Omittable[Name] = None
    description: Omittable[Annotated[str, Field(max_length=10_000)]] = None
    timezone: Omittable[Timezone] = None
    reason_codes: Omittable[Annotated[list[Reason], Field(max_length=200), AfterValidator(_distinct_codes)]] = None
    write_off_limit: Limit | None = None
    four_eyes_over: Limit | None = None
    auto_confirm_up_to: Limit | None = None


class ReasonView(View):
    """A reason code."""

    code: str
    label: str
    account: str | None = None


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
    reason_codes: list[ReasonView]
    write_off_limit: Money | None
    four_eyes_over: Money | None
    auto_confirm_up_to: Money | None
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
