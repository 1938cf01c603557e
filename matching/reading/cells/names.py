"""Finds the name of the month among the words of a date."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum, auto
from functools import cache

from matching.reading.cells import times
from matching.reading.cells.lexicon import MIN_BEGINNING, lexicon
from matching.reading.cells.words import key

MOST_WORDS = 10  # in the name of a month or a weekday
ROMAN = {
    "i": 1,
    "ii": 2,
    "iii": 3,
    "iv": 4,
    "v": 5,
    "vi": 6,
    "vii": 7,
    "viii": 8,
    "ix": 9,
    "x": 10,
    "xi": 11,
    "xii": 12,
}
_GLUED = re.compile("^ב|(?:ren|ที่)$")  # the Hebrew "in", the Basque "of", the Thai "on the", which are written together

_FURTHER_GLUE = frozenset(  # words in dates that no pattern of CLDR has
    ("of", "the", "on", "as", "at", "dated", "per", "vom", "zum", "am", "du", "au", "le", "del", "al", "r", "roku")
)

Placed = tuple[int, str]  # a word, after the number of groups of digits that stand before it


class Unknown(ValueError):
    """There is a word that belongs to no date, or two names of months."""


class _Meaning(Enum):
    NOTHING = auto()
    MAYBE_MONTH = auto()  # but also a weekday, or a word such as "mars" that is found in dates
    MONTH = auto()


def month_among(words: list[Placed], numbers: int, *, has_time: bool) -> Placed | None:
    """
    The name of the month in a date with so many groups of digits, or None if there is none.

    Raises: Unknown if a word belongs to no date, or if there are two names of months.
    """
    found: dict[_Meaning, list[Placed]] = {meaning: [] for meaning in _Meaning}
    for place, word in _phrases(words):
        found[_meaning(word, has_time)].append((place, word))
    named, maybe = found[_Meaning.MONTH], found[_Meaning.MAYBE_MONTH]
    # "Sat 5", "No. 5" and "5 x" are no dates. A weekday does not stand behind the day, so "5 Mar" is one.
    if numbers == 1:
        named = [placed for placed in named if len(placed[1]) >= MIN_BEGINNING and placed[1] not in ROMAN]
        maybe = [placed for placed in maybe if placed[0] == 1 and len(placed[1]) >= MIN_BEGINNING]
    if numbers > 2:
        if named:
            raise Unknown
        return None
    if not named and len(maybe) > 1:
        # "mar. 5 mar. 2024": a name between the numbers is the month, and one before them the weekday.
        maybe = [placed for placed in maybe if placed[0] == 1] or maybe
    chosen = named or maybe
    if len({word for _, word in chosen}) > 1:
        raise Unknown
    return chosen[-1] if chosen else None


def _meaning(word: str, has_time: bool) -> _Meaning:
    known = lexicon()
    if has_time and times.says_time(word):
        return _Meaning.NOTHING
    if word in known.weekdays or word in known.glue or word in _FURTHER_GLUE:
        is_month = word in known.months and (word in known.weekdays or len(word) >= MIN_BEGINNING)
        return _Meaning.MAYBE_MONTH if is_month else _Meaning.NOTHING
    if word in known.months or word in ROMAN or known.months_called(word):
        return _Meaning.MONTH
    if _begins_weekday(word):
        return _Meaning.NOTHING
    raise Unknown


def _phrases(words: list[Placed]) -> Iterator[Placed]:
    """The words as they are looked up. Those that form one name are joined, such as the Irish "Meán Fómhair"."""
    parts = [(place, part) for place, written in words for part in _parts(written)]
    at = 0
    while at < len(parts):
        place = parts[at][0]
        for count in range(min(MOST_WORDS, len(parts) - at), 0, -1):
            name = " ".join(part for _, part in parts[at : at + count])
            if count == 1 or (_is_known(name) and parts[at + count - 1][0] == place):
                yield place, name
                at += count
                break


def _parts(written: str) -> list[str]:
    """A word, or its parts if only they are known, as in "d'octubre"."""
    word = key(written)
    if _is_known(word):
        return [word]
    if "'" in written:
        return [key(part) for part in written.split("'") if part]
    bare = _GLUED.sub("", word)
    return [bare if _is_known(bare) else word] if word else []


def _is_known(word: str) -> bool:
    known = lexicon()
    return word in known.months or word in known.weekdays or word in known.glue or word in known.day_periods


@cache
def _weekdays() -> list[str]:
    return sorted(lexicon().weekdays)


def _begins_weekday(word: str) -> bool:
    """Whether the names of a weekday begin with a word, such as "thurs"."""
    place = bisect_left(_weekdays(), word)
    return len(word) >= MIN_BEGINNING and place < len(_weekdays()) and _weekdays()[place].startswith(word)
