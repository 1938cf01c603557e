"""
How right suggested plans are, in a short form. `python -m bench matching` measures the whole sets.

The public sets are not part of the project; they are in a folder beside it, or where TALLYROOM_TEST_DATA says.
"""

import pytest

from bench import matching, sums
from bench.matching import BANK, PAPERS, PRODUCTS, Variant
from matching import engine
from matching.suggest import suggest
from tests.matching.probabilistic.tables import people
from tests.matching.tables import pairs

pytestmark = pytest.mark.integration

SETS = (
    Variant("an eighth of the bank transfers", BANK, 0.99, together=0.125, confirmed=0.8),
    Variant("half of the papers", PAPERS, 0.965, kept=0.5),
    Variant("products", PRODUCTS, 0.965),
)


@pytest.mark.sampled("3-0.3")
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("seed", [3, 4])
def test_payments_with_cut_names_fees_and_delays_find_their_partners(seed, missing):
    given = people(2500, missing, seed)

    chunks = [
        item
        for item in engine.run(given.left, given.right, suggest(given.left, given.right))
        if isinstance(item, engine.Chunk)
    ]

    found = [pair for chunk in chunks for pair in pairs(chunk)]
    right, sure = ({pair[:2] for pair in found} & given.truth, {pair[:2] for pair in found if pair[2] == "confirmed"})
    assert 2 * len(right) / (len(found) + len(given.truth)) > 0.965
    assert len(sure - given.truth) <= 0.002 * len(sure)
    assert len(sure) > 0.6 * len(given.truth)


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(
            variant,
            id=variant.name,
            marks=pytest.mark.skipif(
                not variant.of.is_there,
                reason=f"the public set {variant.of.folder} is not there; TALLYROOM_TEST_DATA says where it is",
            ),
        )
        for variant in SETS
    ],
)
def test_a_public_set_is_matched_as_well_as_it_was(variant, tmp_path):
    truth = matching.write(variant, tmp_path)

    matching.run(tmp_path)

    found = matching.score(tmp_path / "out", truth)
    assert found.f1 >= variant.f1
    assert found.recall >= variant.confirmed
    # One pair in a thousand, and one that may be an error of the set itself.
    assert found.confirmed - found.confirmed_right <= 1 + 0.001 * found.confirmed


@pytest.mark.skipif(
    not (sums.BATCHED / "ground_truth.csv").is_file(),
    reason="the public set batched_settlements is not there; TALLYROOM_TEST_DATA says where it is",
)
def test_a_tenth_of_the_public_settlements_is_matched_as_well_as_it_was(tmp_path):
    truth = sums.write_batched(tmp_path, kept=0.1)

    matching.run(tmp_path)

    sure, found = sums.score(tmp_path / "out", truth)
    assert found.f1 >= 0.95
    assert sure.found - sure.right <= 1
