"""The JSON Schema of a mapping, for editors and for programs that write one."""

from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from matching.reading.mapping import Mapping
from server.contract.openapi import without_defaults


@cache
def document() -> dict[str, Any]:
    """The schema, complete in itself."""
    schema = without_defaults(Mapping.model_json_schema())
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
