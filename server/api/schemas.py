"""The base of every route's schemas: bodies, queries, views, and field types that several features share."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.email import canonical


class Body(BaseModel):
    """A request body. Unknown fields are refused and types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=1_000_000)


class Query(BaseModel):
    """Query parameters. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """What a response holds. Views may gain fields."""

    model_config = ConfigDict(populate_by_name=True)


CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def _one_line(value: str) -> str:
    if CONTROL.search(value):
        raise ValueError("must not contain control characters")
    if not value.strip():
        raise ValueError("must not be blank")
    return value


Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(_one_line)]
Email = Annotated[str, Field(max_length=320), AfterValidator(canonical)]
