"""
Delimiters that few programs write: several characters together, such as ~|~ and ||, and single ones such as ~ and §.

They are found by what they do: they divide nearly all lines into the same number of cells.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from matching.reading.lines import Line

ONE = "\x1f"  # the separator of units, in place of a delimiter of several characters while lines are divided
LOOKED_LINES, LOOKED_CHARS = 200, 200_000
MIN_LINES, MIN_CELLS = 2, 3
SAME_SHARE = 0.8  # of the lines that are divided at all, which must have the same number of cells
DIVIDED_SHARE = 0.5  # of the lines that must be divided
MAX_LENGTH = 4
# Neither letters, digits and spaces nor what stands in amounts, dates, addresses, numbers of cards and texts in quotes.
_MARKS = r"[^\w\s\"'.,+()\-/\\<>*%&@=?$€£\u2010-\u2015]"
_RUNS = re.compile(f"{_MARKS}+")
_CONTROLS = frozenset("\x01\x02\x1c\x1d\x1e\x1f")
_LINE_ENDS = re.compile("\r\n?|\n")  # str.splitlines divides at the separators of units too
_ALSO_INSIDE = frozenset(":")  # alone it stands in times


def rare_delimiter(text: str, usual: Iterable[str]) -> str | None:
    """
    The delimiter of several characters, or the unusual one, by which the first lines of a text are divided. None if they
    are not, which is most often so: `usual` are those that are tried anyway.
    """
    lines = [line for line in islice(re.split(_LINE_ENDS, text[:LOOKED_CHARS]), LOOKED_LINES) if line.strip()]
    known = frozenset(usual)
    found = [
        (_cells(lines, delimiter), len(delimiter), delimiter)
        for delimiter in _candidates(lines)
        if delimiter not in known and _divides(lines, delimiter, known)
    ]
    return max(found)[2] if found else None


def as_one(lines: Iterator[Line], delimiter: str) -> tuple[Iterator[Line], str]:
    """The lines with one character as their delimiter, and this character."""
    if len(delimiter) <= 1:
        return lines, delimiter
    return (Line(line.text.replace(delimiter, ONE), line.fault) for line in lines), ONE


def _candidates(lines: list[str]) -> set[str]:
    """Marks that stand together in many lines. Where a cell is empty, two delimiters stand together."""
    runs: Counter[str] = Counter()
    for line in lines:
        runs.update({run for run in _RUNS.findall(line) if len(run) <= MAX_LENGTH} | (_CONTROLS & set(line)))
    return {run for run, count in runs.items() if count >= DIVIDED_SHARE * len(lines) and run not in _ALSO_INSIDE}


def _divides(lines: list[str], delimiter: str, usual: frozenset[str]) -> bool:
    """Whether a delimiter divides nearly all lines into as many cells, and leaves none of the usual ones in itself."""
    counts = [line.count(delimiter) + 1 for line in lines]
    divided = [count for count in counts if count > 1]
    if len(divided) < max(MIN_LINES, DIVIDED_SHARE * len(lines)):
        return False
    cells, same = Counter(divided).most_common(1)[0]
    if cells < MIN_CELLS or same < SAME_SHARE * len(divided):
        return False
    inside = usual & set(delimiter)
    left = sum(any(mark in line.replace(delimiter, "") for mark in inside) for line in lines)
    return left <= max(1, (1 - SAME_SHARE) * len(lines))


def _cells(lines: list[str], delimiter: str) -> int:
    return Counter(line.count(delimiter) + 1 for line in lines).most_common(1)[0][0]
