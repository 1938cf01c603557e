"""
What a route reads from a request besides its body: query, If-Match, Idempotency-Key. All strict, each fault reported.
"""

import asyncio
import hmac
import re
from dataclasses import replace
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from core.problems import Fault, Invalid
from realtime import unit_of_work as work
from realtime.unit_of_work import IdempotencyRequest
from server.api.body import strict_json
from server.api.body.faults import MOST_FAULTS, faults_of
from server.api.body.intake import read_short
from server.api.endpoint import Endpoint

DIGEST_BYTES = 1024 * 1024  # hashed between two turns of the event loop
MAX_VERSION = 2**31 - 1
_IF_MATCH = re.compile(r'"([1-9][0-9]{0,63})"')
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


async def refuse_body(request: web.Request) -> None:
    if await read_short(request) not in (b"", b"{}", b"null"):
        raise Invalid(errors=(Fault("", "unknown_field", "this request takes no body"),))


def read_query(request: web.Request, endpoint: Endpoint) -> Any:
    given: dict[str, str] = {}
    faults = []
    for name, value in request.query.items():
        if name in given:
            faults.append(Fault(f"?{name[:64]}", "invalid_field", "is given twice"))
        if strict_json.text_fault(value) or strict_json.text_fault(name):
            faults.append(Fault("?", "invalid_field", "contains characters that cannot be stored"))
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


def read_if_match(request: web.Request) -> int | None:
    header = request.headers.get("If-Match")
    if header is None:
        return None
    found = _IF_MATCH.fullmatch(header.strip())
    if not found:
        raise Invalid(errors=(Fault("If-Match", "invalid_field", 'send the version in quotes, such as "3"'),))
    return min(int(found.group(1)), MAX_VERSION)  # a larger version is as stale as one that no row will ever have


async def read_key(request: web.Request, endpoint: Endpoint, raw: bytes) -> IdempotencyRequest | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or endpoint.method != "POST" or not endpoint.stores_answer:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid(errors=(Fault("Idempotency-Key", "invalid_field", "use 1 to 128 visible ASCII characters"),))
    # The path includes its ids, so the same key on another project's route is another request.
    return IdempotencyRequest(f"POST {request.path}"[:200], key, await _digest(raw))


async def note_body(raw: bytes) -> None:
    """
    Record the hash of a body that a handler reads itself: a repeated Idempotency-Key must come with the same body.
    """
    call = work.call.get()
    if call is not None and call.idempotency is not None:
        call.idempotency = replace(call.idempotency, body_hash=await _digest(raw))


async def _digest(raw: bytes) -> bytes:
    # Keyed, because a body may hold a secret that could be guessed from a plain hash.
    found = hmac.new(work.ledger().audit_key, b"tallyroom/idempotency", "sha256")
    for start in range(0, len(raw), DIGEST_BYTES):
        if start:
            await asyncio.sleep(0)
        found.update(raw[start : start + DIGEST_BYTES])
    return found.digest()
