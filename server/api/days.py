"""Days as clients send them: YYYY-MM-DD. Anything that could be taken for a number or a time is refused."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written(value: Any) -> Any:
    """
    Refuse numbers, which would be read as seconds since 1970 even in a string, and times, which would lose all but
    their day.
    """
    if type(value) is not dt.date and not (isinstance(value, str) and _WRITTEN.fullmatch(value)):
        raise ValueError("must be a day, such as 2026-03-31")
    return value


Day = Annotated[dt.date, Field(strict=False), BeforeValidator(_written)]
