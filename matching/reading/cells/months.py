"""Which months a column's names mean: its language is one that knows them all."""

from collections.abc import Mapping

from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.names import ROMAN

NEARLY = 0.95  # of the rows that the best language knows; others that know as many may be the column's language too
MOST = 0.85  # share of the languages, by the countries in which they are official, that must mean the same month
LEAST_WEIGHT = 0.1  # of a language that is official nowhere
ROMAN_NUMERALS = "roman"  # counted as a language
ROMAN_WEIGHT = 5


class Months:
    """
    The months that names mean in a column.

    `languages` are those that the column may be in. `ambiguous` holds the names that mean different months in them, with
    these months; they are not read, since only a person can tell.
    """

    def __init__(self, rows: Mapping[str, int], languages: frozenset[str] | None = None) -> None:
        """
        `rows` is the number of rows with each name, in the form in which names are looked up. `languages` are those of
        the whole column if these rows are only a part of it.
        """
        meanings = {word: meanings_of(word) for word in rows}
        covered: dict[str, int] = {}
        for word, count in rows.items():
            for language in meanings[word]:
                covered[language] = covered.get(language, 0) + count
        least = NEARLY * max(covered.values(), default=0)
        found = frozenset(language for language, count in covered.items() if count >= least)
        self.languages = found if languages is None else languages
        self.ambiguous: dict[str, list[int]] = {}
        self._months = {word: self._month(word, meaning) for word, meaning in meanings.items()}

    def __getitem__(self, word: str) -> int:
        """The month that a name of the column means, 0 if it is ambiguous."""
        return self._months[word]

    def _month(self, word: str, meaning: dict[str, int]) -> int:
        """What the column's languages mean by a name, or all others, if these do not know it."""
        weights: dict[int, float] = {}
        for language, month in meaning.items():
            if language in self.languages or not self.languages & meaning.keys():
                weights[month] = weights.get(month, 0) + _weight(language)
        likely = max(weights, key=lambda month: (weights[month], -month), default=0)
        if likely and weights[likely] >= MOST * sum(weights.values()):
            return likely
        self.ambiguous[word] = sorted(weights or {month for _, month in lexicon().months_called(word)})
        return 0


def meanings_of(word: str) -> dict[str, int]:
    """The month that a name means in each language."""
    called: dict[str, list[int]] = {}
    for language, month in lexicon().months_called(word):
        called.setdefault(language, []).append(month)
    # Without accents, one language's names of two months can be the same word. Then it says nothing.
    found = {language: months[0] for language, months in called.items() if len(months) == 1}
    if word in ROMAN:
        found[ROMAN_NUMERALS] = ROMAN[word]
    return found


def _weight(language: str) -> float:
    return ROMAN_WEIGHT if language == ROMAN_NUMERALS else lexicon().languages.get(language, LEAST_WEIGHT)
