"""What people call columns and write into cells, in many languages. The words themselves are in words.toml."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_FOLDED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+|[+\u2212\u2013%-]")
# Scripts that are written without spaces between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
MAX_ABBREVIATION = 3  # letters; shorter words mean too many other things in the name of a column
MIN_SPACED = 4
_MAX_TEXT = 200  # characters of a cell that are looked at


class Side(NamedTuple):
    """Whether a word says that money goes out or comes in, and in which of the lists of words it was found."""

    is_out: bool
    group: int


@lru_cache(maxsize=50_000)
def folded(text: str) -> str:
    """A text without case, accents and compatibility forms, as words are compared."""
    if text.isascii():
        return text[:_MAX_TEXT].lower().strip()
    text = unicodedata.normalize("NFKD", text[:_MAX_TEXT])
    kept = "".join(c for c in text if unicodedata.category(c) != "Mn")
    return unicodedata.normalize("NFC", kept.casefold().translate(_FOLDED)).strip()


@lru_cache(maxsize=50_000)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a name or a cell, folded. "valueDate" has two."""
    return tuple(_WORD.findall(folded(_CAMEL.sub(" ", text[:_MAX_TEXT]).replace("'", " ").replace("\u2019", " "))))


class _List:
    """One list of entries from words.toml."""

    def __init__(self, entries: Iterable[str]) -> None:
        self.phrases: set[tuple[str, ...]] = set()
        self.unspaced: set[str] = set()
        open_ended = []
        for entry in entries:
            if entry.endswith(" **"):
                open_ended.append(re.escape(" ".join(words_of(entry))) + r"(?: \S+)*")
            elif "*" in entry:
                open_ended.append(r"\S*".join(re.escape(" ".join(words_of(part))) for part in entry.split("*")))
            elif _UNSPACED.search(entry):
                self.unspaced.add("".join(words_of(entry)))
            else:
                self.phrases.add(words_of(entry))
        self.longest = max((len(phrase) for phrase in self.phrases), default=0)
        self.open_ended = re.compile(rf"(?<!\S)(?:{'|'.join(open_ended)})(?!\S)") if open_ended else None

    def spans(self, words: tuple[str, ...]) -> list[tuple[int, int]]:
        """Where entries are found among words, as first word and the word after the last."""
        found = [
            (first, end)
            for first in range(len(words))
            for end in range(first + 1, min(len(words), first + self.longest) + 1)
            if words[first:end] in self.phrases
        ]
        if self.open_ended is not None:
            joined = " ".join(words)
            for match in self.open_ended.finditer(joined):
                if match.group():
                    before = joined[: match.start()].count(" ")
                    found.append((before, before + match.group().count(" ") + 1))
        return found

    def ends(self, words: tuple[str, ...]) -> list[int]:
        """The word after the last of each entry that the words begin with."""
        found = [end for end in range(1, min(len(words), self.longest) + 1) if words[:end] in self.phrases]
        match = self.open_ended.match(" ".join(words)) if self.open_ended is not None else None
        if match is not None and match.group():
            found.append(match.group().count(" ") + 1)
        return found

    def share(self, text: str) -> float:
        """The share of a text without spaces that the longest entry in it covers."""
        if not self.unspaced or not _UNSPACED.search(text):
            return 0.0
        joined = "".join(words_of(text))
        longest = max((len(entry) for entry in self.unspaced if entry in joined), default=0)
        return longest / max(1, len(joined))


@lru_cache(maxsize=1)
def _data() -> tuple[dict[str, _List], dict[str, _List], dict[str, list[Side]]]:
    raw = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
    sides: dict[str, list[Side]] = {}
    for group, pair in enumerate(raw["sides"]):
        for is_out in (True, False):
            for word in pair["out" if is_out else "in"]:
                sides.setdefault(" ".join(words_of(word)), []).append(Side(is_out, group))
    # A column for one side is often called what a sign column says: "Outgoing" beside "Incoming".
    for role in ("out", "in"):
        raw["names"][role] += [word for pair in raw["sides"] for word in pair[role] if len(word) > MAX_ABBREVIATION]
    names = {role: _List(entries) for role, entries in raw["names"].items()}
    return names, {kind: _List(entries) for kind, entries in raw["cells"].items()}, sides


