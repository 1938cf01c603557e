"""
Counts cells in plain form with a pattern for a whole column, so that the parsers only see what is left.

What a column's first texts look like says which form is tried. A cell that fits is counted exactly as the parsers in
values.py would count it: for each form it is known which of them read it.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.money import CURRENCIES
from matching.reading.cells import raw
from matching.reading.cells.shapes import encoded
from matching.reading.plain_days import DAY_FIRST, MONTH_FIRST, YEAR_FIRST, counter, fit

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Counts = dict[str, Any]
SAMPLE = 200  # texts that show which form is worth trying
WORTHWHILE = 0.5  # share of them that must have it
LONGEST = 256  # bytes, as in values.py
SHOWN = 120  # characters, as in values.py

# At most 15 digits: of so many, no two numbers are the same float, and their order is kept.
_DOT = r"^-?(?:[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})\.(?:[0-9]{1,2}|[0-9]{4,6})$"
_COMMA = r"^-?(?:[0-9]{1,9}|[0-9]{1,3}(?:\.[0-9]{3}){1,2}),(?:[0-9]{1,2}|[0-9]{4,6})$"
_WHOLE = r"^(?:[0-9]{1,7}|[0-9]{9,15})$"  # eight digits may be a date
_DATE_BEGINS = r"^\s*(?:[0-9]{1,2}[ ./-]|[0-9]{4}[./-]|[0-9]{8}\s*$)"
_BEGINNINGS = raw.marked(b"0123456789 \t\n\v\f\r")
MAX_BEGINNINGS = 4_096  # different ones; with more, looking at each takes longer than patterns
CODE_LETTERS = 3
LONGEST_CODE = 2 * CODE_LETTERS  # bytes; letters of two bytes, such as the long s, have capitals of one
# A character that belongs to no amount, or more letters than the code of a currency.
_NO_AMOUNT = (
    "[^A-Za-z0-9\\s\u00a0\u2007\u2009\u202f\u2019'$\u20ac\u00a3\u00a5+\u2212().,-]|[A-Za-z](?:[^A-Za-z]*[A-Za-z]){3}"
)
# The same characters as bytes. Those of several bytes, and the zeros behind a short text, are left to the pattern.
_FOREIGN = ~raw.marked(b"\0\t\n\f\r '$+().,-0123456789") & (np.arange(256) < 128)
_FOREIGN &= ~raw.marked(bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1)))
_CODE = rf"(?i)(?:^|[^A-Z])(?:{'|'.join(sorted(CURRENCIES))})(?:[^A-Z]|$)"


@dataclass(frozen=True)
class _Form:
    """A form that cells may have: which texts have it, and what is counted of them."""

    fits: Callable[[pa.Array], Bools]
    count: Callable[[Counts, pa.Array, Ints], None]


class Plain:
    """Counts what is plain in a column, batch by batch. The form of one is tried first on the next, since trying all takes longer."""

    def __init__(self) -> None:
        self._form: _Form | None = None

    def counted(self, texts: pa.Array, weights: Ints) -> tuple[Counts, Bools]:
        """
        Count a batch.

        Args:
            texts: strings without spaces around them, shape (n,).
            weights: how often each text occurs, shape (n,).

        Returns: counts by the names that values.Evidence uses, and which texts are left for the parsers.
        """
        lengths: Ints = pc.fill_null(pc.binary_length(texts), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        counts: Counts = defaultdict(lambda: None)
        left = lengths > 0
        counts["rows"] = 0 if left.all() else int(weights[~left].sum())
        form = self._form_of((texts if left.all() else texts.filter(pa.array(left))).slice(0, SAMPLE))
        if form is not None:
            taken = left & (lengths <= LONGEST) & form.fits(texts)
            left &= ~taken
            if taken.any():
                is_whole = taken.all()
                some = texts if is_whole else texts.filter(pa.array(taken))
                _count(counts, form, some, weights if is_whole else weights[taken])
        return counts, left

    def _form_of(self, sample: pa.Array) -> _Form | None:
        if self._form is None or not self._form.fits(sample).all():
            self._form = _best_form(sample)
        return self._form


def _count(counts: Counts, form: _Form, texts: pa.Array, weights: Ints) -> None:
    """Count what all forms have in common, then what only this one has."""
    total = int(weights.sum())
    counts["rows"] += total
    counts["filled"] = total
    lengths = pc.min_max(pc.binary_length(texts) if raw.bytes_of(texts).are_ascii else pc.utf8_length(texts)).as_py()
    counts["shortest"], counts["longest"] = lengths["min"], lengths["max"]
    shown = pc.utf8_slice_codeunits(texts, 0, SHOWN) if lengths["max"] > SHOWN else texts
    least, most = pc.min_max(shown).as_py().values()
    counts["text_least"] = counts["text_least_text"] = least
    counts["text_most"] = counts["text_most_text"] = most
    form.count(counts, texts, weights)


def _matches(texts: pa.Array, pattern: str) -> Bools:
    found: Bools = pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy(zero_copy_only=False)
    return found


def _best_form(sample: pa.Array) -> _Form | None:
    best, share = None, WORTHWHILE * len(sample)
    for form in _FORMS:
        fitting = float(form.fits(sample).sum())
        if fitting and fitting >= share:
            best, share = form, fitting
        if fitting == len(sample):
            break
    return best


def _are_words(texts: pa.Array) -> Bools:
    """Texts that no parser reads as an amount or a date. Those need a digit."""
    codes, beginnings = raw.bytes_of(texts).beginnings()
    if len(beginnings) > MAX_BEGINNINGS:
        return _match_words(texts)
    found: Bools = np.array([_begins_words(beginning) for beginning in beginnings], np.bool_)[codes]
    if not found.all():
        found |= ~raw.bytes_of(texts).hold_digits()
    open_rows = np.flatnonzero(~found)
    if len(open_rows):
        found[open_rows] = _match_words(texts.take(pa.array(open_rows)))
    return found


@lru_cache(MAX_BEGINNINGS)
def _begins_words(beginning: bytes) -> bool:
    """
    Whether every text that begins so is words: it contains a character that belongs to no amount, or three letters that
    are no code. With these, another letter makes more than a code has.
    """
    if _BEGINNINGS[beginning[0]]:
        return False
    if any(_FOREIGN[byte] for byte in beginning):
        return True
    letters = "".join(chr(byte) for byte in beginning if byte < 128 and chr(byte).isalpha()).upper()
    return len(letters) > CODE_LETTERS or (len(letters) == CODE_LETTERS and letters not in CURRENCIES)


def _match_words(texts: pa.Array) -> Bools:
    """The same, by patterns, which only miss some."""
    found = _matches(texts, _NO_AMOUNT)
    if not found.all():
        found |= _matches(texts, "[A-Za-z]") & ~_matches(texts, _CODE)
    begins = np.flatnonzero(raw.bytes_of(texts).begin_with(_BEGINNINGS) & found)
    if len(begins):
        found[begins] = ~_matches(texts.take(pa.array(begins)), _DATE_BEGINS)
    return found


def _count_words(counts: Counts, texts: pa.Array, weights: Ints) -> None:
    found = raw.bytes_of(texts)
    counts["marked"] = int(weights[found.hold(".,")].sum())
    counts["formulas"] = int(weights[found.begin_with(raw.marked(b"="))].sum())
    short = found.ends - found.starts <= LONGEST_CODE
    if short.any():
        codes, different = encoded(texts.filter(pa.array(short)))
        is_code = np.array([text.upper() in CURRENCIES for text in different], np.bool_)[codes]
        counts["codes"] = int(weights[short][is_code].sum())


def _are_decimals(mark: str, pattern: str) -> Callable[[pa.Array], Bools]:
    """What finds the amounts that a pattern describes. If all have two decimals, as most have, it is not tried."""

    def fits(texts: pa.Array) -> Bools:
        if raw.bytes_of(texts).cents(mark) is not None:
            return np.ones(len(texts), np.bool_)
        return _matches(texts, pattern)

    return fits


def _decimals(reading: str, mark: str, group: str) -> Callable[[Counts, pa.Array, Ints], None]:
    """`reading` is the only one of the two readings, "dot" and "comma", in which these are amounts."""

    def count(counts: Counts, texts: pa.Array, weights: Ints) -> None:
        has_groups = raw.bytes_of(texts).hold(group).any()
        plain = pc.replace_substring(texts, group, "") if has_groups else texts
        plain = plain if mark == "." else raw.replaced(plain, mark, ".")
        counts[reading] = counts[f"only_{reading}"] = counts["marked"] = int(weights.sum())
        _count_values(counts, (reading,), texts, plain, weights)

    return count


def _count_whole(counts: Counts, texts: pa.Array, weights: Ints) -> None:
    for name in ("dot", "comma", "integers", "whole"):
        counts[name] = int(weights.sum())
    counts["leading_zero"] = int(weights[_matches(texts, "^0[0-9]")].sum())
    _count_values(counts, ("dot", "comma"), texts, texts, weights)


def _count_values(counts: Counts, readings: tuple[str, ...], texts: pa.Array, plain: pa.Array, weights: Ints) -> None:
    """Find the least and the greatest value. `plain` are the texts as Python writes numbers."""
    values = plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
    for end, place in (("least", int(values.argmin())), ("most", int(values.argmax()))):
        for reading in readings:
            counts[f"{reading}_{end}"] = Decimal(plain[place].as_py())
            counts[f"{reading}_{end}_text"] = texts[place].as_py()


_FORMS = (
    _Form(_are_decimals(".", _DOT), _decimals("dot", ".", ",")),
    _Form(_are_decimals(",", _COMMA), _decimals("comma", ",", ".")),
    _Form(lambda texts: _matches(texts, _WHOLE), _count_whole),
    _Form(_are_words, _count_words),
    _Form(fit(YEAR_FIRST), counter(ymd=YEAR_FIRST, dmy=YEAR_FIRST, mdy=YEAR_FIRST)),
    _Form(fit(DAY_FIRST, MONTH_FIRST), counter(dmy=DAY_FIRST, mdy=MONTH_FIRST)),
)
