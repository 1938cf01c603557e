"""
Makes cldr.json from Babel: `python -m matching.reading.cells.build`. With `--check` it only says whether the file is current.

The data are CLDR's (https://cldr.unicode.org, Unicode License v3), as Babel distributes them.
"""

import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from babel import Locale, localedata
from babel.core import get_global

from core.money import CURRENCIES
from matching.reading.cells.lexicon import PATH
from matching.reading.cells.words import key, phrase, plain

# Symbols that name one currency although CLDR gives them to several, since by themselves they are used for this one.
DOMINANT = {"£": "GBP", "₩": "KRW", "R": "ZAR", "lei": "RON"}
# The currencies whose names are kept in every language. Others are kept in English and in the languages of their countries.
KNOWN_EVERYWHERE = ("EUR", "USD", "GBP", "CHF", "JPY", "CNY")
# Shortenings that programs write and CLDR has replaced by others: (language, month) -> words.
FORMER_MONTHS = {("de", 3): ("mrz",)}
LARGEST_MULTIPLE = 8  # the power of ten of the largest unit in which amounts are counted
_LITERAL = re.compile(r"'([^']+)'|([^\x00-\x7f]+)")  # words in a pattern: quoted, or in other letters than the fields'


def main() -> None:
    """Write the file, or check it."""
    text = _serialised(_content())
    if "--check" not in sys.argv[1:]:
        PATH.write_text(text, encoding="utf-8")
    elif PATH.read_text(encoding="utf-8") != text:
        sys.exit(f"{PATH.name} is out of date. Run: python -m matching.reading.cells.build")