@lru_cache(maxsize=20_000)
def roles_of(name: str, ignored: frozenset[str] = frozenset()) -> dict[str, float]:
    """
    What a column's name suggests: roles, each with the share of the name that says so, from 0 to 1.

    A word that belongs to a longer entry says nothing by itself: a "payment reference" is a reference and no payment.
    `ignored` are words that do not count, such as the code of a currency.
    """
    if (of_last := _roles_of_last(name, ignored)) is not None:
        return of_last
    # What stands in brackets only explains the name.
    outer = _BRACKETS.sub(" ", name)
    if outer.strip() and outer != name and (explained := roles_of(outer, ignored)):
        return explained
    words = tuple(word for word in words_of(name) if word not in ignored)
    # A number tells columns of the same name apart.
    words = tuple(word for word in words if not word.isdigit()) or words
    if not words:
        return {}
    names, _, _ = _data()
    spans = [(role, span) for role, entries in names.items() for span in entries.spans(words)]
    longest = [
        (role, (first, end))
        for role, (first, end) in spans
        if not any(a <= first and end <= b and b - a > end - first for _, (a, b) in spans)
    ]
    found: dict[str, float] = {}
    for role, (first, end) in longest:
        found[role] = min(1.0, found.get(role, 0.0) + (end - first) / len(words))
    shares = {role: entries.share(name) for role, entries in names.items()}
    best = max(shares.values(), default=0.0)
    for role, share in shares.items():
        if share > 0 and share >= 0.99 * best:
            found[role] = max(found.get(role, 0.0), share)
    return found


def _roles_of_last(name: str, ignored: frozenset[str]) -> dict[str, float] | None:
    """
    The roles of the last part of a name such as details.totals.grand_total, if the parts before it only say where it is:
    fee.amount is a fee.
    """
    before, point, last = name.rpartition(".")
    if not point or " " in name or not last:
        return None
    found = roles_of(last, ignored)
    others = {role for part in before.split(".") if part for role in roles_of(part, ignored)}
    return found if found and others <= {"text", "account", *found} else None


def names_minor_unit(name: str) -> bool:
    """Whether a column's name, or what stands in brackets behind it, is the smallest unit of a currency."""
    return bool(_data()[0]["minor"].spans(words_of(name)))


def is_deducted(name: str) -> bool:
    """Whether a column's name says that what it holds has been taken off already."""
    return bool(_data()[1]["deducted"].spans(words_of(name)))


def is_sales_tax(name: str) -> bool:
    """Whether a column's name is that of a tax on what is sold, and not of one that is taken off a payment."""
    return bool(_data()[1]["sales_tax"].spans(words_of(name)))


@lru_cache(maxsize=50_000)
def says(kind: str, text: str, *, whole: bool = False, least: int = 1) -> bool:
    """
    Whether a cell's text begins with an entry of a list of words, such as `total`. `whole`: and says nothing else, apart
    from numbers. `least`: the entry has at least so many words.
    """
    entries = _data()[1][kind]
    words = tuple(word for word in words_of(text) if not word.isdigit())
    if len(words) >= MIN_SPACED and all(len(word) == 1 for word in words):
        words = ("".join(words),)  # a word that is spaced out
    if not words:
        return False
    ends = [end for end in entries.ends(words) if end >= least]
    if ends and (not whole or max(ends) == len(words)):
        return True
    if not _UNSPACED.search(text):
        return False
    joined = "".join(words)
    # The noun that says what a row is comes last in Chinese, Japanese and Korean, as in "month total".
    ends_with = kind == "total" and not whole
    starts = [
        len(entry) for entry in entries.unspaced if joined.startswith(entry) or (ends_with and joined.endswith(entry))
    ]
    return bool(starts) and (not whole or max(starts) == len(joined))


def sides_of(text: str) -> list[Side]:
    """The sides that a value of a column may stand for, such as "DR" or "Haben". Empty if it is unknown."""
    return _data()[2].get(" ".join(words_of(text)), [])


def outs_of(values: list[str]) -> dict[str, bool] | None:
    """
    Which of the values of a column mean money out, if the words of one list tell all of them apart, else None.

    One list decides, because short forms mean different things in different languages: "D" is out beside "C" and in
    beside "P".
    """
    known = [sides_of(value) for value in values]
    if not values or not all(known):
        return None
    for group in sorted({side.group for sides in known for side in sides}):
        outs = [{side.is_out for side in sides if side.group == group} for sides in known]
        if all(len(out) == 1 for out in outs):
            found = {value: next(iter(out)) for value, out in zip(values, outs, strict=True)}
            if len(values) == 1 or len(set(found.values())) == 2:
                return found
    firsts = [{side.is_out for side in sides} for sides in known]
    if all(len(out) == 1 for out in firsts) and (len(values) == 1 or len(set().union(*firsts)) == 2):
        return {value: next(iter(out)) for value, out in zip(values, firsts, strict=True)}
    return None


def outs_by_initials(name: str, values: list[str]) -> dict[str, bool] | None:
    """Which values mean money out, if each begins exactly one of the words of sides in a name, as O and I do in "In/Out"."""
    known = {word: {side.is_out for side in sides_of(word)} for word in words_of(name)}
    found = {}
    for value in values:
        outs = [out for word, out in known.items() if word.startswith(folded(value))]
        if not value or len(outs) != 1 or len(outs[0]) != 1:
            return None
        found[value] = next(iter(outs[0]))
    return found if len(set(found.values())) == 2 else None
