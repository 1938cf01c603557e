"""
What comes before a request is one: bytes that are no HTTP, and an Expect that nobody can meet.

aiohttp answers these by itself, before any middleware: as text that repeats the bytes, and with a traceback in the log
that holds them, whatever secret they carry. Here they are told as any other malformed request is.
"""

from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler, _ErrInfo, _RequestHandler

from core import log
from core.ids import uuid7
from core.problems import InvalidJson, Problem
from server.keys import REQUEST_ID
from server.middlewares import harden, render, translate
from server.translation import described, problem_of

logger = log.get(__name__)


class Runner(web.AppRunner):
    """Serves an application over connections that answer as it does."""

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            _translating(made.request_handler),
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
        )


class _Server(web.Server):
    def __call__(self) -> RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(RequestHandler):
    __slots__ = ()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        request = self._current_request
        if request is None or not self._messages or not isinstance(self._messages[-1][0], _ErrInfo):
            return
        # Who reads a body that breaks off in garbage would wait for the rest of it until the client goes.
        if not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError())

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The answer to what is no request, or to what failed outside of the middlewares. Closes the connection."""
        request_id = str(uuid7())
        if isinstance(exc, HttpProcessingError):
            # Its class only: its text and its traceback quote what was sent.
            logger.info("what was sent is no request", error=type(exc).__name__, status=400, request_id=request_id)
            problem: Problem = InvalidJson("The request is malformed.")
        else:
            if not isinstance(exc, ConnectionError):
                logger.error("an answer failed", **described(exc or RuntimeError()), request_id=request_id)
            problem = problem_of(exc or RuntimeError())
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is sent already")
        response = _Refusal(render(problem, request_id), request_id)
        response.force_close()
        return response

    def log_exception(self, *args: Any, **options: Any) -> None:
        """What the library would log with its traceback."""
        logger.error("a connection failed", error=type(options.get("exc_info")).__name__)


class _Refusal(web.Response):
    """A problem outside of the application, whose signals add the headers of every other answer."""

    def __init__(self, problem: web.Response, request_id: str) -> None:
        super().__init__(status=problem.status, body=problem.body, headers=problem.headers)
        self._request_id = request_id

    async def _prepare_headers(self) -> None:
        await super()._prepare_headers()
        harden(self, self._request_id)


def _translating(handler: _RequestHandler) -> _RequestHandler:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as refusal:  # of an Expect: the middlewares translate all others
            request[REQUEST_ID] = str(uuid7())
            return translate(refusal, request[REQUEST_ID])

    return cast(_RequestHandler, answer)
