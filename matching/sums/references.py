"""
The references of one side, and the forms in which texts of the other side write them.

A bank drops separators, letters and zeros, or writes the number before the year. Which part of a reference is its number is
found from all references: it is the one with the most values. So any form of reference will do.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matching.sums.words import words

MOST_WORDS = 4  # that a reference falls apart into, such as "INV 2026 000123"
SHORTEST = 4  # characters of a reference, of which one is a digit; shorter ones occur in texts by chance
SHORTEST_NUMBER = 4  # digits of the number of a reference that stand for it alone
SHORTEST_OF_PARTY = (
    3  # digits of the number of a row of the party that a text names; two, if the text has no other number
)
SHORTEST_DATED = 5  # digits of a number with the year or whatever else the reference has
MOST_SHARED = 12  # rows of a reference that any number of texts may name
MOST_TOLD = 12  # texts that name a reference of more rows, or that contain one number; if there are more it means something else
MOST_ALIKE = 0.1  # different values of the other parts of a reference, such as years, per reference
_DIGITS = re.compile(r"\d+")

Texts = Sequence[str | None]


@dataclass(frozen=True)
class References:
    """The rows of each reference, written without separators, and the references that other forms stand for."""

    rows: dict[str, tuple[int, ...]]
    forms: dict[str, str]
    serials: dict[str, tuple[int, ...]]  # the rows of each number without zeros, however short

    @classmethod
    def of(cls, values: Texts) -> "References":
        """Learn the references of a column. A value without a digit is none."""
        rows: dict[str, list[int]] = defaultdict(list)
        runs: dict[str, list[str]] = {}
        for row, value in enumerate(values):
            parts = words(value)
            key = "".join(parts)
            if len(key) >= SHORTEST and any(c.isdigit() for c in key):
                rows[key].append(row)
                runs.setdefault(key, [run for part in parts for run in _DIGITS.findall(part)])
        serials: dict[str, list[int]] = defaultdict(list)
        forms = _forms(runs, lambda serial, key: serials[serial].extend(rows[key]))
        return cls(
            {key: tuple(found) for key, found in rows.items()},
            forms,
            {serial: tuple(found) for serial, found in serials.items()},
        )

    def read(self, texts: Texts) -> tuple[list[tuple[int, ...]], list[list[str]]]:
        """For each text the rows that it names, in their order, and its other words."""
        said, rest = [], []
        for text in texts:
            forms, others = self._said(words(text))
            said.append(forms)
            rest.append(others)
        told = Counter(form for forms in said for form in forms)
        unclear = {form for form, count in told.items() if count > MOST_TOLD and not self._is_clear(form)}
        named = [sorted({row for form in forms if form not in unclear for row in self._of(form)}) for forms in said]
        return [tuple(found) for found in named], rest

    def short(self, others: list[str]) -> tuple[str, ...]:
        """Numbers among the words that name nothing by themselves, but may be those of a party's rows."""
        found = [word.lstrip("0") for word in others if word.isdigit()]
        least = SHORTEST_OF_PARTY if len(found) > 1 else SHORTEST_OF_PARTY - 1
        return tuple(number for number in found if len(number) >= least and number in self.serials)

    def _is_clear(self, form: str) -> bool:
        return len(self.rows.get(form, range(MOST_SHARED + 1))) <= MOST_SHARED

    def _of(self, form: str) -> tuple[int, ...]:
        return self.rows.get(form) or self.rows[self.forms[form]]

    def _said(self, read: list[str]) -> tuple[list[str], list[str]]:
        found: list[str] = []
        rest: list[str] = []
        at = 0
        while at < len(read):
            for length in range(min(MOST_WORDS, len(read) - at), 0, -1):
                if (form := self._form("".join(read[at : at + length]))) is not None:
                    found.append(form)
                    at += length
                    break
            else:
                rest.append(read[at])
                at += 1
        return found, rest

    def _form(self, written: str) -> str | None:
        if written in self.rows or written in self.forms:
            return written
        plain = written.lstrip("0")
        return plain if written.isdigit() and plain in self.forms else None


def _forms(runs: dict[str, list[str]], tell: Callable[[str, str], None]) -> dict[str, str]:
    """
    Other forms of references, those that stand for one reference only. `runs` are the digits of each, and `tell` is told the
    number of each.
    """
    by_shape: dict[int, list[str]] = defaultdict(list)
    for key, found in runs.items():
        by_shape[len(found)].append(key)
    forms: dict[str, set[str]] = defaultdict(set)
    constants: set[str] = set()
    for shape, keys in by_shape.items():
        distinct = [len({runs[key][n] for key in keys}) for n in range(shape)]
        number = max(range(shape), key=lambda n: (distinct[n], n))
        if any(count > MOST_ALIKE * len(keys) + 1 for n, count in enumerate(distinct) if n != number):
            continue  # such as article numbers, of which no part stands for the whole
        for key in keys:
            serial, others = runs[key][number], [*runs[key][:number], *runs[key][number + 1 :]]
            constants.update(others)
            tell(serial.lstrip("0"), key)
            for form in _written(serial, others):
                forms[form].add(key)
    return {
        form: next(iter(keys))
        for form, keys in forms.items()
        if len(keys) == 1 and form not in runs and form not in constants
    }


def _written(serial: str, others: list[str]) -> set[str]:
    plain = serial.lstrip("0")
    found = {plain} if len(plain) >= SHORTEST_NUMBER else set()
    for other in others:
        for one in {other, other[-2:]} if len(other) == 4 else {other}:  # a year is often written with two digits
            found.update(a + b for number in (serial, plain) for a, b in ((one, number), (number, one)))
    return {form for form in found if form == plain or len(form) >= SHORTEST_DATED}
