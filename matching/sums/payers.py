"""
Whose payment a payment is, where texts name people: in any order, cut off, with a slip, by a number, or not at all.

What a text says is counted in bits for each party: a word counts the more, the fewer parties have it. Whoever has paid for
a party before is likely to do so again, so that payments of a spouse whose text once names the party help those that do not.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import log2

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from matching.sums.rows import Rows
from matching.sums.words import words

SLIP = -3.0  # bits of a word with one letter wrong, besides its own
SHORTEST_SLIP = 4  # letters of a word that may have one wrong
MISSING = -3.0  # bits of each word of a name that a text lacks
INITIAL = 3.0  # bits of an initial, at most
CUT = -1.0  # bits of a word that is cut off, besides its own
SHORTEST_CUT = 3  # letters that are left of it
SHORTEST_NUMBER = 3  # digits of the number of a party
NUMBER = 6.0  # bits of a party's number, besides its rarity
SAID_TOO = 6.0  # bits of a name in the text beside the payer's: who names another pays for the other
MOST_HAVING = 60  # parties that have a word; one that more have tells little
NOBODY = 0.3  # the chance that a payment is of no party
FITS, MISFIT = 16.0, 0.02  # how much likelier a party is of which the amount is a multiple of what it owes, and is none
DRAWN = 1.0  # payments by which those of a payer are drawn towards no party at all
MOST_LIKELY = 12  # parties of a payment that are kept
ROUNDS = 4

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_FOLDED = (("AE", "A"), ("OE", "O"), ("UE", "U"))


@dataclass(frozen=True)
class Parties:
    """The parties of the rows that are owed, their words and numbers."""

    of_row: Ints  # -1 for rows without a party
    names: list[tuple[str, ...]]
    numbers: dict[str, int]  # of digits

    @classmethod
    def of(cls, rows: Rows) -> "Parties":
        """Tell parties by number and name; by name alone if there are no numbers."""
        keys = [_key(number, name) for number, name in zip(rows.reference, rows.party, strict=True)]
        known = {key: n for n, key in enumerate(sorted({key for key in keys if key[1]}))}
        of_row = np.array([known.get(key, -1) for key in keys], np.int64)
        names = [tuple(key[1].split()) for key in known]
        owners: dict[str, set[int]] = defaultdict(set)
        for key, n in known.items():
            digits = "".join(c for c in key[0] if c.isdigit()).lstrip("0")
            if len(digits) >= SHORTEST_NUMBER:
                owners[digits].add(n)
        return cls(of_row, names, {digits: next(iter(some)) for digits, some in owners.items() if len(some) == 1})

    def __len__(self) -> int:
        return len(self.names)


def _key(number: str | None, name: str | None) -> tuple[str, str]:
    return "".join(words(number)), " ".join(folded(name))


def folded(text: str | None) -> list[str]:
    """The words of a text, with vowels as they are written where there are no accents."""
    found = words(text)
    for written, plain in _FOLDED:
        found = [word.replace(written, plain) for word in found]
    return found


@dataclass
class Payers:
    """For each payment the parties that it may be of, with their chances."""

    parties: Parties
    payments: Rows  # `party` is the payer, `reference` what he says
    kinds: list[tuple[str, ...]] = field(default_factory=list)  # the words of each payment that name nobody
    chances: list[dict[int, float]] = field(default_factory=list)

    def read(self, fits: Sequence[set[int]]) -> None:
        """`fits` are the parties that each payment's amount fits."""
        texts = [[folded(text) for text in some] for some in (self.payments.party, self.payments.reference)]
        self._having: dict[str, list[int]] = defaultdict(list)
        for n, name in enumerate(self.parties.names):
            for word in set(name):
                self._having[word].append(n)
        self._initials: dict[str, list[int]] = defaultdict(list)
        for n, name in enumerate(self.parties.names):
            for letter in {word[0] for word in name}:
                self._initials[letter].append(n)
        self._slips = self._with_slips({word for some in texts for read in some for word in read})
        said = [self._said(payer, memo) for payer, memo in zip(*texts, strict=True)]
        payer_keys = [" ".join(payer) for payer in texts[0]]
        self.chances = [self._chances(bits, fit, {}) for bits, fit in zip(said, fits, strict=True)]
        for _ in range(ROUNDS):
            habits: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
            for key, chances in zip(payer_keys, self.chances, strict=True):
                for party, chance in chances.items():
                    habits[key][party] += chance
            self.chances = [
                self._chances(bits, fit, self._others(habits[key], chances) if key else {})
                for bits, fit, key, chances in zip(said, fits, payer_keys, self.chances, strict=True)
            ]
        known = set(self._having) | set(self._slips)
        self.kinds = [
            tuple(word for word in memo if word not in known and not any(c.isdigit() for c in word))
            for memo in texts[1]
        ]

    @staticmethod
    def _others(habits: dict[int, float], own: dict[int, float]) -> dict[int, float]:
        """What other payments of the payer were for, as shares."""
        rest = {party: count - own.get(party, 0.0) for party, count in habits.items()}
        total = sum(rest.values()) + DRAWN
        return {party: count / total for party, count in rest.items() if count > 0.01}

    def _chances(self, bits: dict[int, float], fits: set[int], habits: dict[int, float]) -> dict[int, float]:
        n = max(len(self.parties), 1)
        share = sum(habits.values())
        weights = {}
        for party in bits.keys() | habits.keys():
            prior = habits.get(party, 0.0) + (1 - share) * (1 - NOBODY) / n
            weights[party] = prior * 2 ** bits.get(party, 0.0) * (FITS if party in fits else MISFIT)
        total = sum(weights.values()) + NOBODY * (1 - share)
        best = sorted(weights, key=lambda party: (-weights[party], party))[:MOST_LIKELY]
        return {party: weights[party] / total for party in best if weights[party] > 1e-4 * total}

    def _said(self, payer: list[str], memo: list[str]) -> dict[int, float]:
        """What the payer's name and his text say for each party, in bits."""
        found: dict[int, float] = {}
        for text, more in ((payer, 0.0), (memo, SAID_TOO)):
            for party, bits in self._named(text).items():
                bits += more if bits > more else 0.0
                found[party] = max(found.get(party, -99.0), bits)
        for word in memo + payer:
            digits = "".join(c for c in word if c.isdigit()).lstrip("0")
            if digits and word.endswith(digits) and len(word) <= len(digits) + 2 and digits in self.parties.numbers:
                party = self.parties.numbers[digits]
                found[party] = max(found.get(party, 0.0), 0.0) + NUMBER + log2(max(len(self.parties), 2))
        return found

    def _named(self, text: list[str]) -> dict[int, float]:
        heard: dict[int, dict[str, float]] = defaultdict(dict)  # of each party, the bits of each of its words
        for at, word in enumerate(text):
            for name, more in self._meant(word, is_last=at == len(text) - 1):
                having = self._having[name]
                if len(having) <= MOST_HAVING:
                    bits = log2(len(self.parties) / len(having)) + more
                    for party in having:
                        heard[party][name] = max(heard[party].get(name, -99.0), bits)
        letters = {word for word in text if len(word) == 1}
        found = {}
        for party in heard:
            own = heard[party]
            bits = sum(own.values())
            for word in self.parties.names[party]:
                if word in own:
                    continue
                is_initial = word[0] in letters
                bits += min(INITIAL, log2(len(self.parties) / len(self._initials[word[0]]))) if is_initial else MISSING
            found[party] = bits
        return found

    def _meant(self, word: str, *, is_last: bool) -> list[tuple[str, float]]:
        if word in self._having:
            return [(word, 0.0)]
        found = [(own, SLIP) for own in self._slips.get(word, ())]
        if is_last and len(word) >= SHORTEST_CUT and not found:
            found = [(own, CUT) for own in self._having if own.startswith(word)]
        return found

    def _with_slips(self, said: set[str]) -> dict[str, list[str]]:
        """Words of texts that are those of a name but for one letter, or two that are swapped."""
        own = sorted(word for word in self._having if len(word) >= SHORTEST_SLIP)
        others = sorted(
            word for word in said if len(word) >= SHORTEST_SLIP and word.isalpha() and word not in self._having
        )
        if not own or not others:
            return {}
        near = cdist(others, own, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8) <= 1
        return {others[n]: [own[k] for k in np.flatnonzero(row).tolist()] for n, row in enumerate(near) if row.any()}
