"""Numbers as programs write them: small ones with an exponent, such as 2.5e-07, and sums of 64 bits with their noise."""

import re
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.numbers import without_noise

# With a positive exponent, a spreadsheet has cut off the last digits of a long number.
EXPONENT = re.compile(r"\s*([-+]?)([0-9](?:[.,][0-9]+)?)[eE](-[0-9]{1,2})\s*")

# As many digits as the shortest text has that tells two neighbouring numbers of 64 bits apart.
LONG = re.compile(r"\s*(-?)([0-9]{1,7})[.,]([0-9]{9,17})\s*")
LONG_DIGITS = 16


def may_be_noisy(text: str) -> bool:
    """Whether a number may have the noise of a program that added up numbers of 64 bits."""
    found = LONG.fullmatch(text)
    return found is not None and len(found[2] + found[3]) >= LONG_DIGITS


def written_out(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Texts in which numbers with an exponent or noise are written without it. All other texts stay as they are."""
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    found = array.cast(pa.large_string()).dictionary_encode()
    texts = [text and _written_out(text) for text in found.dictionary.to_pylist()]
    return pc.take(pa.array(texts, pa.large_string()), found.indices)


def _written_out(text: str) -> str:
    found = EXPONENT.fullmatch(text)
    if found is None:
        return _without_noise(text) if LONG.fullmatch(text) else text
    sign, digits, exponent = found.groups()
    number = format(Decimal(f"{digits.replace(',', '.')}e{exponent}"), "f")
    return sign + (number.replace(".", ",") if "," in digits else number)


def _without_noise(text: str) -> str:
    """
    A number without noise, if exactly these digits identify it among those of 64 bits. The last digits of one of a
    blockchain hardly ever do.
    """
    number = text.strip().replace(",", ".")
    if repr(float(number)) != number:
        return text
    return without_noise(number).replace(".", "," if "," in text else ".")
