"""Views as JSON."""

from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel


def as_json(view: BaseModel) -> bytes:
    """
    A view as JSON, the same bytes that pydantic writes.

    orjson writes them in a fraction of the time. It knows nothing of what a model says about its JSON, so models that say
    something, other than another name for a field, are left to pydantic; and so is what orjson cannot write.
    """
    try:
        return orjson.dumps(view, default=_parts, option=orjson.OPT_UTC_Z)
    except TypeError:
        return view.model_dump_json(by_alias=True).encode()


def _parts(value: Any) -> Any:
    """What orjson writes for a view, or for one of the driver's ids. Raises: TypeError for what it must not write."""
    if isinstance(value, UUID):
        return str(value)
    model: Any = type(value)
    renamed = _renamed(model)
    fields: dict[str, Any] = value.__dict__
    if not renamed:
        return fields
    return {renamed.get(name, name): field for name, field in fields.items()}


_AS_IT_IS = {"type": "any"}  # how a page says that it has items of a kind that is known only when it is made
_SAYING = ("serialization", "computed_fields", "ser_json")  # as the names begin under which a schema says something


@lru_cache(maxsize=512)
def _renamed(model: type[Any]) -> dict[str, str]:
    """The fields of a model whose names in JSON are others. Raises: TypeError if pydantic has to write it."""
    if not issubclass(model, BaseModel) or _says_how(model.__pydantic_core_schema__):
        raise TypeError
    fields = model.model_fields.items()
    return {name: str(field.serialization_alias) for name, field in fields if field.serialization_alias is not None}


def _says_how(schema: Any) -> bool:
    """Whether a schema says how something is written, or leaves something out."""
    if isinstance(schema, dict):
        return any(
            (name.startswith(_SAYING) and part and part != _AS_IT_IS and name != "serialization_alias")
            or (name not in ("metadata", "default") and _says_how(part))
            for name, part in schema.items()
        )
    return isinstance(schema, list | tuple) and any(_says_how(part) for part in schema)
