"""
What the texts of one side say about the rows of the other: the references and the party that they name.

A text is read by the values of the other side, not by patterns, so any form of reference and any language will do.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matching.sums.references import References, Texts
from matching.sums.words import words

SHORTEST_CUT = 8  # letters that a name cut off in the middle of a word must still have
MOST_MEANT = 20  # parties that a cut name may be one of; one that more begin with names none


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


def read(references: Texts, parties: Texts, texts: tuple[Texts, Texts]) -> Naming:
    """
    Read texts by the references and parties of the other side.

    Args:
        references, parties: values of the rows that are named; null if there is none.
        texts: for each row that names, the text with references and the text with the party. They may be the same.
    """
    names = _Parties.of(parties)
    rows, others = References.of(references).read(texts[0])
    party, template = np.full(len(texts[1]), -1, np.int64), []
    for n, (first, second) in enumerate(zip(*texts, strict=True)):
        party[n], rest = names.read(others[n] if first == second else words(second))
        template.append(" ".join(word for word in rest if not any(c.isdigit() for c in word)))
    return Naming(rows, party, template, names.rows, {number: meant for meant, number in names.several.items()})


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
