"""What every schema of a route is made of."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A request body: unknown fields are refused, types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=1_000_000)


class Query(BaseModel):
    """Query parameters: unknown ones are refused."""

    model_config = ConfigDict(extra="forbid")


class View(BaseModel):
    """What an answer holds. Views may gain fields."""

    model_config = ConfigDict(populate_by_name=True)
