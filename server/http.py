"""
HTTP in and out, once for every route: Routes declare what they take and answer, `read` parses it strictly, and the
contract (server/contracts.py) is generated from the same declarations.
"""

import asyncio
import hmac
import ipaddress
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError
from tortoise.backends.base.client import TransactionalDBClient
from tortoise.models import Model
from tortoise.transactions import in_transaction

from core import problems
from core.problems import Fault, Invalid, NotFound, Problem
from core.settings import Settings
from models import access
from models.access import ANONYMOUS, Actor
from realtime import unit_of_work as work
from realtime.unit_of_work import Answer, Call, IdempotencyRequest
from server import strict_json
from server.admission import TURNS
from server.body import OWNER, PLAIN_BODY, BodyLimits, read, read_short
from server.connections import CONNECTIONS
from server.faults import MOST_FAULTS, faults_of
from server.keys import ACTOR, AUTHENTICATE, DISK, ROUTE, SETTINGS

DEEP_SKIP = 10_000  # rows that are read to be left out
READ_S = 15  # of one statement: what takes longer was asked for too much
DIGEST_BYTES = 1024 * 1024  # between two turns of the event loop
_IF_MATCH = re.compile(r'"([1-9][0-9]{0,63})"')
MAX_VERSION = 2**31 - 1
_KEY = re.compile(r"[\x21-\x7e]{1,128}")

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Body(BaseModel):
    """A request body: unknown fields are refused, types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=1_000_000)


class Query(BaseModel):
    """Query parameters: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """What an answer holds. Views may gain fields."""

    model_config = ConfigDict(populate_by_name=True)


@dataclass
class ApiRequest:
    """A request after authentication and parsing."""

    request: web.Request
    actor: Actor
    body: Any = None
    query: Any = None
    if_match: int | None = None

    def path_id(self, name: str = "id") -> UUID:
        """An id of the path. Raises: NotFound when it is malformed, like one that does not exist."""
        return parse_id(self.request.match_info[name])

    @property
    def settings(self) -> Settings:
        """The application's settings."""
        return self.request.app[SETTINGS]

    def refuse_when_disk_is_full(self) -> None:
        """For what brings data in, before any of it is read or stored. Raises: StorageFull."""
        self.request.app[DISK].refuse_when_full()


