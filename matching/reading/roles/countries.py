"""The countries in which a file was written, as far as it names them: by their currencies."""

import re
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import phrase, plain
from matching.reading.roles.facts import Facts, Mask
from matching.reading.roles.folding import words_of
from matching.reading.roles.word_lists import WordList, known_words

SAMPLE = 1_000  # rows whose texts are looked at
# Rows that must name a domestic payment: one alone may be about somebody else's account.
MIN_SAYING, SAYING_SHARE = 2, 0.1
PLACED_SHARE = 0.5  # of the rows whose texts must end with states of one country
MIN_ROWS = 3  # from which a column that always says the same is about the file
LONGEST_NAME = 4  # words of a country's name
_BIC = re.compile(r"\b[A-Z]{4}([A-Z]{2})[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
# States and provinces as addresses shorten them, and their postal codes.
_STATES = {
    "AUD": "NSW VIC QLD SA WA TAS ACT NT",
    "CAD": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
    "USD": "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
    "OR PA RI SC SD TN TX UT VT VA WA WV WI WY",
}
_CODES = {"AUD": r",? \d{4}", "CAD": r",? [A-Z]\d[A-Z] ?\d[A-Z]\d", "USD": r",? \d{5}(?:-\d{4})?"}
_ADDRESSES = {
    code: re.compile(rf"\b(?:{states.replace(' ', '|')}){_CODES[code]}\b") for code, states in _STATES.items()
}
_ENDS = {code: rf" (?:{states.replace(' ', '|')})(?:{_CODES[code]})?$" for code, states in _STATES.items()}


def currencies_of_countries(facts: Facts, rows: Mask) -> frozenset[str]:
    """
    The currencies of all countries that the file names. The lines above the table, the names of columns, and columns that
    always say the same tell a country by its name, its taxes, its numbers of banks or an address; texts of bookings do so by
    payments that stay in it, and by its states if most end with one.
    """
    if facts.countries is None:
        facts.countries = frozenset(_countries_of(facts, rows))
    return facts.countries


def _countries_of(facts: Facts, rows: Mask) -> set[str]:
    """The currencies of all countries that the file names."""
    texts = [cell for line in facts.above for cell in line.cells] + _always(facts, rows)
    found = {code for text in texts for code in _codes_of(text)}
    found |= {code for each in facts.columns for code in _named(each.name, known_words().countries)}
    return found | _paid(facts, rows) | _placed(facts, rows)


def _always(facts: Facts, rows: Mask) -> list[str]:
    """The texts that a column repeats in each row. The name of a country alone may be that of those who buy."""
    if int(rows.sum()) < MIN_ROWS:
        return []
    found = []
    for column in facts.columns:
        levels = column.levels(rows, 1)
        if levels is not None and len(levels.values) == 1 and bool((levels.codes >= 0).all()):
            found.append(levels.values[0])
    return [text for text in found if phrase(plain(text)) not in lexicon().countries]


def _codes_of(text: str) -> set[str]:
    """The currencies of the countries that a text about the account names."""
    found = _named(text, known_words().countries)
    found |= {code for code, address in _ADDRESSES.items() if address.search(text)}
    if {"bic", "swift"} & set(words_of(text)) or _BIC.fullmatch(text.strip()):
        found |= {lexicon().countries[country] for country in _BIC.findall(text) if country in lexicon().countries}
    numbers = [number.replace(" ", "") for number in _IBAN.findall(text)]
    return found | {lexicon().countries[iban[:2]] for iban in numbers if _is_iban(iban)}


def _is_iban(text: str) -> bool:
    """Whether the check digits of a number of an account are right, and its country has one currency."""
    digits = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    return text[:2] in lexicon().countries and int(digits) % 97 == 1


def _named(text: str, lists: dict[str, WordList]) -> set[str]:
    """The currencies of the words in a text. A word that belongs to a longer name says nothing by itself."""
    words = words_of(text)
    spans = [(code, span) for code, entries in lists.items() for span in entries.spans(words)]
    spans += [(code, span) for code, entries in lists.items() if entries.share(text) for span in [(0, 0)]]
    if lists is known_words().countries:
        spans += _countries(text)
    return {
        code
        for code, (first, end) in spans
        if not any(a <= first and end <= b and b - a > end - first for _, (a, b) in spans)
    }


def _countries(text: str) -> list[tuple[str, tuple[int, int]]]:
    """The names of countries among the words of a text, as currency and place."""
    words = phrase(plain(text)).split()
    found = []
    for first in range(len(words)):
        for end in range(first + 1, min(len(words), first + LONGEST_NAME) + 1):
            name = " ".join(words[first:end])
            if (code := lexicon().countries.get(name)) is not None:
                found.append((code, (first, end)))
    return found


def _paid(facts: Facts, rows: Mask) -> set[str]:
    """The currencies of the domestic payments that the texts of bookings name."""
    places = np.flatnonzero(rows)[:SAMPLE]
    counts: dict[str, set[int]] = {}
    for column in facts.columns:
        texts = column.texts.take(places)
        may_name = np.flatnonzero(pc.fill_null(pc.match_substring_regex(texts, _begins(), ignore_case=True), False))
        for place in may_name.tolist():
            for code in _named(texts[place].as_py(), known_words().domestic):
                counts.setdefault(code, set()).add(place)
    least = min(MIN_SAYING, max(1, SAYING_SHARE * len(places)))
    return {code for code, said in counts.items() if len(said) >= least}


def _placed(facts: Facts, rows: Mask) -> set[str]:
    """The currencies of the countries with whose states the texts of most bookings end, as those of shops nearby do."""
    if int(rows.sum()) < MIN_ROWS:
        return set()
    chosen = pa.array(rows)
    found = set()
    for column in facts.columns:
        texts = pc.utf8_trim_whitespace(column.texts.filter(chosen).slice(0, SAMPLE))
        ends = {
            code: pc.fill_null(pc.match_substring_regex(texts, end), False).to_numpy() for code, end in _ENDS.items()
        }
        any_of = np.logical_or.reduce(list(ends.values()))
        if int(any_of.sum()) >= max(MIN_ROWS, PLACED_SHARE * len(texts)):
            fitting = {code for code, end in ends.items() if bool(end[any_of].all())}
            found |= fitting if len(fitting) == 1 else set(ends)
    return found


@cache
def _begins() -> str:
    """What finds the first words of the names of domestic payments."""
    entries = known_words().domestic.values()
    words = {phrase[0] for each in entries for phrase in each.phrases} | {
        word for each in entries for word in each.unspaced
    }
    return "|".join(sorted(map(re.escape, words)))
