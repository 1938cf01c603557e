"""
The letters of languages, which tell code pages apart: made from CLDR's names by build.py and committed as letters.json.

`pairs_of_languages` knows which letters stand next to each other, for languages with an alphabet; `characters_of` knows
the characters that are common in a language without one.
"""

import json
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("letters.json")


@cache
def pairs_of_languages() -> dict[str, tuple[str, ...]]:
    """The languages in which a pair of small letters occurs. Only pairs with a letter outside ASCII are known."""
    found: dict[str, list[str]] = {}
    for language, pairs in json.loads(DATA.read_text("utf-8"))["pairs"].items():
        for first in range(0, len(pairs), 2):
            found.setdefault(pairs[first : first + 2], []).append(language)
    return {pair: tuple(languages) for pair, languages in found.items()}


@cache
def characters_of(language: str) -> frozenset[str]:
    """The characters in CLDR's names in a language without an alphabet. Raises: KeyError."""
    return frozenset(json.loads(DATA.read_text("utf-8"))["characters"][language])