def _serialised(content: dict[str, Any]) -> str:
    """JSON with a line per entry, so that a new version of CLDR shows as a readable difference."""
    parts = []
    for name, entries in sorted(content.items()):
        if isinstance(entries, dict):
            lines = [f"{_compact(word)}:{_compact(value)}" for word, value in sorted(entries.items())]
            parts.append(f'"{name}":{{\n' + ",\n".join(lines) + "\n}")
        else:
            parts.append(f'"{name}":{_compact(entries)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _content() -> dict[str, Any]:
    locales = [Locale.parse(name) for name in sorted(localedata.locale_identifiers())]
    return {
        "cldr": get_global("cldr")["version"],
        "languages": _languages(),
        "months": _months(locales),
        "weekdays": sorted({word for locale in locales for word in _names(locale.days)}),
        "glue": sorted({word for locale in locales for word in _glue(locale)}),
        "day_periods": sorted({word for locale in locales for word in _names(_periods(locale))}),
        "currencies": _currencies(locales),
        "multiples": _multiples(locales),
        "countries": _countries(),
        "dollars": _dollars(locales),
    }


def _languages() -> dict[str, int]:
    """The number of territories in which each language is official, which says how likely a file is written in it."""
    counts: dict[str, int] = defaultdict(int)
    for spoken in get_global("territory_languages").values():
        for language in {name.split("_")[0] for name, use in spoken.items() if use["official_status"]}:
            counts[language] += 1
    return dict(counts)


def _texts(tree: Any) -> Iterator[str]:
    """All texts at the leaves of nested dictionaries."""
    if isinstance(tree, str):
        yield tree
    elif hasattr(tree, "values"):
        for value in tree.values():
            yield from _texts(value)


def _names(tree: Any) -> set[str]:
    """Names without digits and of more than one letter, since single letters are no use and are found in other words."""
    words = {phrase(plain(text)) for text in _texts(tree)}
    return {
        word for word in words if len(word) > 1 or not word.isascii() if word and not any(c.isdigit() for c in word)
    }


def _periods(locale: Locale) -> Any:
    """Only a.m. and p.m. and what they are called. Words such as "night" are not written in files."""
    return {
        (context, width, name): text
        for context, widths in locale.day_periods.items()
        for width, names in widths.items()
        for name, text in names.items()
        if name in {"am", "pm"}
    }


def _months(locales: Iterable[Locale]) -> dict[str, list[list[Any]]]:
    """Each name of a month with the languages in which it means it: word -> [[month, language, language...]...]."""
    found: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for locale in locales:
        for context in locale.months.values():
            for width, names in context.items():
                for month, name in names.items() if width != "narrow" else ():
                    for word in _names({"": name}):
                        found[word][month].add(locale.language)
    for (language, month), words in FORMER_MONTHS.items():
        for word in words:
            found[word][month].add(language)
    return {
        word: [[month, *sorted(languages)] for month, languages in sorted(months.items())]
        for word, months in found.items()
    }


def _glue(locale: Locale) -> set[str]:
    """The words in a locale's patterns for dates that are neither numbers nor names."""
    patterns = [str(pattern.pattern) for pattern in locale.date_formats.values()]
    patterns += [
        str(pattern.pattern)
        for skeleton, pattern in locale.datetime_skeletons.items()
        if "d" in skeleton and not set(skeleton) & set("wWQhHjkK")
    ]
    literals = (a or b for pattern in patterns for a, b in _LITERAL.findall(pattern))
    words = {word for literal in literals for word in phrase(plain(literal)).split()}
    words |= {phrase(plain(str(names[1]))) for width, names in locale.eras.items() if width != "narrow" and 1 in names}
    return {word for word in words if word and not any(c.isdigit() for c in word)}


def _multiples(locales: Iterable[Locale]) -> dict[str, int]:
    """
    What amounts are counted in, such as "thousand" and "Mio": word -> the power of ten, as in most countries.

    Two Latin letters say too little, and only the words of official languages count.
    """
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    countries = _languages()
    for locale in locales:
        weight = countries.get(locale.language, 0)
        sizes = [
            item
            for width in locale.compact_decimal_formats.values()
            for each in width.values()
            for item in each.items()
        ]
        for size, pattern in sizes if weight else ():
            written = str(pattern.pattern)
            word = phrase(plain(written.replace("0", " ").replace("'", "")))
            power = len(size) - written.count("0")
            says_enough = len(word) > 2 or (word and not word.isascii())
            if "0" in written and " " not in word and power <= LARGEST_MULTIPLE and says_enough:
                found[word][power] += weight
    return {word: max(powers, key=lambda power: powers[power]) for word, powers in found.items()}


def _currencies(locales: Iterable[Locale]) -> dict[str, list[str]]:
    """Each symbol and name with the codes that it stands for."""
    found: dict[str, set[str]] = defaultdict(set)
    homes = _home_languages()
    for locale in locales:
        for code, symbol in locale.currency_symbols.items():
            found[plain(symbol)].add(code)
        if locale.territory:
            continue
        for code in CURRENCIES:
            if locale.language in {"en", *homes.get(code, ())} or code in KNOWN_EVERYWHERE:
                # Babel has no public way to all plural names.
                texts = [locale.currencies.get(code, ""), *_texts(locale._data["currency_names_plural"].get(code, {}))]
                for name in texts:
                    found[key(plain(name))].add(code)
    return {
        word: [DOMINANT[word]] if word in DOMINANT else sorted(codes & CURRENCIES)
        for word, codes in found.items()
        if codes & CURRENCIES and word not in CURRENCIES and word.casefold() not in {"", "\u200b"}
    }


def _dollars(locales: Iterable[Locale]) -> list[str]:
    """The currencies that are written with $ in some language."""
    return sorted(
        {code for each in locales for code, symbol in each.currency_symbols.items() if "$" in symbol} & CURRENCIES
    )


def _countries() -> dict[str, str]:
    """
    The countries that have one currency: their codes, and their names in English and in the languages that are official
    there.
    """
    languages = get_global("territory_languages")
    found: dict[str, str] = {}
    for territory, uses in get_global("territory_currencies").items():
        codes = {code for code, _, end, is_tender in uses if end is None and is_tender} & CURRENCIES
        spoken = {language for language, use in languages.get(territory, {}).items() if use["official_status"]}
        if len(codes) == 1:
            names = [Locale.parse(each).territories.get(territory, "") for each in [*sorted(spoken & _known()), "en"]]
            found |= dict.fromkeys((territory, *map(phrase, map(plain, filter(None, names)))), codes.pop())
    return found


def _known() -> set[str]:
    return set(localedata.locale_identifiers())


def _home_languages() -> dict[str, set[str]]:
    """The official languages of the territories in which a currency is used today."""
    languages = get_global("territory_languages")
    found: dict[str, set[str]] = defaultdict(set)
    for territory, uses in get_global("territory_currencies").items():
        for code, _, end, is_tender in uses:
            if end is None and is_tender:
                spoken = languages.get(territory, {}).items()
                found[code] |= {language.split("_")[0] for language, use in spoken if use["official_status"]}
    return found


if __name__ == "__main__":
    main()
