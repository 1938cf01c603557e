"""What is wrong with a body or a query, by JSON pointer. At most a hundred faults, whatever was sent."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from core import problems
from core.pointers import UNKNOWN, in_words, is_below, pointer_of, within
from core.problems import Fault, Invalid

MOST_FAULTS = 100


def faults_of(error: ValidationError, prefix: str = "", *, first: int = 0, sent: Any = None) -> tuple[Fault, ...]:
    """
    The faults in a pydantic error, by JSON pointer, without the rejected values. List items count from `first`. Given the
    document that was `sent`, a pointer leads into it: pydantic also names the kinds of its parts, which stand nowhere there.
    """
    found = []
    told = error.errors(include_input=False, include_url=False)[:MOST_FAULTS]
    for fault in told:
        kind = fault["type"]
        # pydantic counts only valid items, but a tuple with a faulty item is not too short.
        if kind == "too_short" and any(is_below(other["loc"], fault["loc"]) for other in told):
            continue
        code = {"extra_forbidden": "unknown_field", "missing": "missing_field"}.get(kind, "invalid_field")
        message = in_words(kind, fault.get("ctx", {})) or fault["msg"].removeprefix("Value error, ")
        if message in problems.FAULT_CODES or kind in problems.FAULT_CODES:
            code = kind if kind in problems.FAULT_CODES else message
        if kind == "union_tag_not_found":
            code, message = "missing_field", "It does not say of which kind it is."
        elif kind.endswith(("_parsing", "_type", "_from_date_parsing")) and not in_words(kind, {}):
            message = message.split(",")[0]  # the part after the comma quotes the input
        if kind == "json_invalid":
            raise problems.InvalidJson
        parts = fault["loc"] if sent is None else within(sent, fault["loc"], is_missing=kind == "missing")
        if first and parts and isinstance(parts[0], int):
            parts = (parts[0] + first, *parts[1:])
        found.append(Fault(prefix + pointer_of(parts), code, message))
    return tuple(found)


def refuse_unknown(model: type[BaseModel], value: Any) -> None:
    """
    Stop at a hundred fields that the model does not have.

    pydantic would build a kilobyte of error for each before anybody could stop it. If there are fewer, pydantic reports
    them itself, together with the other faults.

    Raises: Invalid.
    """
    found = []
    for pointer in _unknown(model, value, ""):
        found.append(Fault(pointer, "unknown_field", UNKNOWN))
        if len(found) == MOST_FAULTS:
            raise Invalid(errors=tuple(found))


def _unknown(model: type[BaseModel], value: Any, pointer: str) -> Iterator[str]:
    if not isinstance(value, dict) or model.model_config.get("extra") != "forbid":
        return
    known = _known(model)
    for name, item in value.items():
        if name not in known:
            yield pointer + pointer_of((name,))
        elif isinstance(item, dict | list) and (inner := _model_in(known[name])) is not None:
            here = pointer + pointer_of((name,))
            for number, each in enumerate(item) if isinstance(item, list) else ((None, item),):
                yield from _unknown(inner, each, here if number is None else f"{here}/{number}")


@lru_cache(maxsize=256)
def _known(model: type[BaseModel]) -> dict[str, Any]:
    """The annotations of a model's fields, by the names that they may have in a body."""
    known = {name: field.annotation for name, field in model.model_fields.items()}
    return known | {field.alias: field.annotation for field in model.model_fields.values() if field.alias}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The one model that a field holds, possibly in a list or in a union with None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [found for part in get_args(annotation) if (found := _model_in(part)) is not None]
    return inner[0] if len(inner) == 1 else None
