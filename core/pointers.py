"""JSON pointers to the faults that pydantic finds in a document, and what they mean in words."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Parts = tuple[int | str, ...]
UNKNOWN = "is not a field of this"
# By pydantic's names of its kinds of faults. `{}` is the limit, or what is expected.
_WORDS = {
    "extra_forbidden": UNKNOWN,
    "missing": "is missing",
    "string_too_long": "may have at most {}",
    "string_too_short": "needs at least {}",
    "too_long": "may have at most {}",
    "too_short": "needs at least {}",
    "greater_than": "must be more than {}",
    "greater_than_equal": "must be at least {}",
    "less_than": "must be less than {}",
    "less_than_equal": "must be at most {}",
    "literal_error": "must be {}",
    "enum": "must be {}",
    "string_pattern_mismatch": "must have the form {}",
    "string_type": "must be a text",
    "string_unicode": "must be a text that Unicode allows",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "none_required": "must be null",
    "uuid_type": "must be an id (a UUID)",
    "uuid_parsing": "must be an id (a UUID)",
}
_LIMITS = ("max_length", "min_length", "gt", "ge", "lt", "le")
_UNITS = dict.fromkeys(("string_too_long", "string_too_short"), "character") | dict.fromkeys(
    ("too_long", "too_short"), "item"
)


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


def in_words(kind: str, limits: Mapping[str, Any]) -> str | None:
    """
    What a fault of pydantic's means, as a sentence about the field without its name. None for faults that our own
    validators have put into words, and for kinds that do not come from a body or a query of ours.
    """
    if (said := _WORDS.get(kind)) is None:
        return None
    number = next((limits[name] for name in _LIMITS if name in limits), None)
    if isinstance(number, int | float | Decimal):
        unit = _UNITS.get(kind, "")
        said = said.format(f"{number:,}" + (f" {unit}{'' if number == 1 else 's'}" if unit else ""))
    return said.format(*(str(limits[name]) for name in ("expected", "expected_tags", "pattern") if name in limits))


def is_below(place: Parts, other: Parts) -> bool:
    """Whether a place is inside another one."""
    return len(place) > len(other) and place[: len(other)] == other
