"""The base of every route's schemas: bodies, queries, views, and field types that several features share."""

import re
from typing import Annotated, Any, Self, TypeVar, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from core.email import canonical
from core.text import refuse_blank


class Body(BaseModel):
    """A request body. Unknown fields are refused and types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, str_max_length=1_000_000)


_NUMBERS = {int: re.compile(r"-?[0-9]+"), float: re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")}


class Query(BaseModel):
    """Query parameters. Unknown ones are refused, and so are numbers in forms that only Python reads, such as 1_0."""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*", mode="before")
    @classmethod
    def _plain_number(cls, value: Any, info: ValidationInfo) -> Any:
        kind = _number_in(cls.model_fields[str(info.field_name)].annotation)
        if kind is not None and isinstance(value, str) and not _NUMBERS[kind].fullmatch(value):
            raise ValueError("must be a whole number in digits" if kind is int else "must be a number in digits")
        return value


def _number_in(annotation: Any) -> type | None:
    """The kind of number that a field takes, also behind `| None`."""
    if annotation in _NUMBERS:
        return cast("type", annotation)
    return next((kind for part in get_args(annotation) if (kind := _number_in(part)) is not None), None)


class View(BaseModel):
    """What a response holds. Views may gain fields."""

    model_config = ConfigDict(populate_by_name=True)

    @classmethod
    def of_typed(cls, fields: dict[str, Any]) -> Self:
        """
        A view of values that have the right types already, as the database gives them. It must have all of them.

        Checking them takes longer than the rest of a long page. Unlike pydantic's model_construct, this does not look for
        defaults and other names either.
        """
        view = cls.__new__(cls)
        _set(view, "__dict__", fields)
        _set(view, "__pydantic_fields_set__", _NONE_SET)
        _set(view, "__pydantic_extra__", None)
        _set(view, "__pydantic_private__", None)
        return view


_set = object.__setattr__
_NONE_SET: set[str] = set()  # nobody asks a view which of its fields were given


class _NotNull:
    """Refuses null, and says so in the schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_not_null, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        described = handler(schema)
        options = [option for option in described.get("anyOf", []) if option != {"type": "null"}]
        return options[0] if len(options) == 1 else {**described, "anyOf": options}


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null; leave it out to keep the current value")
    return value


def whole(value: Any) -> Any:
    """Turns 1.0 into 1, because JSON has only one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


T = TypeVar("T")
Omittable = Annotated[
    T | None, _NotNull()
]  # a field of a PATCH that can be left out but not cleared; None means that it is absent
# Besides control characters, those that change the direction or the lines of text: a name must not look like another one.
CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\N{ARABIC LETTER MARK}\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{LINE SEPARATOR}-"
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{LEFT-TO-RIGHT ISOLATE}-\N{POP DIRECTIONAL ISOLATE}]"
)


def one_line(value: str) -> str:
    """Check that a text is one line that says something, in the direction of the text around it."""
    if CONTROL.search(value):
        raise ValueError("must not contain control characters, or characters that change the direction of text")
    return refuse_blank(value)


def _readable(value: str) -> str:
    if any(character < " " and character not in "\n\r\t" for character in value) or "\x7f" in value:
        raise ValueError("must not contain control characters")
    return refuse_blank(value)


Name = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(one_line)]
Prose = Annotated[
    str, Field(min_length=1, max_length=10_000), AfterValidator(_readable)
]  # what somebody says, in lines
Email = Annotated[str, Field(max_length=320), AfterValidator(canonical)]
