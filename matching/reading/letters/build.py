"""
Makes letters.json from CLDR's names of places, languages, currencies, months and time zones. Needs Babel.

`python -m matching.reading.letters.build` writes the file; with `--check` it only says whether the file is up to date.
"""

import json
import re
import sys
from collections.abc import Iterator
from itertools import pairwise

from babel import Locale

from matching.reading.letters import DATA

ALPHABETS = (
    *("ar", "be", "bg", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "ga", "gl"),
    *("he", "hr", "hu", "id", "is", "it", "lt", "lv", "mk", "mt", "nb", "nl", "nn", "pl", "pt", "ro", "ru", "sk", "sl"),
    *("sq", "sr", "sr_Latn", "sv", "th", "tr", "uk", "ur"),
)
CHARACTERS = ("ja", "ko", "zh", "zh_Hant")
_WORD = re.compile(r"[^\W\d_]+")


def letters() -> str:
    """The content of letters.json."""
    pairs = {language: "".join(sorted(_pairs(language))) for language in ALPHABETS}
    characters = {language: "".join(sorted(_characters(language))) for language in CHARACTERS}
    return json.dumps({"pairs": pairs, "characters": characters}, ensure_ascii=False, indent=1) + "\n"


def _pairs(language: str) -> set[str]:
    found = set()
    for name in _names(language):
        # The small letter of a capital I with a dot is an i and a combining dot in Unicode, but no code page has the dot.
        for word in _WORD.findall(name.lower().replace("i\u0307", "i")):
            found |= {a + b for a, b in pairwise(word) if not (a + b).isascii()}
    # Romanian code pages only have the letters with a cedilla.
    return found | {pair.translate(str.maketrans("șț", "şţ")) for pair in found}


def _characters(language: str) -> set[str]:
    return {char for name in _names(language) for char in name if char.isalpha() and not char.isascii()}


def _names(language: str) -> Iterator[str]:
    locale = Locale.parse(language)
    for names in (locale.territories, locale.languages, locale.currencies):
        yield from (str(name) for name in names.values())
    for group in (locale.months, locale.days):
        yield from (str(name) for use in group.values() for name in use["wide"].values())
    yield from (str(zone["city"]) for zone in locale.time_zones.values() if "city" in zone)
    yield from (str(name) for zone in locale.meta_zones.values() for name in zone.get("long", {}).values())


def main() -> int:
    """Write the file, or check it. Returns the exit status."""
    made = letters()
    if "--check" not in sys.argv[1:]:
        DATA.write_text(made, "utf-8")
        return 0
    if DATA.exists() and DATA.read_text("utf-8") == made:
        return 0
    print(f"{DATA.name} is out of date; run python -m matching.reading.letters.build", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
