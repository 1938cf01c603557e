"""What happens around every request: its id, problem documents, headers, metrics, and one line in the log."""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from core import log, problems
from core.ids import uuid7
from core.problems import Problem
from realtime import unit_of_work as work
from realtime.refusals import record_refusal
from realtime.unit_of_work import Call
from server.api import metrics
from server.api.address import client_ip, network_of
from server.api.keys import ACTOR, REQUEST_ID, ROUTE, SETTINGS
from server.api.policy import API_HEADERS, PAGE_HEADERS
from server.api.translation import problem_of
from server.api.watch import WATCH
from server.store.errors import described, origin_of

logger = log.get(__name__)
_lines = logging.getLogger(__name__)  # what the logger above writes to
_UNLOGGED = ("/health/live", "/health/ready", "/metrics")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
Next = Callable[[web.Request], Awaitable[web.StreamResponse]]

ALLOWED_HEADERS = "Authorization, Content-Type, If-Match, Idempotency-Key, X-Client, X-Request-ID, X-Requested-With"
EXPOSED_HEADERS = "Allow, ETag, Retry-After, Stream-Epoch, Stream-Position, WWW-Authenticate, X-Request-ID"


@web.middleware
async def answer_problems(request: web.Request, handler: Next) -> web.StreamResponse:
    """Give the request its id, and turn whatever a handler raises into a problem document."""
    given = request.headers.get("X-Request-ID", "")
    request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid7())
    request[REQUEST_ID] = request_id
    token = log.request_id.set(request_id)
    started = time.perf_counter()
    status = 500
    made_of: dict[str, str] = {}  # the exception behind the response, for the request's log line
    try:
        try:
            if request.path.startswith("/api/") and request.app[WATCH].is_away:
                raise problems.Unavailable
            response = _answer_preflight(request) or await handler(request)
        except Problem as problem:
            made_of = _note_origin(problem, request)
            response = await _refuse(request, problem)
        except web.HTTPException as refusal:
            response = translate(refusal, request_id)
            made_of = described(refusal) if refusal.status >= 400 else {}
        except asyncio.CancelledError:
            status = 499
            raise
        except Exception as error:
            if isinstance(error, ConnectionResetError) and (
                request.transport is None or request.transport.is_closing()
            ):
                status = 499  # the client has gone; from anywhere else it is a failure like any other
                raise
            response = render(problem_of(error), request_id)
            if response.status == 500:
                logger.exception("a request failed", method=request.method, route=request.get(ROUTE, "-"))
            else:
                made_of = _note(error, response.status, request)
        status = response.status
        return response
    finally:
        log.request_id.reset(token)
        seconds = time.perf_counter() - started
        metrics.requests(request.method, request.get(ROUTE, "other"), status).observe(seconds)
        if _lines.isEnabledFor(logging.INFO) and request.get(ROUTE) not in _UNLOGGED:
            actor = request.get(ACTOR)
            logger.info(
                "request",
                method=request.method,
                path=request.path,
                status=status,
                milliseconds=round(seconds * 1000, 1),
                user_id=str(actor.id) if actor and actor.id else None,
                request_id=request_id,
                **({"program": str(actor.acting_id)} if actor and actor.limits else {}),  # the id of the API token
                **made_of,
            )


def _note_origin(problem: Problem, request: web.Request) -> dict[str, str]:
    origin = origin_of(problem)
    return {} if origin is None else _note(origin, problem.status, request)


def _note(error: BaseException, status: int, request: web.Request) -> dict[str, str]:
    """
    Log once which exception caused a response.

    For a refusal, the client's doing, the request's own log line is enough. A failure of the server gets a line of its
    own.
    """
    found = described(error)
    if status < 500:
        return found
    logger.warning("a request could not be answered", status=status, route=request.get(ROUTE, "-"), **found)
    return {}


async def _refuse(request: web.Request, problem: Problem) -> web.StreamResponse:
    actor = request.get(ACTOR)
    if problem.about is not None and actor is not None:
        ip = client_ip(request, request.app[SETTINGS])
        token = work.call.set(Call(ip, network_of(ip)))
        try:
            await record_refusal(actor, problem.about)
        except Exception:
            logger.exception("a refusal could not be recorded")
        finally:
            work.call.reset(token)
    return render(problem, request[REQUEST_ID])


def render(problem: Problem, request_id: str | None) -> web.Response:
    """A problem as application/problem+json."""
    headers = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401:
        error = ' error="invalid_token"' if problem.code.startswith("token_") else ""
        headers["WWW-Authenticate"] = f"Bearer{error}"
    return web.Response(
        status=problem.status,
        body=orjson.dumps(problem.document(request_id)),
        content_type="application/problem+json",
        headers=headers,
    )


_REFUSALS: dict[int, type[Problem]] = {
    404: problems.NotFound,
    405: problems.MethodNotAllowed,
    413: problems.TooLarge,
    415: problems.UnsupportedMediaType,
}


def translate(refusal: web.HTTPException, request_id: str) -> web.StreamResponse:
    """One of aiohttp's own refusals as a problem."""
    if refusal.status < 400:
        return refusal
    kind = _REFUSALS.get(refusal.status)
    response = render(kind() if kind else problems.InvalidJson("The request is malformed."), request_id)
    if allow := refusal.headers.get("Allow"):
        response.headers["Allow"] = allow
    return response


def _answer_preflight(request: web.Request) -> web.Response | None:
    """
    Tell a browser which requests a page from another allowed origin may send. Returns: None for everything else.

    It is no middleware of its own, through which each request would pass again whenever its statements are answered.
    """
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    if _is_socket(request) or _allowed_origin(request) is None:
        return None
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": "600",
        },
    )


def _allowed_origin(request: web.Request) -> str | None:
    origin = request.headers.get("Origin")
    return origin if origin is not None and origin in request.app[SETTINGS].origins else None


def _is_socket(request: web.Request) -> bool:
    return request.path.startswith("/socket.io")  # it answers preflights itself, with the same list of origins


async def set_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every response: the request id, and what a browser may do with the response."""
    if not _is_socket(request):
        headers = response.headers
        headers.add("Vary", "Origin")
        if origin := _allowed_origin(request):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Allow-Credentials"] = "true"
            headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
    harden(response, request.get(REQUEST_ID))


def harden(response: web.StreamResponse, request_id: str | None) -> None:
    """Headers for a response to anybody, even to bytes that were not a request."""
    headers = response.headers
    if request_id is not None:
        headers["X-Request-ID"] = request_id
    if response.status in (429, 503):
        headers.setdefault("Retry-After", "2")
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    is_page = response.content_type in (
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "image/svg+xml",
    )
    for name, value in (PAGE_HEADERS if is_page else API_HEADERS).items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    headers.popall("Server", None)
