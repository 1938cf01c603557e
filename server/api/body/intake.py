"""
Request bodies: received within limits of size and time, counted as they come in, and parsed strictly, one at a time.

Parsing blocks the event loop even in a thread, because each call into the parser holds the interpreter lock. So a body
is bounded by what it holds (server/api/body/json_shape.py), large bodies are parsed one after the other with a turn of
the loop between them, and lists of thousands of items are parsed in slices.
"""

import asyncio
import time
import weakref
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from core import problems
from core.problems import Fault, Invalid
from matching.reading.mapping import GIVEN
from server.api.body import strict_json
from server.api.body.faults import faults_of, refuse_unknown
from server.api.body.json_shape import MAX_VALUES, Shape, largest_member
from server.api.body.lane import Lane
from server.api.body.slices import Sliced, parse_slices

MAX_BODY_BYTES = 1024 * 1024
DEADLINE_S = 300.0  # from the first byte to the last; 16 MiB at 55 kB/s
HEAVY_BYTES, HEAVY_VALUES = 64 * 1024, 500  # a smaller body is parsed in less than 2 ms
SHORT_BYTES = 4 * 1024  # so few may be counted when all of them are here
LARGE_BYTES = 1024 * 1024  # what is made of such a body takes much memory
HELD_BYTES, HELD_BYTES_EACH = 128 * 1024**2, 32 * 1024**2

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class BodyLimits:
    """How large a route's body may be: its bytes, and the values in it."""

    size_bytes: int = MAX_BODY_BYTES
    values: int = MAX_VALUES
    values_an_item: int | None = None
    sliced: Sliced | None = None  # its list of many items, if it has one
    item_bytes: int = MAX_BODY_BYTES  # about, of an item of this list, which is parsed in one call


PLAIN_BODY = BodyLimits()


class Intake:
    """
    The bodies that a process holds: their bytes in total and per owner.

    Attributes:
        had_large: set when a large body, or what was parsed from it, is gone. Whoever returns its memory clears it.
    """

    def __init__(self) -> None:
        self.parsing = Lane(1, 1, line=8)
        self.held: Counter[str] = Counter()
        self.had_large = asyncio.Event()

    def holding(self, owner: str) -> "Hold":
        """Account for the bytes of one body while the block runs."""
        return Hold(self, owner)


class Hold(AbstractContextManager["Hold"]):
    """The bytes of one body."""

    __slots__ = ("_intake", "_owner", "size_bytes")

    def __init__(self, intake: Intake, owner: str) -> None:
        self._intake, self._owner = intake, owner
        self.size_bytes = 0

    def add(self, size_bytes: int) -> None:
        """Account for more bytes. Raises: Busy."""
        held = self._intake.held
        if (
            held[self._owner] + size_bytes > HELD_BYTES_EACH
            or held.total() + size_bytes > HELD_BYTES  # a sum over the clients that are sending now
        ):
            raise problems.Busy(
                "Too many large bodies are being sent at the same time. Try again soon.", retry_after_s=5
            )
        held[self._owner] += size_bytes
        self.size_bytes += size_bytes

    def __exit__(self, *_: object) -> None:
        held = self._intake.held
        if self.size_bytes >= LARGE_BYTES:
            self._intake.had_large.set()
        held[self._owner] -= self.size_bytes
        if not held[self._owner]:
            del held[self._owner]


INTAKE: web.AppKey[Intake] = web.AppKey("intake", Intake)
OWNER: web.RequestKey[str] = web.RequestKey("owner", str)


async def read(request: web.Request, model: type[Model], limits: BodyLimits = PLAIN_BODY) -> tuple[Model, bytes]:
    """
    The body of a request as a typed model, and its bytes.

    Raises: UnsupportedMediaType, TooLarge, InvalidJson, Busy, or Invalid with the first hundred faults by JSON pointer.
    """
    if request.content_type != "application/json" or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise problems.UnsupportedMediaType
    refuse_encoding(request)
    intake, owner = request.app[INTAKE], request[OWNER]
    with intake.holding(owner) as hold:
        shape = Shape(limits.values, limits.values_an_item, limits.item_bytes if limits.sliced else None)
        is_short = request.content_length is not None and request.content_length <= SHORT_BYTES
        raw = await _receive(request, limits.size_bytes, hold, None if is_short else shape)
        if is_short:
            _count(shape, raw, raw, is_all=True)
        if len(raw) <= HEAVY_BYTES and shape.values <= HEAVY_VALUES:
            return parse_counted(raw, model), raw
        async with intake.parsing.turn(owner):
            await asyncio.sleep(0)  # let other tasks on the loop run between two large bodies
            if limits.sliced is not None:
                found = await parse_slices(raw, model, limits.sliced)
            else:
                found = parse_counted(raw, model)
        if len(raw) >= LARGE_BYTES:
            weakref.finalize(found, intake.had_large.set)
        return found, raw


async def read_short(request: web.Request, limit: int = HEAVY_BYTES) -> bytes:
    """The bytes of a body that is not parsed. Raises: TooLarge, Busy."""
    with request.app[INTAKE].holding(request[OWNER]) as hold:
        return await _receive(request, limit, hold, None)


async def _receive(request: web.Request, limit: int, hold: Hold, shape: Shape | None) -> bytes:
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(f"The body may be at most {limit:,} bytes long.")
    if request.content_length is not None and request.content.total_bytes == request.content_length > 0:
        whole = request.content.read_nowait()  # most bodies come with their head
        hold.add(len(whole))
        if shape is not None:
            _count(shape, whole, whole)
        return whole
    body = bytearray()
    late = time.monotonic() + DEADLINE_S
    async for chunk in request.content.iter_any():
        if len(body) + len(chunk) > limit:
            raise _too_large(f"The body may be at most {limit:,} bytes long.")
        if time.monotonic() > late:
            raise _too_large(f"The body took longer than {DEADLINE_S:.0f} s. Send less at a time.")
        hold.add(len(chunk))
        body += chunk
        if shape is not None:
            _count(shape, chunk, body)
    return bytes(body)


def _count(shape: Shape, chunk: bytes, body: bytes | bytearray, *, is_all: bool = False) -> None:
    """Count the next bytes of a body. Raises: InvalidJson, and TooLarge, which points to the largest member."""
    try:
        (shape.feed_all if is_all else shape.feed)(chunk)
    except problems.TooLarge as error:
        raise _too_large(error.detail, largest_member(body)) from None


def _too_large(detail: str, pointer: str = "") -> problems.TooLarge:
    return problems.TooLarge(detail, (Fault(pointer, "too_large", detail),))


def refuse_encoding(request: web.Request) -> None:
    """Refuse a compressed body. Raises: UnsupportedMediaType."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise problems.UnsupportedMediaType


def parse_body(raw: bytes, model: type[Model]) -> Model:
    """
    JSON as a typed model. Raises: InvalidJson, TooLarge, or Invalid with the first hundred faults by JSON pointer.
    """
    Shape().feed(raw)
    return parse_counted(raw, model)


def parse_counted(raw: bytes, model: type[Model]) -> Model:
    """Like parse_body, for a body that has been counted already."""
    refuse_unknown(model, strict_json.parse(raw))
    try:
        return model.model_validate_json(raw, context=GIVEN)
    except ValidationError as error:
        raise Invalid(errors=faults_of(error)) from None
