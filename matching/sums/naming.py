"""
What the texts of one side say about the rows of the other: the references and the party that they name.

A text is read by the values of the other side, not by patterns, so any form of reference and any language will do.
"""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from math import fsum, log2

import numpy as np
from numpy.typing import NDArray

from matching.sums.references import References, Texts
from matching.sums.words import words

SHORTEST_CUT = 8  # letters that a name cut off in the middle of a word must still have
MOST_HAVING = 200  # parties with one word; one that more have tells nobody
ALIKE = 0.7  # share of a name's words, by weight, that a text must have
APART = 0.15  # less than that between two parties, and either may be meant
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
    return Names.of(references, parties).read(texts)


@dataclass(frozen=True)
class Names:
    """What rows of one side are called: their references and their parties."""

    references: References
    parties: "_Parties"

    @classmethod
    def of(cls, references: Texts, parties: Texts) -> "Names":
        """Learn them from the values of the rows; null if there is none."""
        return cls(References.of(references), _Parties.of(parties))

    def read(self, texts: tuple[Texts, Texts]) -> Naming:
        """Read the texts of the other side: those with references, and those with parties. They may be the same."""
        known, names = self.references, self.parties
        rows, others = known.read(texts[0])
        party, template = np.full(len(texts[1]), -1, np.int64), []
        for n, (first, second) in enumerate(zip(*texts, strict=True)):
            party[n], rest = names.read(others[n] if first == second else words(second))
            template.append(" ".join(word for word in rest if word.isalpha() or not any(c.isdigit() for c in word)))
            if not rows[n] and party[n] >= 0 and (short := known.short(others[n])):
                meant = names.meant(int(party[n]))
                own = [[row for row in known.serials[number] if names.rows[row] in meant] for number in short]
                rows[n] = tuple(sorted({row for found in own if len(found) == 1 for row in found}))
        return Naming(rows, party, template, names.rows, names.by_number)


@dataclass(frozen=True)
class _Parties:
    numbers: dict[str, int]  # by name
    ordered: list[str]
    longest: int  # words of a name, at most
    rows: NDArray[np.int64]
    having: dict[str, list[int]]  # the parties that have a word
    own: list[frozenset[str]]  # the words of each party
    weights: dict[str, float]  # of each word, in bits
    several: dict[tuple[int, ...], int] = field(default_factory=dict)
    by_number: dict[int, tuple[int, ...]] = field(default_factory=dict)  # the same, the other way round

    @classmethod
    def of(cls, values: Texts) -> "_Parties":
        names = [" ".join(words(value)) for value in values]
        ordered = sorted({name for name in names if len(name) > 1})
        numbers = {name: n for n, name in enumerate(ordered)}
        longest = max((name.count(" ") + 1 for name in ordered), default=0)
        having: dict[str, list[int]] = defaultdict(list)
        own = [frozenset(name.split()) for name in ordered]
        for number, found in enumerate(own):
            for word in found:
                having[word].append(number)
        weights = {word: log2(1 + len(ordered) / len(parties)) for word, parties in having.items()}
        rows = np.array([numbers.get(name, -1) for name in names], np.int64)
        return cls(numbers, ordered, longest, rows, dict(having), own, weights)

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
                return self._one_of(tuple(longer)), []
            for length in range(len(text), SHORTEST_CUT - 1, -1):
                if (number := self.numbers.get(text[:length])) is not None:
                    return number, []
        return self._alike(found), found

    def _alike(self, found: list[str]) -> int:
        """
        The party whose words are mostly among these, though others write it in another way: "Testa & Figli S.p.A." is TESTA
        E FIGLI SPA. A word counts the more, the fewer parties have it.
        """
        shares: dict[int, float] = defaultdict(float)
        said = dict.fromkeys(found)
        for word in said:
            having = self.having.get(word, ())
            if len(having) <= MOST_HAVING:
                for number in having:
                    shares[number] += self.weights[word]
        for word in said:
            if len(self.having.get(word, ())) > MOST_HAVING:
                for number in shares:
                    shares[number] += self.weights[word] if word in self.own[number] else 0.0
        for number in shares:
            shares[number] /= fsum(map(self.weights.__getitem__, self.own[number]))
        best = max(shares.values(), default=0.0)
        if best < ALIKE:
            return -1
        likely = tuple(sorted(number for number, share in shares.items() if share > best - APART))
        if len(likely) == 1:
            return likely[0]
        return self._one_of(likely) if len(likely) < MOST_MEANT else -1

    def _one_of(self, parties: tuple[int, ...]) -> int:
        number = self.several.setdefault(parties, len(self.numbers) + len(self.several))
        self.by_number[number] = parties
        return number

    def meant(self, party: int) -> tuple[int, ...]:
        """The parties that a party may be."""
        return (party,) if party < len(self.numbers) else self.by_number[party]
