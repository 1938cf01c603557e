"""
The grammar of one date as people write it: which of its numbers is the year, the month and the day, in every way it allows.

Only the layout is found here: the numbers are counted, not valued, so the layout of one text is that of all texts of its shape.
"""

import re
from dataclasses import dataclass, field

from matching.reading.cells.names import Placed, Unknown, month_among
from matching.reading.cells.times import HIDDEN, without_time, without_time_behind
from matching.reading.cells.words import key, plain

LONGEST = 96  # characters
MOST_WORDS = 12
ROC = 1911  # the year before the first of the Republic of China
# Eras of Japan, with the year before their first. CLDR calls them meiji to reiwa.
ERAS = {
    **dict.fromkeys(("令和", "R"), 2018),
    **dict.fromkeys(("平成", "H"), 1988),
    **dict.fromkeys(("昭和", "S"), 1925),
    **dict.fromkeys(("大正", "T"), 1911),
    **dict.fromkeys(("明治", "M"), 1867),
}
# Numbers without separators, by the number of their digits; and those that may have a fraction.
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
FRACTIONS = {length: SOLID[length] for length in (5, 10, 13)}

_REST = r" ?[年./-] ?[0-9]{1,2} ?[月./-] ?[0-9]{1,2} ?日?(?: ?\(\w{1,4}\))?"  # behind the year of an era
_ERA = re.compile(
    r"(令和|平成|昭和|大正|明治|[RHSTM](?=\.?[0-9元]))\.? ?(?:[0-9]{1,2}|(?P<first>元))" + _REST, re.IGNORECASE
)
_ROC = re.compile(r"(?:(?:中華民國|民國|民国|R\.?O\.?C\.?) ?[0-9]{1,3}|[0-9]{3})" + _REST, re.IGNORECASE)
_SOLID = re.compile(r"([0-9]+)(?P<fraction>[.,][0-9]+)?")
_WITH_CLOCK = re.compile(r"[0-9]{8}(?:[T _-][0-9]{4}(?:[0-9]{2})?(?:[.,][0-9]+)?Z?|[0-9]{4}|[0-9]{6})")
_XML_ZONE = re.compile("(?<=[0-9])Z$")
_YEAR_MARKED = re.compile(r"[0-9]{2,4} ?[年년]")
_ORDINAL = re.compile(
    r"(?<=[0-9])(?:st|nd|rd|th|er|re|ère|ème|eme|e|o|a|°|mh|\(e\)ko|\(a\)|\(e\)an)(?![^\W\d_])", re.IGNORECASE
)
_MARKS = re.compile("(?<=[0-9])([年月日号號년월일])(?! )")
_MONTH_NUMBER = frozenset(("thang", "thg"))  # Vietnamese for "month", before its number
_PIECES = re.compile(
    rf"(?P<number>[0-9]+)|(?P<hidden>{HIDDEN}+)|(?P<word>[^\s0-9.,/()\[\];:、{HIDDEN}-]+)|(?P<between>[\s.,/()\[\];:、-]+)"
)
# The day on which something was booked, and the day as of which it counts.
_AS_OF = re.compile(r"(?P<day>.*[0-9]) as of [^\W\d_]{0,9}[ .,]{0,2}[0-9].*", re.IGNORECASE)
_GLUED = re.compile(r"[0-9][A-Za-z]|[A-Za-z][0-9]")  # E2E-1 is a name
_BETWEEN = re.compile(r" ?[./-] ?| ")  # two numbers of a date without words


@dataclass(frozen=True, slots=True)
class Layout:
    """One way to read a date: the places of its parts among the groups of digits of the text, from 0."""

    form: str
    day: int  # of a date without separators: the group that holds everything
    month: int | None = None
    year: int | None = None
    word: str | None = None  # the name of the month, as it is looked up
    era: int = 0  # the year before the first of its era


def layouts(text: str) -> tuple[Layout, ...]:
    """All layouts in which a text can be a date; none if there is a word in it that belongs to no date."""
    text = plain(text).lstrip("'")  # with which spreadsheets begin a text
    if not 3 <= len(text) <= LONGEST or text[0] in "-+" or not any(c.isdigit() for c in text):
        return ()
    if as_of := _AS_OF.fullmatch(text):
        text = as_of["day"]
    if found := _solid(text):
        return found
    day, has_time = without_time(_XML_ZONE.sub("", text))
    bare = day.rstrip(f" {HIDDEN}")
    if has_time and bare.isdigit() and len(bare) == 8:
        return _solid(bare)
    found = _era(bare) or _read(day, has_time=has_time)
    if not found and not has_time:
        day = without_time_behind(text)
        found = _read(day, has_time=True) if day != text else ()
    return found


