"""
Routes: a feature declares them, `bind` turns them into handlers, and the contract (server/contract) is generated from
the same declarations.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any, Protocol, overload
from uuid import UUID

import orjson
from aiohttp import web

from core import problems
from core.problems import Problem
from models import access
from models.access import ANONYMOUS, Actor
from realtime import unit_of_work as work
from realtime.unit_of_work import Call
from server.api.address import client_ip, network_of
from server.api.admission import TURN_OWNER, TURNS, Kind, Owner
from server.api.body.intake import OWNER, read
from server.api.connections import CONNECTIONS
from server.api.endpoint import ApiRequest, BodyRequest, BodyT, Endpoint, Handler, QueryRequest, QueryT, Right
from server.api.keys import ACTOR, ACTOR_NOW, AUTHENTICATE, ROUTE, SETTINGS, ActorNow
from server.api.reply import reply
from server.api.request import read_if_match, read_key, read_query, refuse_body

DEEP_SKIP = 10_000  # rows that are read only to be skipped


Answers = Awaitable[web.StreamResponse]


class Declare(Protocol):
    """
    Declares a route. Paths without a leading `//` are under /api/v1. The options are those of Endpoint.

    The handler takes what the route declares: a body, query parameters, or neither. The type checker enforces this.
    """

    @overload
    def __call__(
        self, path: str, *, body: type[BodyT], **options: Any
    ) -> Callable[[Callable[[BodyRequest[BodyT]], Answers]], Handler]: ...

    @overload
    def __call__(
        self, path: str, *, query: type[QueryT], **options: Any
    ) -> Callable[[Callable[[QueryRequest[QueryT]], Answers]], Handler]: ...

    @overload
    def __call__(self, path: str, **options: Any) -> Callable[[Callable[[ApiRequest], Answers]], Handler]: ...


class Routes:
    """The routes of a feature."""

    def __init__(self, tag: str, **defaults: Any) -> None:
        self.tag = tag
        self.endpoints: list[Endpoint] = []
        self._defaults = defaults
        self.get, self.post, self.put = self._method("GET"), self._method("POST"), self._method("PUT")
        self.patch, self.delete = self._method("PATCH"), self._method("DELETE")

    def _method(self, method: str) -> Declare:
        def declare(path: str, **options: Any) -> Callable[[Handler], Handler]:
            full = path[1:] if path.startswith("//") else f"/api/v1{path}"

            def add(handler: Handler) -> Handler:
                self.endpoints.append(Endpoint(method, full, handler, self.tag, **(self._defaults | options)))
                return handler

            return add

        return declare


def bind(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """
    The aiohttp handler of a route. It checks in the contract's order: 401, then the body's shape, then the action.

    A route that an API token may not use at all is refused before anything of the request is read.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = endpoint.path
        ip = client_ip(request, request.app[SETTINGS])
        actor = await _authenticate(request, endpoint, ip)
        request[ACTOR] = actor
        again: ActorNow = partial(_authenticate, request, endpoint, ip)
        request[ACTOR_NOW] = again
        access.require_scope(actor, endpoint.scope)
        request[TURN_OWNER] = owner = Owner.of(actor, ip)
        request[OWNER] = owner.share  # of bodies, so that many tokens do not hold more memory than their owner may
        query = read_query(request, endpoint)
        api = ApiRequest(request, actor, read_if_match(request))
        raw = b""
        if endpoint.body is not None:
            body, raw = await _read_body(request, endpoint)
            api = BodyRequest(request, actor, api.if_match, body)
        elif not endpoint.multipart and request.can_read_body:
            await refuse_body(request)
        if endpoint.query is not None:
            api = QueryRequest(request, actor, api.if_match, query)
        token = work.call.set(Call(ip, network_of(ip), await read_key(request, endpoint, raw)))
        try:
            with request.app[CONNECTIONS].request_of(ip):
                async with _turn(request, endpoint, query):
                    return await endpoint.handler(api)
        except work.Replayed as replayed:
            await _refuse_replay(api, endpoint.replay, replayed.answer)
            return reply(replayed.answer)
        finally:
            work.call.reset(token)

    return handle


async def _read_body(request: web.Request, endpoint: Endpoint) -> tuple[Any, bytes]:
    """The body as the route declares it, and its bytes."""
    assert endpoint.body is not None
    if endpoint.body_optional and not request.can_read_body:
        return endpoint.body(), b""
    return await read(request, endpoint.body, endpoint.body_limits)


async def _refuse_replay(api: ApiRequest, right: Right | None, answer: work.Answer) -> None:
    """
    Check the right again: it may have been lost since the answer was stored. What a token made it may see again, whether
    or not its scopes let it read other things. Raises: NotFound, Forbidden.
    """
    if right is None or not answer.body:  # an answer without a body reveals nothing
        return
    row_id = UUID(orjson.loads(answer.body)["id"]) if right.is_in_answer else api.path_id()
    await access.load(api.actor, right.model, row_id, right.action, is_scoped=False)


def _turn(request: web.Request, endpoint: Endpoint, query: Any) -> AbstractAsyncContextManager[None]:
    if endpoint.multipart or endpoint.public or endpoint.takes_turns_itself:
        return nullcontext()  # an upload uses connections only briefly; sign-in and log intake have limits of their own
    kind: Kind = "ending" if endpoint.ends_access else "plain"
    if endpoint.heavy or getattr(query, "skip", 0) >= DEEP_SKIP:
        kind = "heavy"
    return request.app[TURNS].turn(request[TURN_OWNER], kind)


async def _authenticate(request: web.Request, endpoint: Endpoint, ip: str) -> Actor:
    if len(request.headers.getall("Authorization", ())) > 1:
        # A proxy may have read the other one.
        raise problems.InvalidJson("The request has several Authorization headers. Send one.")
    header = request.headers.get("Authorization")
    if header is None and endpoint.public:
        return ANONYMOUS
    if header is None:
        raise problems.Unauthenticated
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        if endpoint.public:
            return ANONYMOUS
        raise problems.TokenInvalid
    if endpoint.public and not endpoint.path.endswith("/logs"):
        return ANONYMOUS
    try:
        actor = await request.app[AUTHENTICATE](token.strip(), ip)
    except Problem:
        if endpoint.public:
            return ANONYMOUS
        raise
    if endpoint.public and actor.limits is not None:
        return ANONYMOUS  # what a program writes is not in its owner's name
    if actor.password_expired and not endpoint.password_expired_ok:
        raise problems.PasswordExpired
    return actor
