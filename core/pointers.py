"""JSON pointers to the faults that pydantic finds in a document."""

from typing import Any

Parts = tuple[int | str, ...]


def pointer_of(parts: Parts) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def within(sent: Any, parts: Parts, *, is_missing: bool) -> Parts:
    """
    The parts of a place that lead into the document that was sent. pydantic also names the kinds of its parts, which stand
    nowhere there. `is_missing`: the last part is what the document lacks.
    """
    found: list[int | str] = []
    for number, part in enumerate(parts, 1):
        is_key = isinstance(sent, dict) and part in sent
        if is_key or (isinstance(sent, list | tuple) and isinstance(part, int) and part < len(sent)):
            sent = sent[part]
            found.append(part)
        elif is_missing and number == len(parts):
            found.append(part)
    return tuple(found)
