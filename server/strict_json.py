"""JSON as security.md wants it: no duplicate keys, no NaN, bounded depth, text that PostgreSQL can hold."""

import json
import math
from typing import Any, NoReturn

from core.problems import Fault, Invalid, InvalidJson

MAX_DEPTH = 32
_BIGINT = 2**63


class _Refused(ValueError):
    pass


def parse(raw: bytes) -> Any:
    """
    The value of a JSON document.

    Raises: InvalidJson for what is not JSON (duplicate keys and NaN included); Invalid for text with NUL or lone
    surrogates and for numbers out of range, every fault by its pointer.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("The body is not UTF-8.") from error
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except _Refused as error:
        raise InvalidJson(str(error)) from error
    except RecursionError as error:
        raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise InvalidJson("The body is not valid JSON.") from error
    faults: list[Fault] = []
    _walk(value, "", 0, faults)
    if faults:
        raise Invalid(errors=tuple(faults[:100]))
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("The body has an object with the same key twice.")
    return found


def _constant(_: str) -> NoReturn:
    raise _Refused("The body has NaN or Infinity, which JSON does not know.")


def text_fault(text: str) -> str | None:
    """Why PostgreSQL could not hold a text; None when it can."""
    if "\x00" in text:
        return "must not contain the character U+0000"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "must not contain lone surrogates"
    return None


def _walk(value: Any, pointer: str, depth: int, faults: list[Fault]) -> None:
    if depth > MAX_DEPTH:
        raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, str):
        if fault := text_fault(value):
            faults.append(Fault(pointer, "invalid_field", fault))
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if not -_BIGINT <= value < _BIGINT:
            faults.append(Fault(pointer, "invalid_field", "is out of range"))
    elif isinstance(value, float):
        if not math.isfinite(value):
            faults.append(Fault(pointer, "invalid_field", "is out of range"))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _walk(item, f"{pointer}/{index}", depth + 1, faults)
    elif isinstance(value, dict):
        for key, item in value.items():
            # A key that cannot be stored is named by its parent: an answer could not carry it either.
            if fault := text_fault(key):
                faults.append(Fault(pointer, "invalid_field", f"has a key that {fault}"))
                continue
            _walk(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1, faults)
