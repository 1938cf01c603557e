"""How often rows of a price list come to an amount by chance, and what is confirmed where prices are few."""

from itertools import product

import numpy as np
import pytest

from matching.sums.fees import NO_FEE, PERCENT, Fee
from matching.sums.prices import Absence, Prices, is_price_list
from matching.sums.search import Target
from tests.matching.sums.invoices import Shape, books, confirmed, wrong

TENS = tuple(range(2_000, 30_000, 2_000))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_rows_of_a_price_list_are_drawn_as_often_as_they_come_to_an_amount(size):
    amounts = [2_000, 2_000, 3_000, 5_000, 7_000, 7_000]
    target = PERCENT * 9_000 if size > 1 else PERCENT * 2_000
    drawn = list(product(range(len(amounts)), repeat=size))
    hits = sum(PERCENT * sum(amounts[n] for n in some) == target for some in drawn)
    itself = {1: 1, 2: 2, 3: 6}[size]  # ways to draw just the rows of a sum

    found = Prices(np.array(amounts)).density(Target(size, target, target), NO_FEE)

    assert found == pytest.approx(max(hits - itself, 0) / len(drawn))


def test_many_rows_are_drawn_at_random_and_less_a_fee():
    fee = Fee(percent=150)
    prices = Prices(np.array([2_000, 4_000] * 500))
    net = PERCENT * 12_000 - 150 * 12_000

    found = prices.density(Target(4, net, net), fee)  # of four rows two are of each price: 6 of 16

    assert found == pytest.approx(6 / 16, abs=0.03)


def test_an_amount_that_one_row_has_is_never_that_of_others():
    assert Prices(np.array([1_234, 5_000, 7_000])).density(Target(1, PERCENT * 1_234, PERCENT * 1_234), NO_FEE) == 0


def test_amounts_are_those_of_a_price_list_if_they_come_again():
    assert is_price_list(np.array([2_000, 2_000, 3_000] * 5))
    assert not is_price_list(np.arange(1_000, 2_000))
    assert not is_price_list(np.zeros(0, np.int64))


def test_totals_without_rows_are_counted_and_more_if_chance_hides_them():
    absence = Absence()
    unknown = absence.share
    for n in range(400):
        absence.add(n, has_none=n % 8 == 0, by_chance=1.0)

    assert unknown == pytest.approx(0.1)
    assert absence.share == pytest.approx(52 / (400 * np.exp(-1) + 20))


@pytest.mark.integration
@pytest.mark.sampled("any price", "tens", "lost", "one price each")
@pytest.mark.parametrize(
    ("shape", "seed"),
    [
        pytest.param(Shape(), 1, id="any price"),
        pytest.param(Shape(parties=10), 1, id="few parties"),
        pytest.param(Shape(prices=TENS), 1, id="tens"),
        pytest.param(Shape(prices=TENS), 2, id="other tens"),
        pytest.param(Shape(own=2), 1, id="two prices each"),
        pytest.param(Shape(unpaid=0.08, unknown=0.05), 1, id="lost"),
        pytest.param(Shape(own=2, unpaid=0.08, unknown=0.05), 2, id="two prices each, lost"),
        pytest.param(Shape(own=1, unpaid=0.08, unknown=0.05, parties=40), 2, id="one price each"),
        pytest.param(Shape(late=3, unpaid=0.05, unknown=0.05, parties=50), 2, id="quick"),
        pytest.param(Shape(most=8, parties=40), 1, id="many at once"),
    ],
)
def test_where_prices_are_few_nothing_wrong_is_confirmed(shape, seed):
    given = books(shape, seed)

    found = confirmed(given)

    assert wrong(given, found) == []
    assert len(found) >= 0.3 * len(given.truth)
