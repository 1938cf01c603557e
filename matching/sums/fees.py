"""
Fees and reserves as models, in whole minor units, and how they are learned from rows that references prove.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

PERCENT = 10_000  # percentages are whole numbers of hundredths of a percent
STEP, MOST = 5, 1_000  # of percentages that are tried: 0.05 % to 10 %
LEAST_VOTES = 8  # for a model, and
VOTES_SHARE, VOTES_MORE = 0.02, 2  # this share of all and some more, because chance agrees with some
LEAST_PROOFS = 5  # of a model by payments for one part, or for several, before it explains others of these
MOST_MODELS = 6

Ints = NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Fee:
    """
    What is kept back from a payment: a percentage and a fixed amount, and a reserve in percent of what is left.

    Rounding is half up, on the total or on each part. Refunds, which are negative parts, may bear no fee.
    """

    percent: int = 0  # hundredths of a percent
    fixed: int = 0  # minor units
    per_part: bool = True  # the fixed amount is kept back for each part, not once
    rounded_by_part: bool = False
    refunds_bear: bool = False
    reserve: int = 0  # hundredths of a percent of the gross amount

    def of(self, parts: Sequence[int]) -> int:
        """The fee and the reserve of parts, in minor units."""
        charged = [part for part in parts if part > 0 or self.refunds_bear]
        if self.rounded_by_part:
            found = sum(half_up(part * self.percent) for part in charged)
        else:
            found = half_up(sum(charged) * self.percent)
        found += self.fixed * (len(charged) if self.per_part else 1)
        return found + half_up(sum(parts) * self.reserve)

    @property
    def is_shared(self) -> bool:
        """Whether the total alone says what the fee is, apart from the number of parts."""
        return not self.reserve and (not self.rounded_by_part or not self.percent)

    def gross_of(self, net: int, parts: int) -> list[int]:
        """The gross amounts, none to two, of so many positive parts that come to a net amount; of a shared model only."""
        fixed = self.fixed * (parts if self.per_part else 1)
        near = (net + fixed) * PERCENT // (PERCENT - self.percent)
        return [g for g in range(near - 2, near + 3) if g - half_up(g * self.percent) - fixed == net]

    def scaled(self, parts: Ints) -> Ints:
        """Values whose sum, over any parts, is PERCENT times what they come to, but for rounding and what is kept once."""
        charged = parts if self.refunds_bear else np.maximum(parts, 0)
        bears = np.ones(len(parts), np.int64) if self.refunds_bear else (parts > 0).astype(np.int64)
        fixed = self.fixed * bears if self.per_part else np.int64(0)
        if self.rounded_by_part:
            return PERCENT * (parts - fixed - halves_up(charged * self.percent)) - parts * self.reserve
        return PERCENT * (parts - fixed) - charged * self.percent - parts * self.reserve


NO_FEE = Fee()


def half_up(value: int) -> int:
    """A value of PERCENT-ths as a whole number, halves away from zero."""
    return (2 * value + PERCENT) // (2 * PERCENT) if value >= 0 else -((2 * -value + PERCENT) // (2 * PERCENT))


def halves_up(values: Ints) -> Ints:
    """The same for many values."""
    found: Ints = np.sign(values) * ((2 * np.abs(values) + PERCENT) // (2 * PERCENT))
    return found


@dataclass(frozen=True)
class Proof:
    """Parts that references name, and by how much their sum exceeds the total."""

    parts: tuple[int, ...]
    difference: int


@dataclass(frozen=True)
class Learned:
    """The models, most proofs first, with the number of proofs by one part and by several."""

    fees: tuple[Fee, ...]
    singles: tuple[int, ...]
    batches: tuple[int, ...]

    def shares(self, without: tuple[int, int]) -> tuple[dict[Fee, float], dict[Fee, float]]:
        """
        How frequent each model is, among payments for one part and for several, given how many have no fee at all. Models
        with too few proofs of a kind explain none of it.
        """
        single = {NO_FEE: without[0] + 1.0} | {
            f: float(n) for f, n in zip(self.fees, self.singles, strict=True) if n >= LEAST_PROOFS
        }
        batch = {NO_FEE: without[1] + 1.0} | {
            f: float(n) for f, n in zip(self.fees, self.batches, strict=True) if n >= LEAST_PROOFS
        }
        return _shares(single), _shares(batch)


def _shares(counts: dict[Fee, float]) -> dict[Fee, float]:
    total = sum(counts.values())
    return {fee: count / total for fee, count in counts.items()}


def learn(proofs: Sequence[Proof]) -> Learned:
    """
    Find the models that explain the most differences exactly, one after the other.

    A model must explain more proofs than chance would: a family of models that fits nearly everything invents some.
    """
    left = [proof for proof in proofs if proof.difference > 0]
    found: list[tuple[Fee, int, int]] = []
    enough = max(LEAST_VOTES, round(VOTES_SHARE * len(left)) + VOTES_MORE)
    while len(found) < MOST_MODELS:
        fee, votes = _best(left, [fee for fee, _, _ in found])
        if votes < enough:
            break
        explained = [p for p in left if fee.of(p.parts) == p.difference]
        single, several = (sum((len(p.parts) > 1) == is_batch for p in explained) for is_batch in (False, True))
        found.append((fee, single, several))
        left = [p for p in left if fee.of(p.parts) != p.difference]
    return Learned(tuple(f for f, _, _ in found), tuple(n for _, n, _ in found), tuple(n for _, _, n in found))


def _best(proofs: list[Proof], known: list[Fee]) -> tuple[Fee, int]:
    """The model that explains most proofs, and how many. Of equals the simplest."""
    percents = np.arange(0, MOST + 1, STEP, dtype=np.int64)
    keys = [np.zeros(0, np.int64)]
    votes: Counter[Fee] = Counter()
    for proof in proofs:
        parts = np.array(proof.parts, np.int64)
        charged = parts[parts > 0]
        if not len(charged):
            continue
        total = halves_up(charged.sum() * percents)
        by_part = halves_up(charged[:, None] * percents).sum(axis=0)
        for by, rounded in ((False, total), (True, by_part)):
            rest = proof.difference - rounded
            for per_part in (True, False):
                number = len(charged) if per_part else 1
                good = (rest >= 0) & (rest % number == 0)
                # Millions of votes are counted as numbers: fixed amount, percentage, and the two ways.
                keys.append(((rest[good] // number) * (MOST + 1) + percents[good]) * 4 + 2 * per_part + by)
        for fee in known:  # one that is known, and a reserve
            if fee.reserve:
                continue
            rest_of = proof.difference - fee.of(proof.parts)
            reserves = halves_up(sum(proof.parts) * percents)
            for reserve in percents[(reserves == rest_of) & (percents > 0)].tolist():
                votes[replace(fee, reserve=reserve)] += 1
    found, counts = np.unique(np.concatenate(keys), return_counts=True)
    for key in found[counts == counts.max(initial=0)].tolist():
        rest_of, ways = divmod(key, 4)
        fixed, percent = divmod(rest_of, MOST + 1)
        votes[Fee(percent, fixed, ways >= 2, ways % 2 == 1)] = int(counts.max())
    if not votes:
        return NO_FEE, 0
    fee = min(votes, key=lambda f: (-votes[f], f.fixed > 0, f.percent > 0, not f.per_part, f.rounded_by_part, f))
    # Only proofs with refunds tell whether these bear a fee.
    bearing = replace(fee, refunds_bear=True)
    told = [sum(f.of(p.parts) == p.difference for p in proofs) for f in (fee, bearing)]
    return (bearing, told[1]) if told[1] > told[0] else (fee, votes[fee])
