"""Everything that can go wrong between a program and the server, as one exception that says what to do."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .shape import Maybe, fits, parsed

MAX_LINE = 500
MAX_RETRY_AFTER_S = 3600

# A problem document (RFC 9457).
DOCUMENT = {
    "code": str,
    "status": Maybe(int),
    "title": Maybe(str),
    "detail": Maybe(str),
    "request_id": Maybe(str),
    "errors": Maybe([{"pointer": Maybe(str), "code": Maybe(str), "message": Maybe(str)}]),
}

# What to do, by code, where the server has only named the problem.
ADVICE = {
    "offline": "Check the address and that the server is running.",
    "untrusted": "Check the address, or name your own authority's certificate in SSL_CERT_FILE.",
    "not_tallyroom": "Check the address: it is that of the dashboard, such as https://tallyroom.example.com.",
    "not_encrypted": "Use https://, or allow http:// with TALLYROOM_ALLOW_HTTP=1 (or --allow-http) if the network is your own.",
    "unauthenticated": "Set TALLYROOM_TOKEN, or TALLYROOM_EMAIL and TALLYROOM_PASSWORD.",
    "invalid_credentials": "Check both and try again.",
    "token_invalid": "Make a new token on your account's page.",
    "token_expired": "Make a new token on your account's page.",
    "token_revoked": "Sign in again, or use another token.",
    "refresh_reused": "Somebody else may have it: sign in again, and look at your sessions.",
    "forbidden": "Ask an owner of the project or vault for the right.",
    "revoked": "Ask an owner of the project or vault for it.",
    "not_found": "Check the id, and that you may see it.",
    "version_conflict": "Read it again before you change it.",
    "too_many_connections": "Close other sockets of this account first.",
    "internal": "Report it with the request id.",
    "unknown_field": "This client may be newer than the server.",
}


@dataclass
class Problem(Exception):
    """
    A refusal by the server (RFC 9457), or by the network on the way (status 0).

    `code` is stable and meant for programs. `str(problem)` is one line for people, which says what to do.
    """

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)  # of a 422: pointer, code, message
    retry_after_s: float | None = None
    request_id: str | None = None
    document: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        Exception.__init__(self, self.status, self.code, self.detail)

    def __str__(self) -> str:
        parts = [_sentence(self.detail)]
        faults = [f"{fault.get('pointer') or 'the request'}: {fault.get('message')}" for fault in self.errors[:5]]
        if faults:
            parts.append(_sentence("; ".join(faults)))
        if self.code in ADVICE and not self._says_what_to_do():
            parts.append(ADVICE[self.code])
        if self.retry_after_s is not None:
            parts.append(f"Try again in {self.retry_after_s:.0f} s.")
        if self.code == "internal" and self.request_id:
            parts.append(f"It is {self.request_id}.")
        return one_line(" ".join(parts))

    def _says_what_to_do(self) -> bool:
        """Whether the server has explained this refusal. Otherwise its detail is no more than the title of the code."""
        return self.document.get("detail") not in (None, self.document.get("title"))

    @property
    def is_temporary(self) -> bool:
        """Whether the same request may succeed later."""
        return self.code == "offline" or self.status in (429, 502, 503, 504)

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Problem":
        """The problem in a document that has the shape DOCUMENT, such as that of a refused command."""
        return cls(
            document.get("status") or 0,
            document["code"] or "unknown",
            document.get("detail") or document.get("title") or "The server refused this.",
            document.get("errors") or [],
            request_id=document.get("request_id"),
            document=document,
        )


def problem_of_answer(status: int, headers: Mapping[str, str], text: str) -> Problem:
    """The problem in an answer over HTTP. Its status is that of the answer, whatever the document says."""
    try:
        document = parsed(text)
    except ValueError:
        document = None
    if not fits(document, DOCUMENT):
        if 300 <= status < 400:
            return Problem(
                status, "not_tallyroom", f"The server redirects to another address: {headers.get('Location')}"
            )
        if status in (429, 502, 503, 504):
            found = Problem(
                status, "unavailable", "The server, or a proxy in front of it, is not available at the moment."
            )
        else:
            found = Problem(status, "not_tallyroom", f"The answer ({status}) is not one of Tallyroom's.")
    else:
        found = Problem.of({**document, "status": status})
    found.retry_after_s = retry_after_s(headers)
    return found


def problem_of_failure(error: BaseException, url: str) -> Problem:
    """The problem behind an exception of the network."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        reason = getattr(getattr(error, "certificate_error", error), "verify_message", "") or "unknown reason"
        return Problem(0, "untrusted", f"The certificate of {url} is not trusted ({reason}).")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Problem(0, "offline", f"{url} cannot be found.")
    if isinstance(error, aiohttp.ClientConnectorSSLError | ssl.SSLError):
        return Problem(0, "not_tallyroom", f"{url} does not speak TLS; its address may begin with http://.")
    if isinstance(error, TimeoutError):
        return Problem(0, "offline", f"{url} does not answer in time.")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Problem(0, "offline", f"{url} cannot be reached.")
    if isinstance(error, aiohttp.ClientResponseError):
        return Problem(0, "not_tallyroom", f"{url} does not answer in HTTP.")
    return Problem(0, "offline", f"The connection to {url} was lost.")


def one_line(text: str, most: int = MAX_LINE) -> str:
    """Text on one line of bounded length, without control characters, so that no server can write to a terminal."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?" else text + "."


def not_tallyroom(url: str) -> Problem:
    """What to say about a server that sends something else than Tallyroom does."""
    return Problem(0, "not_tallyroom", f"{url} does not answer as Tallyroom does.")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """The pause that an answer asks for."""
    text = headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit()):
        return None
    return float(min(int(text[:9]), MAX_RETRY_AFTER_S))
