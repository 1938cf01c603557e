"""Days as clients send them: YYYY-MM-DD, and nothing else that a number or a time could be taken for."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written(value: Any) -> Any:
    """A number would be read as seconds since 1970, in a text, too; and of a time its day would be kept."""
    if type(value) is not dt.date and not (isinstance(value, str) and _WRITTEN.fullmatch(value)):
        raise ValueError("must be a day, such as 2026-03-31")
    return value


Day = Annotated[dt.date, Field(strict=False), BeforeValidator(_written)]
