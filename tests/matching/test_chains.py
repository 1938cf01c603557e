"""Books in which parties pay one amount each month: nothing is confirmed that may be the payment of another month."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from matching import chains, engine, normalise
from matching.plan import Plan
from matching.sides import Sides
from tests.matching.database import connected
from tests.matching.tables import matched
from tests.matching.test_recurring import PLAN

pytestmark = pytest.mark.integration

LEARNED = {
    "fields": PLAN["fields"],
    "passes": [
        {
            "name": "what is left",
            "kind": "probabilistic",
            "fields": ["amount", "day", "who"],
            "accept": "suggest",
            "confirm_at_margin": "high",
        }
    ],
}


NUMBERED = {
    "fields": {**PLAN["fields"], "number": {"type": "reference", "left": "number", "right": "number"}},
    "passes": [{**PLAN["passes"][0], "score": [{"field": "number", "compare": "equal"}]}],
}


@dataclass(frozen=True)
class Shape:
    """What kind of book it is, all as shares."""

    name: str
    skipped: float = 0.0  # payments that never come
    late: float = 0.0  # payments that come weeks late
    removed: float = 0.0  # rows of what is owed that are not in the file
    behind: float = 0.0  # parties who are a month behind with each payment
    parties: int = 60
    others: int = 700  # rows that do not recur
    delays: tuple[int, ...] = (0, 1, 2, 3, 10, 20, 30)  # of these
    amounts: tuple[str, ...] = ()  # that recur; otherwise each party has its own


SHAPES = (
    Shape("late", skipped=0.1, late=0.2, removed=0.05),
    Shape("behind", skipped=0.15, late=0.3, removed=0.1, behind=0.1),
    Shape("few gaps", skipped=0.04, late=0.08, removed=0.02),
    Shape("parties later than others", skipped=0.1, late=0.2, removed=0.05, delays=(0, 1, 2, 3)),
)
ON_TIME = Shape("on time", delays=(0, 1, 2, 3))


@dataclass(frozen=True)
class Book:
    """Both sides, the true pairs, and rows of the left side that recur."""

    left: pa.Table
    right: pa.Table
    truth: set[tuple[int, int]]
    recurring: set[int]


def book(shape: Shape, seed: int) -> Book:
    chance = random.Random(seed)
    owed: list[
        tuple[str, str, date, int | None, bool]
    ] = []  # who, amount, day, days until it is paid, whether it recurs
    for n in range(shape.parties):
        amount, usual, due = f"{chance.uniform(50, 3000):.2f}", chance.choice((0, 1, 2, 3)), chance.randint(1, 28)
        amount = shape.amounts[n % len(shape.amounts)] if shape.amounts else amount
        behind = chance.choice((26, 28, 30)) if chance.random() < shape.behind else 0
        for month in range(chance.randint(0, 2), 12):
            delay = usual + chance.choice((0, 0, 0, 1, 2)) + behind
            if chance.random() < shape.late:
                delay += chance.choice((10, 20, 28, 30, 33, 40))
            paid = None if chance.random() < shape.skipped else delay
            owed.append((f"member {n} of {n * 7919 % 1000}", amount, date(2025, month + 1, due), paid, True))
    for n in range(shape.others):
        day = date(2025, 1, 1) + timedelta(days=chance.randrange(360))
        paid = None if chance.random() < shape.skipped else chance.choice(shape.delays)
        owed.append((f"client {n} of {n * 6007 % 1000}", f"{chance.uniform(50, 3000):.2f}", day, paid, False))
    chance.shuffle(owed)
    left, right, truth, recurring = [], [], set(), set()
    for who, amount, day, paid, recurs in owed:
        is_there = chance.random() >= shape.removed
        if paid is not None:
            right.append((who.upper(), amount, (day + timedelta(days=paid)).isoformat()))
        if is_there and paid is not None:
            truth.add((len(left), len(right) - 1))
        if is_there:
            recurring |= {len(left)} if recurs else set()
            left.append((who, amount, day.isoformat()))
    sides = [dict(zip(("who", "amount", "day"), zip(*rows, strict=True), strict=True)) for rows in (left, right)]
    return Book(*(pa.table({k: pa.array(v) for k, v in side.items()}) for side in sides), truth, recurring)


def confirmed(given: Book, plan: dict) -> set[tuple[int, int]]:
    options = engine.Options(with_explanations=False)
    found = matched(given.left, given.right, Plan.model_validate(plan), options=options)
    return {pair[:2] for pair in found if pair[2] == "confirmed"}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@pytest.mark.parametrize("seed", [2, 8])
def test_no_payment_of_another_month_is_confirmed(shape, seed):
    given = book(shape, seed)

    found = confirmed(given, PLAN)

    assert found <= given.truth
    others = {pair for pair in given.truth if pair[0] not in given.recurring}
    assert len(found & others) > 0.9 * len(others)


def test_payments_are_confirmed_where_none_is_late_and_none_is_missing():
    given = book(ON_TIME, 1)

    found = confirmed(given, PLAN)

    assert found <= given.truth
    assert sum(left in given.recurring for left, _ in found) > 0.9 * len(given.recurring)


def test_what_is_learned_of_all_rows_confirms_no_payment_of_another_month():
    given = book(Shape("with others", skipped=0.08, late=0.15, removed=0.05, behind=0.1, others=300), 8)

    found = confirmed(given, LEARNED)

    assert found <= given.truth


def numbered(given: Book) -> Book:
    """The same with the number of the party instead of its name."""
    sides = [
        side.append_column("number", pa.array([f"K{who.as_py().split()[1]:>05}" for who in side["who"]]))
        for side in (given.left, given.right)
    ]
    return Book(sides[0], sides[1], given.truth, given.recurring)


def test_the_number_of_a_party_does_not_prove_which_month_is_paid():
    given = numbered(book(replace(SHAPES[0], others=0), 2))

    assert confirmed(given, NUMBERED) <= given.truth


def test_parties_with_a_number_and_the_same_amounts_are_told_apart():
    given = numbered(book(replace(ON_TIME, amounts=tuple(f"{n}.00" for n in range(30, 50))), 1))

    found = confirmed(given, NUMBERED)

    assert found <= given.truth
    assert sum(left in given.recurring for left, _ in found) > 0.5 * len(given.recurring)


def doubts_of(
    owed: list[int],
    paid: list[int],
    paired: int | None = None,
    settled: int = 0,
    proved: int = 0,
    lags: tuple[int, ...] = (1,),
) -> np.ndarray:
    """
    The doubts of one party's pairs, first with first: days on which it owes one amount and pays it. There are 400 pairs of
    others, with these lags.

    Args:
        paired: how many pairs there are; the other rows are open.
        settled: how many of the first pairs are confirmed already.
        proved: how many of the others agree on something that no other row has.
    """
    others = [(date(2025, 1, 1) + timedelta(days=n % 200), n) for n in range(400)]
    left = [("one", "20.00", "" if day is None else date(2025, 3, 1) + timedelta(days=day)) for day in owed]
    left += [(f"client {n}", f"{n}.50", day) for day, n in others]
    right = [("one", "20.00", date(2025, 3, 1) + timedelta(days=day)) for day in paid]
    right += [(f"client {n}", f"{n}.50", day + timedelta(days=lags[n % len(lags)])) for day, n in others]
    many = min(len(owed), len(paid)) if paired is None else paired
    pairs = np.array([(n, n) for n in range(settled, many)] + [(len(owed) + n, len(paid) + n) for n in range(400)])
    with connected() as connection:
        places = []
        for side, rows in (("l", left), ("r", right)):
            who, amount, day = (pa.array([str(row[n]) for row in rows]) for n in range(3))
            table = pa.table({"who": who, "amount": amount, "day": day})
            places.append(np.argsort(normalise.load(connection, side, table, Plan.model_validate(PLAN)).order))
        sides = Sides(connection, Plan.model_validate(PLAN), (len(left), len(right)), 1)
        taken = [np.isin(np.arange(len(place)), place[:settled]) for place in places]
        of = [place[pairs[:, n]] for n, place in enumerate(places)]
        given = chains.Paired(of[0], of[1], np.arange(len(pairs)) < proved, (taken[0], taken[1]))
        return chains.doubts(sides, ["amount", "day", "who"], given)[: many - settled]


def test_a_complete_chain_is_hardly_doubted():
    assert doubts_of([0, 30, 60, 90], [1, 31, 61, 91]).max() < 0.001


def test_pairs_between_an_open_row_and_a_payment_too_many_are_doubted_even_if_hardly_one_is_late():
    assert doubts_of([30, 60, 90, 0], [31, 61, 91, 121], paired=3).min() > 0.4


def test_an_open_row_makes_its_neighbours_as_doubtful_as_others_are_late():
    few, many = (doubts_of([30, 60, 0], [31, 61], paired=2, lags=lags).max() for lags in ((1,), (1, 1, 1, 31)))

    assert few < 0.01
    assert many > 0.2


def test_neighbours_that_may_have_each_others_payments_are_doubted():
    late = doubts_of([0, 30], [30, 35], lags=(0, 0, 0, 5, 30, 35))

    assert late.min() > 0.3
    assert doubts_of([0, 30], [1, 31], lags=(0, 0, 0, 5, 30, 35)).max() < 0.1


def test_a_row_that_a_confirmed_match_uses_is_nobody_elses_partner():
    owed, paid = [0, 60, 30], [1, 61, 31]

    assert doubts_of(owed, paid, settled=2).max() < 0.1 * doubts_of(owed, paid).max()


def test_a_proved_pair_is_not_doubted_and_its_rows_are_nobody_elses_partner():
    owed, paid = [0, 60, 30], [1, 61, 31]

    found = doubts_of(owed, paid, proved=2)

    assert found[:2].tolist() == [0, 0]
    assert found[2] < 0.1 * doubts_of(owed, paid)[2]


def test_a_pair_without_a_day_in_a_chain_is_doubted():
    assert doubts_of([0, 30, None], [1, 31, 61])[2] == chains.MOST


def test_others_that_are_half_a_month_late_may_be_later():
    late, early = (doubts_of([30, 60, 0], [31, 61], paired=2, lags=(1, 1, 1, days)).max() for days in (20, 10))

    assert late > 10 * early


def test_payments_may_also_come_before_they_are_due():
    assert doubts_of([0, 30, 60], [29, 59], paired=2, lags=(-1, 29)).max() > 0.2
