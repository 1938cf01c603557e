"""Small numbers that programs write with an exponent, such as 2.5e-07, and that are exact."""

import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

# With a positive exponent, a spreadsheet has cut off the last digits of a long number.
EXPONENT = re.compile(r"\s*([-+]?)([0-9](?:[.,][0-9]+)?)[eE](-[0-9]{1,2})\s*")


def written_out(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Texts in which numbers with an exponent are written without it. All other texts stay as they are."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    found = array.cast(pa.large_string()).dictionary_encode()
    texts = [text and _written_out(text) for text in found.dictionary.to_pylist()]
    return pc.take(pa.array(texts, pa.large_string()), found.indices)


def _written_out(text: str) -> str:
    found = EXPONENT.fullmatch(text)
    if found is None:
        return text
    sign, digits, exponent = found.groups()
    number = format(Decimal(f"{digits.replace(',', '.')}e{exponent}"), "f")
    return sign + (number.replace(".", ",") if "," in digits else number)