def _solid(text: str) -> tuple[Layout, ...]:
    """Digits without separators: a date, or a count of days or seconds."""
    if _WITH_CLOCK.fullmatch(text):
        return (Layout("ymd8", 0),)
    found = _SOLID.fullmatch(text)
    forms = (FRACTIONS if found["fraction"] else SOLID).get(len(found[1]), ()) if found else ()
    return tuple(Layout(form, 0) for form in forms)


def _era(text: str) -> tuple[Layout, ...]:
    """Dates with the year of an era. 元 is its first year."""
    if found := _ERA.fullmatch(text):
        before = ERAS[found[1].upper()]
        return (Layout("ymd_era", 1, 0, era=before + 1) if found["first"] else Layout("ymd_era", 2, 1, 0, era=before),)
    return (Layout("ymd_roc", 2, 1, 0, era=ROC),) if _ROC.fullmatch(text) else ()


@dataclass(slots=True)
class _Pieces:
    """The pieces of a date in their order."""

    places: list[int] = field(default_factory=list)  # of the groups of digits that are not of a time
    lengths: list[int] = field(default_factory=list)
    words: list[Placed] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)  # what stands between two of the groups, with "w" for a word


def _pieces(text: str) -> _Pieces:
    found = _Pieces()
    place, gap = 0, ""
    for piece in _PIECES.finditer(text):
        if piece["number"]:
            if found.places:
                found.gaps.append(gap)
            found.places.append(place)
            found.lengths.append(len(piece["number"]))
            place, gap = place + 1, ""
        elif piece["hidden"]:
            place, gap = place + 1, gap + " "
        elif piece["word"]:
            found.words.append((len(found.places), piece["word"]))
            gap += "w"
        else:
            gap += piece["between"]
    return found


def _read(text: str, *, has_time: bool) -> tuple[Layout, ...]:
    """Dates with separators or names."""
    pieces = _pieces(_MARKS.sub(r"\1 ", _ORDINAL.sub(" ", text)))
    if not 1 <= len(pieces.places) <= 3 or len(pieces.words) > MOST_WORDS:
        return ()
    if found := _with_month_number(pieces):
        return found
    try:
        month = month_among(pieces.words, len(pieces.places), has_time=has_time)
    except Unknown:
        return ()
    if month is not None:
        return _named(pieces, *month)
    if any("," in gap for gap in pieces.gaps) or _GLUED.search(text):
        return ()
    if not pieces.words and not all(_BETWEEN.fullmatch(gap) for gap in pieces.gaps):
        return ()
    return _numeric(pieces, is_marked=bool(_YEAR_MARKED.match(text)))


def _with_month_number(pieces: _Pieces) -> tuple[Layout, ...]:
    """Dates in which a word says that the number behind it is the month: 25 thg 1, 2024."""
    named = [place for place, written in pieces.words if key(written) in _MONTH_NUMBER]
    if len(pieces.places) != 3 or named != [1] or pieces.lengths[0] > 2 or pieces.lengths[2] != 4:
        return ()
    day, month, year = pieces.places
    return (Layout("dmy", day, month, year),)


def _numeric(pieces: _Pieces, *, is_marked: bool) -> tuple[Layout, ...]:
    """Layouts of dates of numbers only. `is_marked`: 年 says which of them is the year, and so the order."""
    if len(pieces.places) < 3:
        if len(pieces.places) == 1 or max(pieces.lengths) > 2:
            return ()
        first, second = pieces.places
        # No language writes the month first with points; 1.25 is a number.
        return (Layout("dm", first, second), *(() if "." in pieces.gaps[0] else (Layout("md", second, first),)))
    first, second, third = pieces.places
    long_first, long_second, long_third = pieces.lengths
    found: list[Layout] = []
    if max(long_second, long_third) <= 2 and long_first in (2, 4):
        short = "2" if long_first == 2 else ""
        found.append(Layout(f"ymd{short}", third, second, first))
        if not is_marked:
            found.append(Layout(f"ydm{short}", second, third, first))
    if max(long_first, long_second) <= 2 and long_third in (2, 4) and not is_marked:
        short = "2" if long_third == 2 else ""
        found += [Layout(f"dmy{short}", first, second, third), Layout(f"mdy{short}", second, first, third)]
    return tuple(found)


def _named(pieces: _Pieces, at: int, word: str) -> tuple[Layout, ...]:
    """Layouts of dates in which the month has a name, which stands behind `at` groups of digits."""
    places, lengths = pieces.places, pieces.lengths
    if len(places) == 1:
        return (Layout("dM" if at else "Md", places[0], word=word),) if lengths[0] <= 2 else ()
    first, second = places
    if lengths[0] == 4 and lengths[1] <= 2 and at:
        return (Layout("yMd" if at == 1 else "ydM", second, None, first, word),)
    if lengths[0] <= 2 and lengths[1] in (2, 4) and at < 2:
        form = ("dMy" if at else "Mdy") + ("2" if lengths[1] == 2 else "")
        return (Layout(form, first, None, second, word),)
    return ()
