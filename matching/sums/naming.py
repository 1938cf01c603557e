"""
What the texts of one side say about the rows of the other: the references and the party that they name.

A text is read by the values of the other side, not by patterns, so any form of reference and any language will do.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

MOST_WORDS = 4  # that a reference falls apart into, such as "INV 2026 000123"
SHORTEST_REFERENCE = 4  # characters, of which one is a digit; shorter ones occur in texts by chance
SHORTEST_NUMBER = 5  # digits of a reference that stand for it alone
MOST_SHARED = 12  # rows with one reference; one that more rows share names none of them
SHORTEST_CUT = 8  # letters that a name cut off in the middle of a word must still have
MOST_MEANT = 20  # parties that a cut name may be one of; one that more begin with names none
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")

Texts = Sequence[str | None]


@dataclass(frozen=True)
class Naming:
    """
    What each text names. Parties are numbers, the same on both sides; -1 is none.

    A name that was cut off may be one of several parties. Then it has a number of its own, and `several` says of which.
    """

    rows: list[tuple[int, ...]]  # for each text, the rows of the other side whose references it has
    party: NDArray[np.int64]  # for each text
    template: list[str]  # what is left of each text without references, party and numbers
    parties: NDArray[np.int64]  # for each row of the other side
    several: dict[int, tuple[int, ...]]

    def meant(self, party: int) -> tuple[int, ...]:
        """The parties that the party of a text may be."""
        return self.several.get(party, (party,) if party >= 0 else ())


def words(text: str | None) -> list[str]:
    """The words of a text, in capitals and without accents."""
    if not text:
        return []
    if text.isascii():
        return _WORD.findall(text.upper())
    plain = unicodedata.normalize("NFKD", text)
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)).upper())


def read(references: Texts, parties: Texts, texts: tuple[Texts, Texts]) -> Naming:
    """
    Read texts by the references and parties of the other side.

    Args:
        references, parties: values of the rows that are named; null if there is none.
        texts: for each row that names, the text with references and the text with the party. They may be the same.
    """
    by_reference, names = rows_by_reference(references), _Parties.of(parties)
    rows, party, template = [], np.full(len(texts[1]), -1, np.int64), []
    for n, (first, second) in enumerate(zip(*texts, strict=True)):
        found, rest = named_by(words(first), by_reference)
        rows.append(found)
        rest = rest if first == second else words(second)
        party[n], rest = names.read(rest)
        template.append(" ".join(word for word in rest if not any(c.isdigit() for c in word)))
    return Naming(rows, party, template, names.rows, {number: meant for meant, number in names.several.items()})


def rows_by_reference(values: Texts) -> dict[str, tuple[int, ...]]:
    """The rows of each reference, as it is written without separators."""
    found: dict[str, list[int]] = defaultdict(list)
    for row, value in enumerate(values):
        key = "".join(words(value))
        if len(key) >= SHORTEST_REFERENCE and any(c.isdigit() for c in key):
            found[key].append(row)
    # A bank may drop the letters of "INV-100234": its last number stands for it, if it is the number of one reference only.
    numbers: dict[str, set[str]] = defaultdict(set)
    for key in found:
        runs = _DIGITS.findall(key)
        if len(runs[-1]) >= SHORTEST_NUMBER and runs[-1] != key:
            numbers[runs[-1]].add(key)
    for number, keys in numbers.items():
        if len(keys) == 1 and number not in found:
            found[number] = found[next(iter(keys))]
    return {key: tuple(rows) for key, rows in found.items() if len(rows) <= MOST_SHARED}


def named_by(read: list[str], by_reference: dict[str, tuple[int, ...]]) -> tuple[tuple[int, ...], list[str]]:
    """The rows that words name, in the order of their numbers, and the other words."""
    rows: set[int] = set()
    rest, at = [], 0
    while at < len(read):
        for length in range(min(MOST_WORDS, len(read) - at), 0, -1):
            if (found := by_reference.get("".join(read[at : at + length]))) is not None:
                rows.update(found)
                at += length
                break
        else:
            rest.append(read[at])
            at += 1
    return tuple(sorted(rows)), rest


@dataclass(frozen=True)
class _Parties:
    numbers: dict[str, int]  # by name
    ordered: list[str]
    longest: int  # words of a name, at most
    rows: NDArray[np.int64]
    several: dict[tuple[int, ...], int] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Texts) -> "_Parties":
        names = [" ".join(words(value)) for value in values]
        ordered = sorted({name for name in names if len(name) > 1})
        numbers = {name: n for n, name in enumerate(ordered)}
        longest = max((name.count(" ") + 1 for name in ordered), default=0)
        return cls(numbers, ordered, longest, np.array([numbers.get(name, -1) for name in names], np.int64))

    def read(self, found: list[str]) -> tuple[int, list[str]]:
        """The party that words name first, or that they are cut off from or continue, and the other words."""
        for start in range(len(found)):
            for length in range(min(self.longest, len(found) - start), 0, -1):
                number = self.numbers.get(" ".join(found[start : start + length]))
                if number is not None:
                    return number, found[:start] + found[start + length :]
        text = " ".join(found)
        if len(text) >= SHORTEST_CUT:
            at = bisect_left(self.ordered, text)
            longer = [self.numbers[name] for name in self.ordered[at : at + MOST_MEANT] if name.startswith(text)]
            if len(longer) == 1:
                return longer[0], []
            if 1 < len(longer) < MOST_MEANT:
                return self.several.setdefault(tuple(longer), len(self.numbers) + len(self.several)), []
            for length in range(len(text), SHORTEST_CUT - 1, -1):
                if (number := self.numbers.get(text[:length])) is not None:
                    return number, []
        return -1, found
