"""
Reads a plan as somebody wrote it, and says at once everything that is wrong with it, and where.

It asks for more than the model, which also reads what earlier versions have stored: no key that has no effect, and nothing
that cannot mean anything.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from core.money import CURRENCIES, NO_CURRENCY
from core.pointers import in_words, is_below, pointer_of, within
from matching.plan import (
    DAYS_ALONE,
    USED,
    Comparison,
    Constant,
    Contradiction,
    Extracted,
    Fields,
    Pass,
    Plan,
    PlanField,
    PlanInvalid,
    Signed,
    incomplete,
    misfits,
    same_names,
    unfit,
)

MOST_FAULTS = 100
# How much of a document is looked at part by part. The model says so where there is more.
_MOST_PARTS, _MOST_COMPARISONS = 50, 20
_FIELD, _COMPARISON = TypeAdapter(PlanField), TypeAdapter(Comparison)
_PASS: TypeAdapter[Pass] = TypeAdapter(Pass)
_TEXTS = ("reference", "code", "text")
# The form of texts, by their keys. The pattern itself says little to those who do not write such patterns.
_FORMS = {
    "absolute": 'an amount as a text with a decimal point, such as "0.50"',
    "percent": 'a percentage as a text with a decimal point, such as "0.5"',
    "fixed": 'an amount as a text with a decimal point, such as "0.25"',
    "reserve": 'a percentage as a text with a decimal point, such as "10"',
    "value": "a currency of three capital letters, such as EUR",
}
_NAME = "a name that begins with a letter and has up to 64 letters, digits, spaces, - and _, such as amount"


def plan_of(given: Plan | dict[str, Any] | str | Path) -> Plan:
    """A plan from its document, or from a file. Raises: PlanInvalid with every fault, OSError."""
    if isinstance(given, Plan):
        return given
    if isinstance(given, dict):
        return read_plan(given)
    try:
        document = json.loads(Path(given).read_bytes())
    except ValueError as error:
        raise PlanInvalid([("", "invalid_plan", f"it is no JSON: {error}")]) from error
    return read_plan(document)


def read_plan(document: Any) -> Plan:
    """A plan from its document. Raises: PlanInvalid with every fault by JSON pointer, at most a hundred."""
    plan: Plan | None = None
    found: list[tuple[str, str]] = []
    try:
        plan = Plan.model_validate(document)
    except ValidationError as error:
        found += _of_model(error, document)
    found += [(pointer_of(place), said) for place, said in _contradictions(document)]
    if found or plan is None:
        faults = [(pointer, "invalid_plan", said) for pointer, said in dict.fromkeys(found)]
        raise PlanInvalid(faults[:MOST_FAULTS])
    return plan


def _of_model(error: ValidationError, document: Any) -> Iterator[tuple[str, str]]:
    """What the model says. It also names the kinds of passes, which stand nowhere in the document."""
    told = error.errors(include_input=False, include_url=False)[:MOST_FAULTS]
    for fault in told:
        kind, place = fault["type"], fault["loc"]
        # pydantic counts only valid items, but a list with a faulty item is not too short.
        if kind == "too_short" and any(is_below(other["loc"], place) for other in told):
            continue
        parts = within(document, place, is_missing=kind in ("missing", "invalid_plan"))
        yield pointer_of(parts), _said(fault)


def _said(fault: ErrorDetails) -> str:
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind == "extra_forbidden":
        return "is not a key that a plan has here; correct its name, or leave it out"
    if kind == "union_tag_not_found":
        return "It does not say of which kind it is."
    if kind == "string_pattern_mismatch":
        key = fault["loc"][-1]
        return f"must be {_FORMS.get(str(key), _NAME)}"
    return in_words(kind, limits) or fault["msg"].removeprefix("Value error, ")


def _contradictions(document: Any) -> Iterator[Contradiction]:
    """What contradicts itself, cannot mean anything or has no effect, in all parts that can be read by themselves."""
    given = document if isinstance(document, dict) else {}
    fields: dict[str, PlanField | None] = {}
    named = given.get("fields")
    for name, raw in list(named.items())[:_MOST_PARTS] if isinstance(named, dict) else ():
        fields[name] = _read(_FIELD, raw)
        yield from ((("fields", name, *place), said) for place, said in _without_meaning(fields[name]))
    steps = given.get("passes")
    steps = list(steps)[:_MOST_PARTS] if isinstance(steps, list | tuple) else []
    yield from same_names([step.get("name") if isinstance(step, dict) else None for step in steps])
    for number, step in enumerate(steps):
        found = (
            _of_rules(step, fields)
            if isinstance(step, dict) and step.get("kind") == "rules"
            else _of_pass(step, fields)
        )
        yield from ((("passes", number, *place), said) for place, said in found)


def _of_pass(raw: Any, fields: Fields) -> Iterator[Contradiction]:
    step = _read(_PASS, raw)
    return misfits(step, fields) if step is not None else iter(())


def _of_rules(raw: dict[str, Any], fields: Fields) -> Iterator[Contradiction]:
    for key in ("where", "score"):
        items = raw.get(key)
        items = list(items)[:_MOST_COMPARISONS] if isinstance(items, list | tuple) else []
        if key == "where" and items and all(isinstance(i, dict) and i.get("compare") == "days" for i in items):
            yield (key,), DAYS_ALONE
        for number, item in enumerate(items):
            if isinstance(item, dict):
                yield from (((key, number, *place), said) for place, said in _of_comparison(item, fields))


def _of_comparison(raw: dict[str, Any], fields: Fields) -> Iterator[Contradiction]:
    compare = raw.get("compare")
    if not isinstance(compare, str) or compare not in USED:
        return
    yield from incomplete(compare, raw)
    for key in (key for keys in USED.values() for key in keys):
        if raw.get(key) is not None and key not in USED[compare]:
            yield (key,), f"{compare} does not use it; leave {key} out"
    # Its field is looked at even if something else is wrong with it.
    item = _read(_COMPARISON, {"field": raw.get("field"), "compare": compare, **_COMPLETE.get(compare, {})})
    if item is not None:
        yield from unfit(item, fields)


_COMPLETE: dict[str, dict[str, Any]] = {"within": {"absolute": "0"}, "days": {"from": 0, "to": 0}}


def _without_meaning(field: PlanField | None) -> Iterator[Contradiction]:
    if field is None:
        return
    if field.currency is not None and field.type != "money":
        yield ("currency",), f"a field of type {field.type} has no currency; leave it out, or make the type money"
    for side in ("left", "right"):
        column, code = getattr(field, side), getattr(field.currency, side, None)
        if isinstance(code, Constant) and code.value not in CURRENCIES | {NO_CURRENCY}:
            said = f"{code.value} is no currency; give a code of ISO 4217, such as EUR, or {NO_CURRENCY} for none"
            yield ("currency", side, "value"), said
        if isinstance(column, Signed) and column.negate and field.type != "money":
            said = f"a field of type {field.type} has no sign; leave negate out, or make the type money"
            yield (side, "negate"), said
        if isinstance(column, Extracted):
            yield from (((side, "extract"), said) for said in _of_extraction(column, field.type))


def _of_extraction(column: Extracted, kind: str) -> Iterator[str]:
    if kind not in _TEXTS:
        yield f"a field of type {kind} is read whole; give the column alone, or make the type reference, code or text"
    if pc.match_substring_regex(pa.array([""]), column.extract)[0].as_py():
        yield "also finds a text of no characters, and so nothing where there is something; ask for one character at least"


def _read(kind: TypeAdapter[Any], raw: Any) -> Any:
    """A part of a document by itself; None if the model refuses it."""
    try:
        return kind.validate_python(raw)
    except ValidationError:
        return None
