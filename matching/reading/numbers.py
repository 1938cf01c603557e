"""Turns 64-bit numbers back into the text that was meant."""

import math
from decimal import Decimal

from core.money import MAX_DECIMALS

_SURE_DIGITS = 15


def float_text(value: float) -> str:
    """
    The shortest digits that identify the number, without an exponent, without `.0`, and without the noise of additions.
    """
    return expanded(without_noise(repr(value))) if math.isfinite(value) else repr(value)


def without_noise(text: str) -> str:
    """
    A 64-bit number as it was meant: 0.1 + 0.2 is 0.3, as spreadsheets show it, not 0.30000000000000004.

    64 bits hold 15 decimal digits (IEEE 754). If the 15th is a zero, the digits after it are rounding noise. Otherwise
    they may be meant, so all digits stay. Integers keep all digits too.
    """
    if len(text) <= _SURE_DIGITS or "n" in text or len(_significant(text)) <= _SURE_DIGITS or float(text).is_integer():
        return text
    rounded = format(float(text), f".{_SURE_DIGITS}g")
    decimals = -int(Decimal(rounded).as_tuple().exponent)
    return rounded if len(_significant(rounded)) < _SURE_DIGITS and decimals <= MAX_DECIMALS else text


def expanded(text: str) -> str:
    """A number without an exponent and without `.0`."""
    return (format(Decimal(text), "f") if "e" in text else text).removesuffix(".0")


def _significant(text: str) -> str:
    return text.partition("e")[0].replace(".", "").lstrip("-0").rstrip("0")
