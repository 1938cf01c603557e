"""
The shape of what arrives, checked once where it arrives, so that nothing behind meets a value that it cannot use.

A shape is a type; a tuple of shapes, of which one fits; a list with the shape of its items; or a dictionary with the
shapes of the keys that must be there, or `Maybe` there. A thing may have other keys too, as later servers send more.
"""

import json
from dataclasses import dataclass
from typing import Any

NONE = type(None)
NUMBER = (int, float)
MAX_NUMBER = 2**53  # the most that every client counts exactly


@dataclass(frozen=True)
class Maybe:
    """The shape of a key that may be missing or null."""

    shape: Any


def parsed(text: str) -> Any:
    """A JSON document. Raises: ValueError, whatever is wrong with it."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("is too deep") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def fits(value: Any, shape: Any) -> bool:
    """Whether a value has a shape. A number is finite and at most MAX_NUMBER, and a text can be written as UTF-8."""
    if isinstance(shape, Maybe):
        return value is None or fits(value, shape.shape)
    if isinstance(shape, tuple):
        return any(fits(value, one) for one in shape)
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(fits(value.get(key), one) for key, one in shape.items())
    if shape in NUMBER:
        return type(value) is shape and abs(value) <= MAX_NUMBER  # which NaN is not either
    return isinstance(value, shape) and not (shape is str and _has_half_characters(value))


def _has_half_characters(text: str) -> bool:
    """JSON can hold halves of characters, which no file and no terminal takes."""
    return any("\ud800" <= c <= "\udfff" for c in text) if not text.isascii() else False
