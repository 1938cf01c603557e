"""
Every number and every time that a client may send has bounds: what the database cannot store is refused as invalid
input.
"""

import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from realtime.commands import COMMANDS
from server.app import endpoints

LARGEST = 2**31 - 1  # of the columns that are compared with it
STREAM_NUMBERS = {"EventsQuery.after", "Subscribe.after"}  # stream numbers are bigint

BEYOND = ("9999-12-31T23:59:59-00:01", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59.999999-14:00")
NO_TIMES = (
    "2026-03-31T12:00:00",
    "2026-03-31",
    "1774958400",
    "99999999999",
    "9999-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z",
)


def models() -> dict[str, type[BaseModel]]:
    """Every body, query and command, and the models within them."""
    found: dict[str, type[BaseModel]] = {}
    todo: list[Any] = [m for e in endpoints() for m in (e.body, e.query, e.json_alternative) if m is not None]
    todo += [command.body for command in COMMANDS.values()]
    while todo:
        item = todo.pop()
        if isinstance(item, type) and issubclass(item, BaseModel):
            if item.__name__ not in found:
                found[item.__name__] = item
                todo += [field.annotation for field in item.model_fields.values()]
        else:
            todo += typing.get_args(item)
    return found


def numbers(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every number in a JSON schema."""
    if isinstance(schema, dict):
        if schema.get("type") in ("integer", "number") and "const" not in schema and "enum" not in schema:
            yield path, schema
        for name, value in schema.items():
            if name != "$defs":
                yield from numbers(value, path if name in ("properties", "anyOf", "items") else f"{path}.{name}")
    elif isinstance(schema, list):
        for value in schema:
            yield from numbers(value, path)


def has_time(annotation: Any) -> bool:
    """Whether a type holds a time."""
    return annotation is datetime or any(has_time(part) for part in typing.get_args(annotation))


def test_every_number_has_bounds() -> None:
    unbounded = []
    for name, model in models().items():
        for path, schema in numbers(model.model_json_schema(), name):
            low = schema.get("minimum", schema.get("exclusiveMinimum"))
            high = schema.get("maximum", schema.get("exclusiveMaximum"))
            largest = 2**53 if path in STREAM_NUMBERS else LARGEST
            if low is None or high is None or low < -largest or high > largest:
                unbounded.append(f"{path}: {schema}")

    assert not unbounded, "\n".join(unbounded)
    assert len(models()) > 20


@pytest.mark.parametrize("text", [*BEYOND, *NO_TIMES])
def test_every_time_can_be_stored(text: str) -> None:
    taken: list[str] = []
    looked_at = 0
    for name, model in models().items():
        for field_name, field in model.model_fields.items():
            if not has_time(field.annotation):
                continue
            looked_at += 1
            annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            strict = bool(model.model_config.get("strict"))
            adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=ConfigDict(strict=strict))
            assert adapter.validate_json('"2999-12-31T23:59:59Z"')
            for sent in (f'"{text}"', "1774958400", "true"):
                try:
                    adapter.validate_json(sent)
                    taken.append(f"{name}.{field_name}")
                except ValidationError:
                    pass

    assert not taken
    assert looked_at >= 8
