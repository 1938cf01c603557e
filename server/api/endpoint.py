"""A route as it is declared, and the request that its handler receives."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import BaseModel
from tortoise.models import Model

from core.problems import NotFound, Problem
from core.settings import Settings
from models.access import Actor
from models.scope import Scope
from server.api.body.intake import PLAIN_BODY, BodyLimits
from server.api.keys import ACTOR_NOW, DISK, SETTINGS

BodyT = TypeVar("BodyT", bound=BaseModel)
QueryT = TypeVar("QueryT", bound=BaseModel)


@dataclass
class ApiRequest:
    """A request after authentication and parsing."""

    request: web.Request
    actor: Actor
    if_match: int | None

    def path_id(self, name: str = "id") -> UUID:
        """An id from the path. Raises: NotFound when it is malformed, as for an id that does not exist."""
        return parse_id(self.request.match_info[name])

    async def actor_now(self) -> Actor:
        """The actor, read again. Raises what it raises for a request that arrives now."""
        return await self.request[ACTOR_NOW]()

    @property
    def settings(self) -> Settings:
        """The application's settings."""
        return self.request.app[SETTINGS]

    def refuse_when_disk_is_full(self) -> None:
        """Check for free space before a route reads or stores incoming data. Raises: StorageFull."""
        self.request.app[DISK].refuse_when_full()


@dataclass
class BodyRequest(ApiRequest, Generic[BodyT]):
    """A request with the body that its route declares."""

    body: BodyT


@dataclass
class QueryRequest(ApiRequest, Generic[QueryT]):
    """A request with the query parameters that its route declares."""

    query: QueryT


# The argument is the request type that the route declares; Routes holds handlers to that.
Handler = Callable[[Any], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Right:
    """What somebody must be allowed to do with a row. By default that is the row whose id is in the path."""

    model: type[Model]
    action: str
    # the row shown in the response: it was just created, and its answer may be shown to anybody who may see it
    is_in_answer: bool = False


@dataclass(frozen=True)
class Endpoint:
    """A route as it is declared. The OpenAPI document is built from these."""

    method: str
    path: str
    handler: Handler
    tag: str
    answers: Mapping[int, Any]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    problems: tuple[type[Problem], ...] = ()
    public: bool = False
    scope: Scope | None = None  # what an API token needs here; None means that no token may use the route
    if_match: bool = False
    stores_answer: bool = True
    replay: Right | None = None  # the right needed to get a stored answer again
    multipart: bool = False
    body_optional: bool = False
    media_type: str = "application/json"
    media_types: tuple[str, ...] = ()  # of a file, if the query chooses among several
    stream_position: bool = False
    password_expired_ok: bool = False
    body_limits: BodyLimits = PLAIN_BODY
    gives_tokens: bool = False  # answers with a refresh token, in a cookie or, for programs, in the body
    takes_turns_itself: bool = False  # for each use of the database, since it waits in between
    ends_access: bool = False  # shuts somebody out, or lists whom; does not wait for its owner's other requests
    heavy: bool = False  # keeps a database connection busy for longer than a page of a list does
    multipart_schema: dict[str, Any] = field(default_factory=dict)
    json_alternative: type[BaseModel] | None = None  # a JSON body that a multipart route accepts as well

    def __post_init__(self) -> None:
        if self.body is not None and self.query is not None:
            raise TypeError(f"{self.method} {self.path} declares a body and a query: a handler gets one of them.")

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")


def parse_id(text: str) -> UUID:
    """An id in its canonical form. Raises: NotFound."""
    try:
        found = UUID(text)
    except ValueError:
        raise NotFound from None
    if str(found) != text.lower():
        raise NotFound
    return found
