"""Programs that act for somebody with an API token."""

from datetime import UTC, datetime, timedelta
from typing import Any

from models.scope import SCOPES
from tests.conftest import Person

EVERYTHING = SCOPES


def body(*scopes: str, **limits: Any) -> dict[str, Any]:
    """The body that makes a token for a day."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return {"name": "Month end", "scopes": list(scopes), "expires_at": tomorrow.isoformat(), **limits}


async def program_of(person: Person, *scopes: str, **limits: Any) -> Person:
    """A program with a new token of the person."""
    made = await person.ok("POST", "/me/api-tokens", body(*scopes, **limits))
    return program_with(person, made["token"])


def program_with(person: Person, token: str) -> Person:
    """A program with this token."""
    return Person(person.session, person.id, person.email, token, "")


def id_of(program: Person) -> str:
    """The id of the program's token."""
    digits = program.token.split("_")[1]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
