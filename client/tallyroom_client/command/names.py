"""Projects, sources, plans and entries, by id or by a name that only one of them has."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ..client import Client
from ..problem import Problem
from .shapes import NAMED, checked

MOST_SHOWN = 5


@dataclass(frozen=True)
class Noun:
    """What is looked for, and where it is listed."""

    name: str
    path: str
    query: dict[str, str]


async def id_of(client: Client, noun: Noun, text: str) -> str:
    """The id of what somebody has called by id or name. Raises: Problem if no or more than one thing has the name."""
    if (found := as_id(text)) is not None:
        return found
    items = [item async for item in client.all(noun.path, **noun.query) if checked(item, NAMED)["name"] == text]
    return only(noun.name, text, items)


def as_id(text: str) -> str | None:
    """The text as an id, if it is one."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def only(noun: str, text: str, items: list[dict[str, Any]]) -> str:
    """The id of the only thing found. Raises: Problem if there are none or several."""
    shown = f"'{text[:80]}'"
    if not items:
        raise Problem(
            404, "unknown_name", f"No {noun} that you may see is called {shown}. Check the name, or give the id."
        )
    if len(items) > 1:
        ids = ", ".join(str(item["id"]) for item in items[:MOST_SHOWN])
        detail = f"{len(items)} {noun.replace('entry', 'entrie')}s are called {shown}. Give the id of one: {ids}"
        raise Problem(409, "ambiguous", detail)
    return str(items[0]["id"])
