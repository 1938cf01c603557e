"""
The grammar of one date as people write it: which of its numbers is the year, the month and the day, in every way it allows.

Only the layout is found here: the numbers are counted, not valued, so the layout of one text is that of all texts of its shape.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache

from matching.reading.cells.lexicon import MIN_BEGINNING, Lexicon, lexicon
from matching.reading.cells.words import key, plain

LONGEST = 96  # characters
ROC = 1911  # years of the Republic of China begin after this one
BUDDHIST = -543
# Eras of Japan, with the year before their first (CLDR calls them meiji to reiwa).
ERAS = {
    **dict.fromkeys(("令和", "R"), 2018),
    **dict.fromkeys(("平成", "H"), 1988),
    **dict.fromkeys(("昭和", "S"), 1925),
    **dict.fromkeys(("大正", "T"), 1911),
    **dict.fromkeys(("明治", "M"), 1867),
}
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


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to read a date: the places of its parts among the groups of digits of the text, from 0."""

    form: str
    day: int  # of a solid form: the group that holds everything
    month: int | None = None
    year: int | None = None
    word: str | None = None  # the name of the month, as words.key gives it
    era: int = 0  # the year before the first of its era


_ERA = re.compile(
    r"(?P<era>令和|平成|昭和|大正|明治|[RHSTM](?=\.?[0-9元]))\.? ?(?:[0-9]{1,2}|(?P<first>元)) ?[年./-] ?[0-9]{1,2} ?[月./-] ?[0-9]{1,2} ?日?",
    re.IGNORECASE,
)
_ROC = re.compile(
    r"(?:(?P<name>中華民國|民國|民国|ROC) ?(?=[0-9]{1,3}\b|[0-9]{1,3}年)|(?=[0-9]{3}[年./-]))[0-9]{1,3} ?[年./-] ?[0-9]{1,2} ?[月./-] ?[0-9]{1,2} ?日?"
)
_SOLID = re.compile(r"(?P<digits>[0-9]+)(?P<fraction>\.[0-9]+)?")
_CHINESE = re.compile(r"[0-9]{2,4} ?[年년]\.? ?[0-9]{1,2} ?[月월]\.? ?[0-9]{1,2} ?[日일号號]?")
_ISO_BASIC = re.compile(r"[0-9]{8}(?:[T ][0-9]{4}(?:[0-9]{2})?(?:[.,][0-9]+)?Z?|[0-9]{4}|[0-9]{6})")
# A time, with its fraction, and its zone as a number or behind a name. The word that follows is looked at separately.
_TIME = re.compile(
    r"(?:(?<=[0-9])T|(?<![0-9:.]))[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,:][0-9]{1,9})?(?: ?[Hh](?![^\W\d]))?"
    r"(?P<zone> ?Z(?![^\W\d])| ?\(?(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?\)?(?![0-9-])| ?\(?[A-Z]{2,5}\)?(?![^\W\d]))?"
    r"(?P<region>\[[A-Za-z_/+-]+\])?"
)
_POINT_TIME = re.compile(
    r"(?<=[0-9])(?:[ ,T]+|-)(?:kl\.? |klo |um |at |à |alle |ore )?[0-9]{1,2}[.h][0-9]{2}(?:[.m][0-9]{2})?(?:\.[0-9]+)?(?: ?uhr| ?[ap]\.?m\.?)?$",
    re.IGNORECASE,
)
_TIME_WORDS = frozenset(
    (
        "at",
        "um",
        "uhr",
        "kl",
        "klo",
        "a",
        "as",
        "alle",
        "ore",
        "ora",
        "в",
        "о",
        "ob",
        "h",
        "godz",
        "το",
        "klock",
        "tid",
        "time",
        "ure",
        "ur",
        "o",
    )
)
_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th|er|re|ère|ème|eme|e|o|a|°)(?![^\W\d_])", re.IGNORECASE)
_PIECES = re.compile(r"(?P<number>[0-9]+)|(?P<word>[^\s0-9.,/()\[\];:،、-]+)|(?P<between>[\s.,/()\[\];:،、-]+)")
_BETWEEN_NUMBERS = re.compile(r" ?[./-] ?| ")
_BETWEEN = re.compile(r"[ .,/()\[\]،、-]{0,4}")


