"""
What an API token looks like: `tr_<id>_<secret>`, letters and digits only, so that a double click selects all of it and
scanners for leaked secrets can recognise it.
"""

import hashlib
import re
import secrets
import string
from dataclasses import dataclass
from uuid import UUID

START = "tr_"
PATTERN = "tr_[0-9a-f]{32}_[0-9A-Za-z]{43}"
_FORM = re.compile("tr_(?P<id>[0-9a-f]{32})_(?P<secret>[0-9A-Za-z]{43})")
_ALPHABET = string.ascii_letters + string.digits
_LENGTH = 43  # of 62 characters: 256 bits


@dataclass(frozen=True)
class Parsed:
    """The id in a token, and the SHA-256 of its secret."""

    token_id: UUID
    digest: bytes


def new_secret() -> str:
    """A random secret."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def digest_of(secret: str) -> bytes:
    """What is stored of a secret. It is random and long, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def prefix_of(token_id: UUID) -> str:
    """The part of a token that is not secret."""
    return f"{START}{token_id.hex}"


def parse(token: str) -> Parsed | None:
    """The parts of a token, or None if it has another form."""
    found = _FORM.fullmatch(token)
    return None if found is None else Parsed(UUID(hex=found["id"]), digest_of(found["secret"]))
