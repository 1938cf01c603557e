"""Takes the time of day off a date: hours, a.m. and p.m., and the zone. It is the day that was written that counts."""

import re

from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.words import key

HIDDEN = "\x00"  # stands for a digit of a time, so that the groups of digits behind it keep their places

# Hours and minutes with a colon, anywhere; then a zone as an offset, as the word that follows, or as a city.
_CLOCK = re.compile(
    r"(?:(?<=[0-9])(?:T|[+-])|(?<![0-9:.A-Za-z]))[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:[.,:][0-9]{1,9})?"
    r"(?P<zone> ?Z(?![^\W\d])| ?\(?(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?\)?(?![0-9-])| ?[A-Z]{2,5}(?![^\W\d]))?"
    r"(?: ?\[?[A-Z][A-Za-z]+/[A-Za-z_/+-]+\]?)?"
)
_EAST_ASIAN = re.compile(r"[0-9]{1,2} ?(?:時|时|點|点|시)(?: ?[0-9]{1,2} ?(?:分|분))?(?: ?[0-9]{1,2} ?(?:秒|초))?")
# Hours and minutes with a point or a hyphen, which only the end of a text that is no date as a whole shows to be a time.
_END = re.compile(
    r"(?<=[0-9])(?:[ ,T]+|-)(?:kl\.? |klo |um |at |à |alle |ore )?[0-9]{1,2}[.h][0-9]{2}(?P<seconds>[.m][0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?: ?uhr| ?[ap]\.?m\.?)?(?: ?(?:utc|gmt|z))?$",
    re.IGNORECASE,
)
_ZONE_NAME = re.compile(r" ?[(\[][^()\[\]0-9]*[)\]]$")  # (Central European Standard Time), at the end
_WORDS = (
    "at um uhr kl klo klock a à as alle ore ora o ob h godz tid time ure ur в о ч το น ساعت ساعة",
    "utc gmt z cet cest eet eest wet west bst msk est edt cst cdt mst mdt pst pdt ist jst kst hkt sgt aest aedt",
)
WORDS = frozenset(word for line in _WORDS for word in line.split())


def without_time(text: str) -> tuple[str, bool]:
    """The text with blanks in place of a time, and whether there was one."""
    found = _CLOCK.search(text) or _EAST_ASIAN.search(text)
    if found is None:
        return text, False
    end = found.end()
    zone = key((found.groupdict().get("zone") or "").strip())
    if zone in lexicon().months and not says_time(zone):
        end = found.start("zone")
    return text[: found.start()] + _hidden(found[0][: end - found.start()]) + _ZONE_NAME.sub("", text[end:]), True


def without_time_behind(text: str) -> str:
    """The text with blanks in place of a time with points at its end, unless that can be a second date."""
    found = _END.search(text)
    if found is None or (found["seconds"] and re.search(r"[.][0-9]{2}$", text[: found.start()])):
        return text
    return text[: found.start()] + _hidden(found[0])


def says_time(word: str) -> bool:
    """Whether a word is found beside times only. Longer ones that also name a month are taken for the month."""
    known = lexicon()
    return word in WORDS or (word in known.day_periods and (len(word) <= 2 or word not in known.months))


def _hidden(time: str) -> str:
    """A time with blanks, and with the mark for hidden digits in place of each digit."""
    return re.sub(f"[^{HIDDEN}]", " ", re.sub("[0-9]", HIDDEN, time))