def layouts(text: str) -> tuple[Layout, ...]:
    """All layouts in which a text can be a date; none if there is a word in it that belongs to no date."""
    text = plain(text)
    if not 3 <= len(text) <= LONGEST or not any(c.isdigit() for c in text) or text[0] in "-+":
        return ()
    return _solid(text) or _era(text) or _written(text)


def _solid(text: str) -> tuple[Layout, ...]:
    """Digits without separators: a date, or a count of days or seconds."""
    if _ISO_BASIC.fullmatch(text):
        return (Layout("ymd8", 0),) if len(text) > 8 else tuple(Layout(form, 0) for form in ("ymd8", "dmy8", "mdy8"))
    found = _SOLID.fullmatch(text)
    if found is None:
        return ()
    forms = FRACTIONS if found["fraction"] else SOLID
    return tuple(Layout(form, 0) for form in forms.get(len(found["digits"]), ()))


FRACTIONS = {5: ("serial", "serial1904"), 10: ("epoch_s",), 13: ("epoch_ms",)}
SOLID = {
    3: ("dm4", "md4"),
    4: ("dm4", "md4"),
    5: ("serial", "serial1904"),
    6: ("ymd6", "dmy6", "mdy6"),
    7: ("ymd7_roc",),
    8: ("ymd8", "dmy8", "mdy8"),
    10: ("epoch_s",),
    13: ("epoch_ms",),
    16: ("epoch_us",),
    19: ("epoch_ns",),
}


def _era(text: str) -> tuple[Layout, ...]:
    """Dates with the year of an era, and a weekday in brackets or a time behind them."""
    head = re.split(r" ?[(（]|(?<=[0-9日]) ", text, maxsplit=1)[0] if len(text) > 10 else text
    if found := _ERA.fullmatch(text) or _ERA.fullmatch(head):
        before = ERAS[found["era"].upper()]
        if found["first"]:
            return (Layout("ymd_era", 1, 0, era=before + 1),)
        return (Layout("ymd_era", 2, 1, 0, era=before),)
    if _ROC.fullmatch(text) or _ROC.fullmatch(head):
        return (Layout("ymd_roc", 2, 1, 0, era=ROC),)
    return ()


def _written(text: str) -> tuple[Layout, ...]:
    """Dates with separators or names."""
    day, has_time = _without_time(text)
    found = _read(day, has_time)
    if not found and not has_time:
        shorter = _POINT_TIME.sub(lambda match: " " * len(match[0]), text)
        found = _read(shorter, has_time=True) if shorter != text else ()
    return found


def _without_time(text: str) -> tuple[str, bool]:
    """The text with blanks in place of the time, so that the groups of digits keep their places."""
    found = _TIME.search(text)
    if found is None:
        return text, False
    end = found.end()
    word = key((found["zone"] or "").strip(" ()"))
    if word in lexicon().months and word not in lexicon().day_periods:
        end = found.start("zone")
    blank = re.sub("[0-9]", "\x00", text[found.start() : end])
    return text[: found.start()] + re.sub("[^\x00]", " ", blank) + text[end:], True


@dataclass(slots=True)
class _Parts:
    """The parts of a date in their order: groups of digits as (place, length), words as they are looked up."""

    numbers: list[tuple[int, int]]
    word_at: int | None = None  # how many groups of digits stand before the name of the month
    word: str | None = None


def _read(text: str, has_time: bool) -> tuple[Layout, ...]:
    is_chinese = bool(_CHINESE.match(text))
    text = _ORDINAL.sub(lambda match: " " * len(match[0]), text)
    numbers: list[tuple[int, int]] = []
    words: list[tuple[int, str]] = []
    place, last, gap = 0, None, ""
    gaps: list[str] = []
    for piece in re.finditer("\x00+|[^\x00]+", text):
        if piece[0][0] == "\x00":
            place += 1
            gap += " "
            continue
        for found in _PIECES.finditer(piece[0]):
            if found["number"]:
                if last is not None:
                    gaps.append(gap)
                numbers.append((place, len(found["number"])))
                place, last, gap = place + 1, place, ""
            elif found["word"]:
                words.append((len(numbers), found["word"]))
                gap += "w"
            else:
                gap += found["between"]
    if not 1 <= len(numbers) <= 3 or len(words) > 8:
        return ()
    months = _month_among(words, len(numbers), has_time)
    if months is None:
        return ()
    if months == ():
        if any("," in gap for gap in gaps) or (not words and not all(_BETWEEN_NUMBERS.fullmatch(gap) for gap in gaps)):
            return ()
        return _numeric(numbers, is_chinese)
    return _named(numbers, *months)


