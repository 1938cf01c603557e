"""
Texts that say one thing with a number that varies, such as "Denied 0190" and "Denied 0191".

In a mapping, "Denied #" stands for all of them.
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

NUMBER = "#"  # in place of a word with a digit
_WORD = r"\S*[0-9]\S*"


def kinds_of(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The texts, with a sign in place of each word that has a digit, and without spaces around them."""
    return pc.replace_substring_regex(pc.utf8_trim_whitespace(texts), _WORD, NUMBER)


def are_any(texts: pa.Array | pa.ChunkedArray, values: Sequence[str]) -> pa.Array | pa.ChunkedArray:
    """Which of the texts are one of these values, or of one of these kinds."""
    found = pc.is_in(pc.utf8_trim_whitespace(texts), pa.array(values, pa.string()))
    kinds = [value for value in values if NUMBER in value]
    if kinds:
        found = pc.or_(found, pc.is_in(kinds_of(texts), pa.array(kinds, pa.string())))
    return pc.fill_null(found, False)
