"""One probabilistic pass: from the open rows of both sides to chosen pairs, with what each field says about them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.money import NO_CURRENCY
from matching import candidates as gated
from matching.assignment import Assigned, assign
from matching.plan import ProbabilisticPass
from matching.probabilistic import candidates as likely
from matching.probabilistic import dictionary, em, levels, rescoring, texts, values, weights, windows
from matching.probabilistic.decision import MILLI, Decision, decide
from matching.probabilistic.decoys import Scored
from matching.probabilistic.em import Candidates, Learned
from matching.probabilistic.levels import Compared, Comparison, Pairs
from matching.probabilistic.values import Values
from matching.scoring import Evidence
from matching.sides import Sides

Floats = NDArray[np.float64]
# Fewer rows of a side than these have nothing to learn from, and their best pairs look better than their second best
# whatever they are.
MIN_ROWS = 30
MAX_ROWS = 250_000  # of both sides; 200,000 rows with one text took 0.65 GB and 100 s of one core


@dataclass(frozen=True)
class Budget:
    """What a pass may use, and whom it tells. `allowed` leaves out pairs that must not be proposed."""

    max_pairs: int
    allowed: Callable[[gated.Candidates], gated.Candidates] = lambda pairs: pairs
    tell: Callable[[str, float], None] = lambda stage, done: None
    check: Callable[[], None] = lambda: None  # raises when the run is to stop


@dataclass(frozen=True)
class Outcome:
    """What a pass has chosen. Of its candidate pairs only those that are chosen or a runner-up are kept."""

    pairs: gated.Candidates
    weight: NDArray[np.int64]  # shape (pairs,), milli-bits above the threshold
    evidence: list[Evidence]
    chosen: Assigned  # indices into the pairs
    is_sure: NDArray[np.bool_]  # shape (chosen,): certain enough to be confirmed
    candidates: int  # pairs that were compared


@dataclass(frozen=True)
class Solution:
    """A pass before it is explained."""

    values: Values
    compared: Compared
    candidates: Candidates
    found: likely.Found
    tables: list[NDArray[np.int64]]  # milli-bits of each level of each comparison
    scored: Scored
    decision: Decision


def find(sides: Sides, step: ProbabilisticPass, budget: Budget) -> Outcome:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`). With fewer than MIN_ROWS on a side it finds nothing. With
    more than MAX_ROWS of both sides it compares nothing and counts all as left out.

    Everything is decided by counts, in the order of the rows' content, from fixed seeds and in whole milli-bits, so the
    result does not depend on the order of the rows, the number of threads or the speed of the machine.

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    rows = [sides.connection.execute(f"SELECT count(*) FROM {side}_free").fetchall()[0][0] for side in "lr"]
    if min(rows) < MIN_ROWS:
        return _nothing(0, 0)
    if sum(rows) > MAX_ROWS:
        return _nothing(sum(rows), rows[0] * rows[1])
    return _explained(solve(values.read(sides, step), budget), step)


def _nothing(skipped_blocks: int, skipped_pairs: int) -> Outcome:
    none = np.zeros(0, np.int64)
    chosen = assign(none.astype(np.int32), none.astype(np.int32), none)
    pairs = gated.Candidates(none.astype(np.int32), none.astype(np.int32), skipped_blocks, skipped_pairs)
    return Outcome(pairs, none, [], chosen, none.astype(bool), 0)


def solve(read: Values, budget: Budget) -> Solution:
    """Find candidates, learn what their levels say, weigh and decide."""
    compared = levels.compare(read)
    found = likely.find(read, compared, budget.max_pairs, budget.check)
    budget.check()
    budget.tell("comparing", 0.0)
    pairs = _allowed(found.pairs, read, budget)
    random = em.by_chance(compared, read.sizes)
    known = [comparison.known for comparison in compared.comparisons]
    rising = [comparison.is_likeness for comparison in compared.comparisons]
    some = Candidates(pairs, em.levels_of(compared, pairs), read.sizes, known, rising)
    budget.check()
    learned = em.learn(some, em.start(some, _likeness(compared, pairs)), random)
    budget.check()
    more = windows.find(compared, learned, random.shares(), read.sizes)
    if more is not None:
        budget.check()
        pairs = likely.unique([pairs, _allowed(more, read, budget)], read.sizes)
        some = Candidates(pairs, em.levels_of(compared, pairs), read.sizes, known, rising)
        chance = em.chances(some, em.total(some.levels, learned.bits), learned.share)
        learned = em.learn(some, chance, random)
    budget.check()
    together = _together(read, compared, some, learned)
    if together is not None:
        compared = replace(compared, comparisons=[*compared.comparisons, together])
        random = random.extended(together, read.sizes)
        some = replace(
            some, levels=[*some.levels, em.level(together, some.pairs)], known=[*known, None], rising=[*rising, True]
        )
        learned = em.learn(some, learned.chance, random)
    budget.tell("assigning", 0.0)
    scored, tables = _scored(some, learned, random, is_catalogue=compared.catalogue is not None)
    return Solution(read, compared, some, found, tables, scored, decide(scored))


def _scored(
    some: Candidates, learned: Learned, random: em.Random, *, is_catalogue: bool
) -> tuple[Scored, list[NDArray[np.int64]]]:
    """The score of each pair, and the milli-bits of each level of each comparison."""
    features = [bits[level] for bits, level in zip(learned.bits, some.levels, strict=True)]
    found = rescoring.scored_by(some, *weights.fit(features, learned.chance), learned.bits)
    # Catalogues have decoys that say little: the words of two languages, or a model that one shop leaves out.
    again = None if is_catalogue else rescoring.rescore(some, random, found.scored, learned.bits)
    return ((again or found).scored, (again or found).tables)


def _together(read: Values, compared: Compared, some: Candidates, learned: Learned) -> Comparison | None:
    """A comparison by words that go together, if there are texts enough to learn it from."""
    if max(read.sizes) > dictionary.MAX_ROWS or compared.catalogue is None:
        return None
    left, right = (dictionary.words(side) for side in compared.catalogue)
    found = dictionary.learn(left, right, some.pairs, learned.chance)
    if found is None:
        return None
    return Comparison(levels.ALL_TEXTS, "words", levels.STEPS + 2, found, levels.similarity_levels)


def _allowed(pairs: Pairs, read: Values, budget: Budget) -> Pairs:
    """The pairs that may be proposed: no rejected ones, and none of two known currencies that differ."""
    for left, right in read.currencies:
        one, other = left[pairs[0]], right[pairs[1]]
        keep = (one == other) | (one == NO_CURRENCY) | (other == NO_CURRENCY)
        pairs = pairs[0][keep], pairs[1][keep]
    asked = gated.Candidates(read.left[pairs[0]], read.right[pairs[1]], 0, 0)
    found = budget.allowed(asked)
    if len(found.left) == len(asked.left):
        return pairs
    return (
        np.searchsorted(read.left, found.left).astype(np.int32),
        np.searchsorted(read.right, found.right).astype(np.int32),
    )


def _likeness(compared: Compared, pairs: Pairs) -> Floats:
    """The similarity of all texts together."""
    words, grams = (texts.products(v.left, v.right, pairs) for v in (compared.words, compared.grams))
    found: Floats = (words.astype(np.float64) + grams) / 2
    return found


def _explained(solution: Solution, step: ProbabilisticPass) -> Outcome:
    """Keep the chosen pairs and their runners-up, with the bits of each comparison."""
    read, chosen, some = solution.values, solution.decision.chosen, solution.candidates
    kept = np.unique(np.concatenate((chosen.pair, chosen.runner_up[chosen.runner_up >= 0])))
    pairs = some.pairs[0][kept], some.pairs[1][kept]
    evidence = []
    for comparison, level, table in zip(solution.compared.comparisons, some.levels, solution.tables, strict=True):
        similarity = comparison.measure(pairs) if comparison.number is None else None
        evidence.append(Evidence(comparison.field, comparison.compare, table[level[kept]] / MILLI, similarity, None))
    runner = np.where(chosen.runner_up >= 0, np.searchsorted(kept, chosen.runner_up), -1)
    sure = solution.decision.is_sure & (step.confirm_at_margin is not None)
    return Outcome(
        pairs=gated.Candidates(read.left[pairs[0]], read.right[pairs[1]], *solution.found.skipped),
        weight=solution.scored.score[kept] - solution.decision.threshold,
        evidence=evidence,
        chosen=replace(chosen, pair=np.searchsorted(kept, chosen.pair), runner_up=runner),
        is_sure=sure,
        candidates=len(some.pairs[0]),
    )