def _month_among(words: list[tuple[int, str]], numbers: int, has_time: bool) -> tuple[()] | tuple[int, str] | None:
    """
    The name of the month among the words: its place among the numbers and the word; () if the month is a number.

    None if one of the words belongs to no date, or two of them are months.
    """
    known = lexicon()
    named: list[tuple[int, str]] = []
    either: list[tuple[int, str]] = []
    for place, written in words:
        for word in _known_parts(written, known):
            if has_time and (word in known.day_periods or word in _TIME_WORDS):
                continue
            others = word in known.glue or word in known.weekdays
            if word in known.months or (not others and (word in ROMAN or known.months_called(word))):
                (either if others else named).append((place, word))
            elif not others and not _begins_weekday(word):
                return None
    if named:
        return named[0] if len(named) == 1 and numbers < 3 else None
    if numbers < 3 and either:
        return either[-1] if len(either) == 1 else None
    return ()


def _known_parts(written: str, known: Lexicon) -> list[str]:
    """A word, or its parts if only they are known: "d'octubre", and Hebrew words with the letter for "in" before them."""
    word = key(written)
    if word in known.months or word in known.weekdays or word in known.glue:
        return [word]
    if "'" in written:
        return [key(part) for part in written.split("'") if part]
    if word[:1] == "ב" and word[1:] in known.months:
        return [word[1:]]
    return [word] if word else []


@cache
def _weekdays() -> list[str]:
    return sorted(lexicon().weekdays)


def _begins_weekday(word: str) -> bool:
    """Whether the names of a weekday begin with a word, such as "thurs"."""
    place = bisect_left(_weekdays(), word)
    return len(word) >= MIN_BEGINNING and place < len(_weekdays()) and _weekdays()[place].startswith(word)


def _numeric(numbers: list[tuple[int, int]], is_chinese: bool) -> tuple[Layout, ...]:
    """Layouts of dates of numbers only. `is_chinese`: 年, 月 and 日 say what they are."""
    places, lengths = [place for place, _ in numbers], [length for _, length in numbers]
    if len(numbers) < 3:
        if len(numbers) == 1 or max(lengths) > 2:
            return ()
        return Layout("dm", places[0], places[1]), Layout("md", places[1], places[0])
    first, second, third = places
    found: list[Layout] = []
    if max(lengths[1:]) <= 2 and lengths[0] in (2, 4):
        short = "2" if lengths[0] == 2 else ""
        found.append(Layout(f"ymd{short}", third, second, first))
        if not is_chinese:
            found.append(Layout(f"ydm{short}", second, third, first))
    if max(lengths[:2]) <= 2 and lengths[2] in (2, 4) and not is_chinese:
        short = "2" if lengths[2] == 2 else ""
        found += [Layout(f"dmy{short}", first, second, third), Layout(f"mdy{short}", second, first, third)]
    return tuple(found)


def _named(numbers: list[tuple[int, int]], at: int, word: str) -> tuple[Layout, ...]:
    """Layouts of dates in which the month has a name, which stands behind `at` numbers."""
    places, lengths = [place for place, _ in numbers], [length for _, length in numbers]
    if len(numbers) == 1 and lengths[0] <= 2:
        return (Layout("dM" if at else "Md", places[0], word=word),)
    if len(numbers) != 2 or sorted(lengths)[0] > 2 or lengths.count(3):
        return ()
    first, second = places
    if lengths[0] == 4:
        return {1: (Layout("yMd", second, None, first, word),), 2: (Layout("ydM", second, None, first, word),)}.get(
            at, ()
        )
    short = "2" if lengths[1] == 2 else ""
    if lengths[1] not in (2, 4):
        return ()
    return {
        0: (Layout(f"Mdy{short}", first, None, second, word),),
        1: (Layout(f"dMy{short}", first, None, second, word),),
    }.get(at, ())
