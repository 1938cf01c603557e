"""Answers that are the same for everybody until the program changes: made once, compressed once, and sent with an ETag."""

import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from aiohttp import ETag, web

CHECKED = "no-cache"  # kept by browsers, which ask whether it has changed
_TEXTS = ("text/", "image/svg+xml", "application/json", "application/manifest+json", "application/schema+json")
_LEAST_BYTES = 1000  # smaller ones gain nothing from compression


@dataclass(frozen=True)
class Unchanging:
    """An answer as it is sent."""

    body: bytes
    compressed: bytes | None
    content_type: str
    charset: str | None
    etag: str
    cache_control: str


def unchanging(body: bytes, content_type: str, cache_control: str = CHECKED) -> Unchanging:
    """An answer of these bytes. Texts are compressed."""
    is_text = content_type.startswith(_TEXTS)
    return Unchanging(
        body=body,
        compressed=gzip.compress(body, 9, mtime=0) if is_text and len(body) >= _LEAST_BYTES else None,
        content_type=content_type,
        charset="utf-8" if content_type.startswith("text/") else None,
        etag=hashlib.sha256(body).hexdigest()[:32],
        cache_control=cache_control,
    )


def made_once(make: Callable[[], bytes], content_type: str) -> Callable[[], Unchanging]:
    """What `make` gives, made when it is first asked for. Whoever asks again costs no more than sending it."""
    return cache(lambda: unchanging(make(), content_type))


def send(request: web.Request, answer: Unchanging, policy: Mapping[str, str] | None = None) -> web.Response:
    """
    The response: 304 if the client has it, compressed if it can read that.

    Args:
        policy: the headers that say what the page may do, if others than those for its content type. A 304 has no content
            type, and a browser applies its headers to the page.
    """
    headers = {"Cache-Control": answer.cache_control, "Vary": "Accept-Encoding", **(policy or {})}
    if any(tag.value == answer.etag for tag in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
    else:
        body = answer.body
        if answer.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            body = answer.compressed
            headers["Content-Encoding"] = "gzip"
        response = web.Response(body=body, content_type=answer.content_type, charset=answer.charset, headers=headers)
    response.etag = ETag(answer.etag, is_weak=True)  # weak, because it is the same for both encodings
    return response
