"""Dates whose day, month and year stand in columns of their own."""

import pyarrow as pa
import pyarrow.compute as pc


def joined_days(day: pa.ChunkedArray, month: pa.ChunkedArray, year: pa.ChunkedArray) -> pa.ChunkedArray:
    """
    The three parts of each date as one text: 2024-3-15, or 15 März 2024 where the month has a name. Empty where a part is.
    """
    days, months, years = (pc.fill_null(pc.utf8_trim_whitespace(part), "") for part in (day, month, year))
    is_number = pc.match_substring_regex(months, r"^[0-9]+$")
    numbered, named = _joined("-", years, months, days), _joined(" ", days, months, years)
    is_whole = pc.and_(pc.and_(pc.not_equal(days, ""), pc.not_equal(months, "")), pc.not_equal(years, ""))
    found = pc.if_else(is_whole, pc.if_else(is_number, numbered, named), "")
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _joined(mark: str, *parts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*parts, mark)