Handler = Callable[[ApiRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Right:
    """What somebody must be allowed to do with a row. By default it is the row whose id is in the path."""

    model: type[Model]
    action: str
    is_in_answer: bool = False  # the row that the answer shows: what was made, and is told to whoever may see it


@dataclass(frozen=True)
class Endpoint:
    """A route as it is declared; the OpenAPI document is made of these."""

    method: str
    path: str
    handler: Handler
    tag: str
    answers: Mapping[int, Any]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    problems: tuple[type[Problem], ...] = ()
    public: bool = False
    if_match: bool = False
    stores_answer: bool = True
    replay: Right | None = None  # what it takes to get a stored answer once more
    multipart: bool = False
    body_optional: bool = False
    media_type: str = "application/json"
    stream_position: bool = False
    password_expired_ok: bool = False
    body_limits: BodyLimits = PLAIN_BODY
    heavy: bool = False  # keeps a connection to the database busy for longer than a page of a list does
    multipart_schema: dict[str, Any] = field(default_factory=dict)
    json_alternative: type[BaseModel] | None = None  # a body that a multipart route takes as JSON too

    @property
    def summary(self) -> str:
        """First line of the handler's docstring."""
        return (self.handler.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")


class Routes:
    """The routes of a feature."""

    def __init__(self, tag: str, **defaults: Any) -> None:
        self.tag = tag
        self.endpoints: list[Endpoint] = []
        self._defaults = defaults

    def add(self, method: str, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a route; paths without a leading `//` stand under /api/v1."""
        full = path[1:] if path.startswith("//") else f"/api/v1{path}"

        def declare(handler: Handler) -> Handler:
            self.endpoints.append(Endpoint(method, full, handler, self.tag, **(self._defaults | options)))
            return handler

        return declare

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a GET route."""
        return self.add("GET", path, **options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a POST route."""
        return self.add("POST", path, **options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a PUT route."""
        return self.add("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a PATCH route."""
        return self.add("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        """Declares a DELETE route."""
        return self.add("DELETE", path, **options)


def bind(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of a route. Checks in the contract's order: 401, then the body's shape, then the action."""

    async def handle(request: web.Request) -> web.StreamResponse:
        request[ROUTE] = endpoint.path
        actor = await _authenticate(request, endpoint)
        request[ACTOR] = actor
        settings = request.app[SETTINGS]
        ip = client_ip(request, settings)
        request[OWNER] = str(actor.id) if actor.id else ip
        api = ApiRequest(request, actor)
        api.query = _read_query(request, endpoint)
        api.if_match = _read_if_match(request)
        raw = b""
        if endpoint.body is not None and endpoint.body_optional and not request.can_read_body:
            api.body = endpoint.body()
        elif endpoint.body is not None:
            api.body, raw = await read(request, endpoint.body, endpoint.body_limits)
        elif not endpoint.multipart and request.can_read_body:
            await _refuse_body(request)
        token = work.call.set(Call(ip, network_of(ip), await _read_key(request, endpoint, raw)))
        try:
            with request.app[CONNECTIONS].request_of(ip):
                async with _turn(request, endpoint, api.query):
                    return await endpoint.handler(api)
        except work.Replayed as replayed:
            await _refuse_replay(api, endpoint.replay, replayed.answer)
            return reply(replayed.answer)
        finally:
            work.call.reset(token)

    return handle


async def _refuse_replay(api: ApiRequest, right: Right | None, answer: work.Answer) -> None:
    """A right may have been lost since the answer was stored. Raises: NotFound, Forbidden."""
    if right is None or not answer.body:  # an answer without a body tells nothing
        return
    row_id = UUID(orjson.loads(answer.body)["id"]) if right.is_in_answer else api.path_id()
    await access.load(api.actor, right.model, row_id, right.action)


@asynccontextmanager
async def _turn(request: web.Request, endpoint: Endpoint, query: Any) -> AsyncIterator[None]:
    if endpoint.multipart or endpoint.public:
        yield  # an upload takes a connection for moments only; sign-in and log intake have bounds of their own
        return
    heavy = endpoint.heavy or getattr(query, "skip", 0) >= DEEP_SKIP
    async with request.app[TURNS].turn(request[OWNER], heavy=heavy):
        yield


async def _authenticate(request: web.Request, endpoint: Endpoint) -> Actor:
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
        actor = await request.app[AUTHENTICATE](token.strip())
    except Problem:
        if endpoint.public:
            return ANONYMOUS
        raise
    if actor.password_expired and not endpoint.password_expired_ok:
        raise problems.PasswordExpired
    return actor


async def _refuse_body(request: web.Request) -> None:
    if await read_short(request) not in (b"", b"{}", b"null"):
        raise Invalid(errors=(Fault("", "unknown_field", "this request takes no body"),))


def _read_query(request: web.Request, endpoint: Endpoint) -> Any:
    given: dict[str, str] = {}
    faults = []
    for name, value in request.query.items():
        if name in given:
            faults.append(Fault(f"?{name[:64]}", "invalid_field", "is given twice"))
        if strict_json.text_fault(value) or strict_json.text_fault(name):
            faults.append(Fault("?", "invalid_field", "has characters that cannot be stored"))
        given[name] = value
    if endpoint.query is None:
        faults += [Fault(f"?{name[:64]}", "unknown_field", "is not a parameter of this route") for name in given]
        if faults:
            raise Invalid(errors=_printable(faults))
        return None
    try:
        parsed = endpoint.query.model_validate(given)
    except ValidationError as error:
        faults += [Fault("?" + f.pointer.lstrip("/"), f.code, f.message) for f in faults_of(error)]
        raise Invalid(errors=_printable(faults)) from None
    if faults:
        raise Invalid(errors=_printable(faults))
    return parsed


def _printable(faults: list[Fault]) -> tuple[Fault, ...]:
    clean = [Fault(f.pointer.encode("utf-8", "replace").decode(), f.code, f.message) for f in faults]
    return tuple(clean[:MOST_FAULTS])


def _read_if_match(request: web.Request) -> int | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    found = _IF_MATCH.fullmatch(header.strip())
    if not found:
        raise Invalid(errors=(Fault("If-Match", "invalid_field", 'send the version in quotes, such as "3"'),))
    return min(int(found.group(1)), MAX_VERSION)  # a larger one is as stale as one that no row will ever have


async def _read_key(request: web.Request, endpoint: Endpoint, raw: bytes) -> IdempotencyRequest | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or endpoint.method != "POST" or not endpoint.stores_answer:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid(errors=(Fault("Idempotency-Key", "invalid_field", "use 1 to 128 visible ASCII characters"),))
    # The path with its ids: the same key on another project's route is another request.
    return IdempotencyRequest(f"POST {request.path}"[:200], key, await _digest(raw))


async def note_body(raw: bytes) -> None:
    """Tells what the body was, where a handler reads it by itself: a repeated Idempotency-Key must come with the same."""
    call = work.call.get()
    if call is not None and call.idempotency is not None:
        call.idempotency = replace(call.idempotency, body_hash=await _digest(raw))


async def _digest(raw: bytes) -> bytes:
    # Keyed, since a body may hold a secret that could be guessed from a plain hash.
    found = hmac.new(work.ledger().audit_key, b"tallyroom/idempotency", "sha256")
    for start in range(0, len(raw), DIGEST_BYTES):
        if start:
            await asyncio.sleep(0)
        found.update(raw[start : start + DIGEST_BYTES])
    return found.digest()


def parse_id(text: str) -> UUID:
    """An id in its canonical form. Raises: NotFound."""
    try:
        found = UUID(text)
    except ValueError:
        raise NotFound from None
    if str(found) != text.lower():
        raise NotFound
    return found


def reply(answer: Answer, headers: Mapping[str, str] | None = None) -> web.Response:
    """The response of an action's answer."""
    response = web.Response(
        status=answer.status, body=answer.body or None, headers={**answer.headers, **(headers or {})}
    )
    if answer.body:
        response.content_type = "application/json"
    return response


def reply_view(view: BaseModel | Mapping[str, Any], status: int = 200, *, version: int | None = None) -> web.Response:
    """A response with a view."""
    body = view.model_dump(mode="json", by_alias=True) if isinstance(view, BaseModel) else view
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json", headers=headers)


def no_content() -> web.Response:
    """204."""
    return web.Response(status=204)


def positioned(response: web.Response, position: "Position") -> web.Response:
    """Adds the stream position that the body is true at."""
    response.headers["Stream-Position"] = str(position.head)
    response.headers["Stream-Epoch"] = position.epoch
    return response


@dataclass(frozen=True)
class Position:
    """A place in a stream."""

    head: int
    epoch: str


@dataclass
class Reading:
    """A snapshot of the database: everything read in it is true at the same moment."""

    connection: TransactionalDBClient

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows as dictionaries."""
        return [dict(row) for row in await self.connection.execute_query_dict(sql, list(values))]

    async def position(self, stream: str) -> Position:
        """The head of a stream in this snapshot."""
        rows = await self.rows("SELECT head, epoch FROM streams WHERE name = $1", stream)
        return Position(rows[0]["head"], rows[0]["epoch"]) if rows else Position(0, "0")


@asynccontextmanager
async def reading() -> AsyncIterator[Reading]:
    """One REPEATABLE READ, READ ONLY transaction: body and stream position belong together."""
    async with in_transaction() as connection:
        await connection.execute_script(
            f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = '{READ_S}s'"
        )
        yield Reading(connection)


def client_ip(request: web.Request, settings: Settings) -> str:
    """The caller's address: the socket's peer, or behind trusted proxies the right-most hop that is not one of them."""
    peer = _address(request.remote or "")
    if peer is None:
        return "0.0.0.0"  # noqa: S104 - an unknown peer, not a bind address
    trusted = [ipaddress.ip_network(network, strict=False) for network in settings.trusted_proxies]

    def is_trusted(address: IPAddress) -> bool:
        return any(address in network for network in trusted)

    if not is_trusted(peer):
        return str(peer)
    # A proxy may append to the header it got, or add one of its own: the last of all is the nearest hop.
    hops = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        address = _address(hop)
        if address is None:
            return str(peer)
        if not is_trusted(address):
            return str(address)
    return str(peer)


def network_of(address: str) -> str:
    """The /24 or /64 of an address: what is shown of a session, and what throttles count by."""
    parsed = _address(address)
    if parsed is None:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(ipaddress.IPv4Network((parsed, 24), strict=False))
    return str(ipaddress.IPv6Network((parsed, 64), strict=False))


def _address(text: str) -> IPAddress | None:
    """An address without its zone; IPv4 as such, also where a socket of both families shows it as ::ffff:a.b.c.d."""
    try:
        parsed = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, ipaddress.IPv6Address) else parsed
