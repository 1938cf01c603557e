"""Strict JSON: no duplicate keys, no NaN, bounded depth, and only text that PostgreSQL can store."""

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from core.problems import Fault, Invalid, InvalidJson
from server.api.body.faults import MOST_FAULTS
from server.api.body.json_shape import MAX_DEPTH

_BIGINT = 2**63
# Only a document that matches this can hold a value to refuse: NUL, a surrogate, a very long number, or a large
# exponent.
_SUSPICIOUS = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[0-9]{19}|[0-9][eE]\+?[0-9]{3}")
Found = TypeVar("Found")


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
    value = _strictly(lambda: _DECODER.decode(text))
    faults: list[Fault] = []
    if is_suspicious(text):
        collect_faults(value, "", 0, faults)
    if faults:
        raise Invalid(errors=tuple(faults))
    return value


def parse_at(text: str, start: int) -> tuple[Any, int]:
    """The value that begins at a position of a text, and where it ends. Raises: InvalidJson."""
    return _strictly(lambda: _DECODER.raw_decode(text, start))


def is_suspicious(text: str) -> bool:
    """Whether a text may hold a fault at all. Looking at each of its values takes as long as parsing them."""
    return _SUSPICIOUS.search(text) is not None


def _strictly(read: Callable[[], Found]) -> Found:
    try:
        return read()
    except _Refused as error:
        raise InvalidJson(str(error)) from error
    except RecursionError as error:
        raise InvalidJson(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    except ValueError as error:
        raise InvalidJson("The body is not valid JSON.") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("The body has an object with the same key twice.")
    return found


def _constant(_: str) -> NoReturn:
    raise _Refused("The body contains NaN or Infinity, which are not valid JSON.")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def text_fault(text: str) -> str | None:
    """Why PostgreSQL could not store a text, or None if it can."""
    if "\x00" in text:
        return "must not contain the character U+0000"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "must not contain lone surrogates"
    return None


def collect_faults(value: Any, pointer: str, depth: int, faults: list[Fault]) -> None:
    """Collect the values that cannot be stored, up to a hundred faults. Raises: InvalidJson (nested too deeply)."""
    if len(faults) >= MOST_FAULTS:
        return
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
            collect_faults(item, f"{pointer}/{index}", depth + 1, faults)
    elif isinstance(value, dict):
        for key, item in value.items():
            # A key that cannot be stored is reported at its parent, since a response could not carry the key either.
            if fault := text_fault(key):
                faults.append(Fault(pointer, "invalid_field", f"has a key that {fault}"))
                continue
            collect_faults(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth + 1, faults)
