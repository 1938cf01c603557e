"""Loads the words of CLDR from cldr.json, when they are first needed."""

import json
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PATH = Path(__file__).with_name("cldr.json")


@dataclass(frozen=True)
class Lexicon:
    """Words in the form that words.key gives, of all languages."""

    months: dict[str, list[list[str | int]]]  # word -> [[month, language, language...]...]
    month_words: list[str]  # sorted
    weekdays: frozenset[str]
    glue: frozenset[str]  # words in dates that say nothing, such as "de" and "of"
    day_periods: frozenset[str]  # words for a.m. and p.m.
    languages: dict[str, int]  # the number of countries in which a language is official
    currencies: dict[str, list[str]]  # symbol or name -> codes
    multiples: dict[str, int]  # what amounts are counted in -> its power of ten
    countries: dict[str, str]  # country that has one currency, by code and by name -> currency
    dollars: frozenset[str]  # currencies that are written with $

    def months_called(self, word: str) -> frozenset[tuple[str, int]]:
        """
        The months that a word names, as (language, month).

        A beginning of at least three letters names a month too, in each language in which only one month begins with it.
        """
        found = {
            (str(language), int(month)) for month, *languages in self.months.get(word, ()) for language in languages
        }
        known = {language for language, _ in found}
        if len(word) < MIN_BEGINNING:
            return frozenset(found)
        begun: dict[str, set[int]] = {}
        start = bisect_left(self.month_words, word)
        for longer in self.month_words[start : start + MAX_BEGUN]:
            if not longer.startswith(word):
                break
            for month, *languages in self.months[longer]:
                for language in languages:
                    begun.setdefault(str(language), set()).add(int(month))
        found |= {
            (language, next(iter(months)))
            for language, months in begun.items()
            if len(months) == 1 and language not in known
        }
        return frozenset(found)


MIN_BEGINNING = 3
MAX_BEGUN = 400


@cache
def lexicon() -> Lexicon:
    """The words, loaded once. It takes about 10 ms."""
    content = json.loads(PATH.read_text(encoding="utf-8"))
    return Lexicon(
        months=content["months"],
        month_words=sorted(content["months"]),
        weekdays=frozenset(content["weekdays"]),
        glue=frozenset(content["glue"]),
        day_periods=frozenset(content["day_periods"]),
        languages=content["languages"],
        currencies=content["currencies"],
        multiples=content["multiples"],
        countries=content["countries"],
        dollars=frozenset(content["dollars"]),
    )
