"""Which of the currencies that share a sign or a name is meant, as far as the file says in which country it was written."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from matching.reading.cells.currencies import SHARED, currency_of, meanings_of
from matching.reading.roles.countries import currencies_of_countries
from matching.reading.roles.facts import Column, Facts, Mask
from matching.reading.roles.scripts import has_han, has_japanese, has_simplified, has_traditional

_PARTS = re.compile(r"[\s()\[\]/_:,;]+")
_ALSO_WORDS = frozenset({"fr", "br", "k", "p"})  # what means something else in the name of a column
_YEN = frozenset({"CNY", "JPY"})


class Sign(NamedTuple):
    """The currencies that a sign may stand for, and the one that it usually does, or None."""

    meanings: frozenset[str]
    usual: str | None
    has_decimals: bool = False


def sign_of(columns: Iterable[Column], rows: Mask) -> Sign | None:
    """The one sign in the cells of these columns, or else in their names. None if they name a currency otherwise, or none."""
    found = [sign for column in columns for sign in [_in_cells(column, rows) or _in_name(column)] if sign]
    meanings = frozenset.intersection(*(sign.meanings for sign in found)) if found else frozenset()
    usual = {sign.usual for sign in found}
    has_decimals = any(sign.has_decimals for sign in found)
    return Sign(meanings, usual.pop() if len(usual) == 1 else None, has_decimals) if meanings else None


def sign_in(values: Iterable[str]) -> Sign | None:
    """The one sign in a column of currencies."""
    words = [(meanings_of(value), currency_of(value)) for value in values]
    meanings = frozenset.intersection(*(meanings for meanings, _ in words)) if words else frozenset()
    usual = {code for _, code in words} - {SHARED}
    return Sign(meanings, usual.pop() if len(usual) == 1 else None) if meanings else None


def meant_by(sign: Sign, facts: Facts, rows: Mask) -> str | None:
    """
    The currency that a sign stands for: that of the one country that the file names among those in which it is used. The
    letters of Japan mean yen, and those of the mainland yuan, as do decimals, which yen do not have. None if nothing tells, or if the file names several countries.
    """
    if "JPY" in sign.meanings and has_japanese(facts):
        return "JPY"
    named = currencies_of_countries(facts, rows) & sign.meanings
    if named:
        return next(iter(named)) if len(named) == 1 else None
    if "CNY" in sign.meanings:
        if has_simplified(facts) or (sign.meanings == _YEN and sign.has_decimals and has_han(facts)):
            return "CNY"
        if has_traditional(facts):
            return None
    return sign.usual


def _in_cells(column: Column, rows: Mask) -> Sign | None:
    numbers = column.numbers
    used = sorted(set(numbers.currency[numbers.ok & rows].tolist()) - {0})
    if not used:
        return None
    meanings = frozenset.intersection(*(numbers.meanings[place] for place in used))
    usual = {numbers.currencies[place] for place in used} - {SHARED}
    return Sign(meanings, usual.pop() if len(usual) == 1 else None, numbers.max_decimals(".", numbers.ok) > 0)


def _in_name(column: Column) -> Sign | None:
    parts = [part.strip(".-") for part in _PARTS.split(column.name)]
    words = [part for part in parts if len(part) > 1 or not part.isascii() or not part.isalnum()]
    found = [(meanings_of(word), currency_of(word)) for word in words if word.casefold() not in _ALSO_WORDS]
    found = [(meanings, code) for meanings, code in found if meanings or (code and code != SHARED)]
    if not found:
        return None
    usual = {code for _, code in found} - {SHARED}
    meanings = frozenset.intersection(*(meanings for meanings, _ in found))
    numbers = column.numbers
    return Sign(meanings, usual.pop() if len(usual) == 1 else None, numbers.max_decimals(".", numbers.ok) > 0)
