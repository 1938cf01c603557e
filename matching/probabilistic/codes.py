"""
Codes that are alike: model numbers that two shops write with other ends, other spaces, or without the mark of a colour.

A code is a word with a digit, joined with the short words around it. Of each row the rarest count; a size or a capacity,
which many rows have, says nothing.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.probabilistic.texts import Side

LONGEST = 16  # characters that are compared
SHORT = 3  # letters of a word that may belong to a code beside it
COMMON_WORD = 0.1  # share of texts with a word, from which on it belongs to no code
COMMON_CODE = 0.01  # the same of a code, from which on it names no model
LEAST = 3  # characters of a code
OF_ROW = 3  # codes of a row that count
_AT_ONCE = 262_144  # pairs of codes

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True)
class Codes:
    """The codes of one side's rows."""

    characters: NDArray[np.uint8]  # shape (rows, OF_ROW, LONGEST), 0 after the end
    length: NDArray[np.int64]  # shape (rows, OF_ROW), 0 if there is none


def read(left: Side, right: Side) -> tuple[Codes, Codes]:
    """The rarest codes of each row."""
    words = [[text.split(" ") if text else [] for text in side.texts] for side in (left, right)]
    rows = sum(map(len, words))
    common = {
        w for w, n in Counter(w for side in words for row in side for w in set(row)).items() if n > COMMON_WORD * rows
    }
    found = [[_codes_of(row, common) for row in side] for side in words]
    counts = Counter(code for side in found for row in side for code in row)
    most = max(2.0, COMMON_CODE * rows)
    one, other = (_encoded([_rarest(row, counts, most) for row in side]) for side in found)
    return one, other


def _codes_of(words: list[str], common: set[str]) -> set[str]:
    def is_short(word: str) -> bool:
        return len(word) <= SHORT and word.isalpha() and word not in common

    found = set()
    n = 0
    while n < len(words):
        if not any(c.isdigit() for c in words[n]):
            n += 1
            continue
        code = words[n]
        if code[0].isdigit() and n and is_short(words[n - 1]):
            code = words[n - 1] + code
        n += 1
        while n < len(words) and is_short(words[n]):
            # A short word before another code belongs to that one.
            if n + 1 < len(words) and words[n + 1][:1].isdigit():
                break
            code += words[n]
            n += 1
        if len(code) >= LEAST:
            found.add(code[:LONGEST])
    return found


def _rarest(codes: set[str], counts: Counter[str], most: float) -> list[str]:
    return sorted((code for code in codes if counts[code] <= most), key=lambda code: (counts[code], -len(code), code))[
        :OF_ROW
    ]


def _encoded(rows: list[list[str]]) -> Codes:
    characters = np.zeros((len(rows), OF_ROW, LONGEST), np.uint8)
    length = np.zeros((len(rows), OF_ROW), np.int64)
    for number, codes in enumerate(rows):
        for place, code in enumerate(codes):
            plain = np.frombuffer(code.encode("latin-1", "replace"), np.uint8)
            characters[number, place, : len(plain)] = plain
            length[number, place] = len(plain)
    return Codes(characters, length)


@dataclass(frozen=True)
class Alike:
    """How much of the longer of two codes both begin with, for the two codes of a pair that are most alike."""

    left: Codes
    right: Codes

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        found = np.full(len(pairs[0]), np.nan)
        known = np.flatnonzero((self.left.length[pairs[0], 0] > 0) & (self.right.length[pairs[1], 0] > 0))
        for start in range(0, len(known), _AT_ONCE):
            part = known[start : start + _AT_ONCE]
            rows = pairs[0][part], pairs[1][part]
            best = np.zeros(len(part))
            for m in range(OF_ROW):
                for n in range(OF_ROW):
                    longer = np.maximum(self.left.length[rows[0], m], self.right.length[rows[1], n])
                    both = (self.left.length[rows[0], m] > 0) & (self.right.length[rows[1], n] > 0)
                    some = np.flatnonzero(both)
                    if not len(some):
                        continue
                    a, b = self.left.characters[rows[0][some], m], self.right.characters[rows[1][some], n]
                    same = np.logical_and.accumulate((a == b) & (a > 0), axis=1).sum(axis=1)
                    best[some] = np.maximum(best[some], same / longer[some])
            found[part] = np.round(best, 5)
        return found
