"""Fees are learned exactly, or not at all."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.sums.fees import NO_FEE, PERCENT, Fee, Proof, learn

FEES = (
    Fee(percent=150),
    Fee(fixed=30),
    Fee(percent=140, fixed=25),
    Fee(percent=290, fixed=30, rounded_by_part=True),
    Fee(percent=75, fixed=500, per_part=False),
    Fee(percent=200, refunds_bear=True),
)


def proofs(fee: Fee, count: int, chance: random.Random, parts: int = 5, refunds: float = 0.0) -> list[Proof]:
    found = []
    for _ in range(count):
        amounts = [chance.randrange(500, 90_000) for _ in range(chance.randint(1, parts))]
        if chance.random() < refunds:
            amounts.append(-chance.randrange(100, 400))
        found.append(Proof(tuple(amounts), fee.of(amounts)))
    return found


@pytest.mark.parametrize("fee", FEES, ids=str)
def test_a_fee_is_learned_from_what_references_prove(fee):
    chance = random.Random(3)
    some = proofs(fee, 40, chance, refunds=0.3) + [
        Proof((chance.randrange(9_000),), chance.randrange(1, 900)) for _ in range(40)
    ]

    learned = learn(some)

    assert learned.fees[0] == fee
    assert len(learned.fees) == 1


def test_a_fee_and_a_reserve_are_learned_apart():
    chance = random.Random(4)
    fee = Fee(percent=290, fixed=30, rounded_by_part=True)
    with_reserve = replace(fee, reserve=500)

    learned = learn(proofs(fee, 40, chance) + proofs(with_reserve, 15, chance))

    assert set(learned.fees) == {fee, with_reserve}


def test_differences_without_a_law_teach_nothing():
    chance = random.Random(5)

    learned = learn([Proof((chance.randrange(10_000, 90_000),), chance.randrange(1, 5_000)) for _ in range(300)])

    assert learned.fees == ()


amounts = st.lists(st.integers(1, 100_000), min_size=1, max_size=6)


@given(st.integers(0, 1_000), st.integers(0, 100), st.booleans(), amounts)
@settings(max_examples=60, deadline=None)
def test_a_gross_amount_is_found_from_the_net_one(percent, fixed, per_part, parts):
    fee = Fee(percent, fixed, per_part)

    assert sum(parts) in fee.gross_of(sum(parts) - fee.of(parts), len(parts))


@given(st.sampled_from(FEES), st.lists(st.integers(-20_000, 100_000).filter(bool), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_scaled_values_come_to_the_net_amount_but_for_rounding(fee, parts):
    scaled = int(fee.scaled(np.array(parts, np.int64)).sum())
    net = sum(parts) - fee.of(parts) + (0 if fee.per_part else fee.fixed)

    assert abs(scaled - PERCENT * net) <= PERCENT // 2


def test_no_fee_keeps_nothing_back():
    assert NO_FEE.of([1, -2, 3]) == 0
