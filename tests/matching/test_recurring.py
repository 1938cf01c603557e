"""Payments of one amount that recur are confirmed only where hardly any row lacks its partner."""

import random
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from matching import engine, recurring
from matching.plan import Plan
from tests.matching.tables import matched

pytestmark = pytest.mark.integration

SERIES = "series"
PLAN = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "day": {"type": "date", "left": "day", "right": "day"},
        "who": {"type": "text", "left": "who", "right": "who"},
    },
    "passes": [
        {
            "name": "amount within a month",
            "kind": "rules",
            "where": [
                {"field": "amount", "compare": "equal"},
                {"field": "day", "compare": "days", "from": 0, "to": 33},
            ],
            "score": [{"field": "who", "compare": "similarity"}],
            "accept": "confirm_if_unambiguous",
        }
    ],
}


def tables(missing: float, seed: int = 5) -> tuple[list[pa.Table], set[tuple[int, int]]]:
    """Rows of many amounts, and of parties who pay the same each month; a share of all rows has no partner."""
    chance = random.Random(seed)
    events = [(f"payer {n}", f"{100 + n}.{n % 90 + 10}", date(2026, 1, 1) + timedelta(n % 200)) for n in range(500)]
    events += [(f"{SERIES} {n}", "850.00", date(2026, month, 1)) for n in range(50) for month in range(1, 9)]
    sides: tuple[list[tuple[str, str, str]], ...] = ([], [])
    truth = set()
    for who, amount, day in events:
        kept = [chance.random() >= missing for _ in range(2)]
        if all(kept):
            truth.add((len(sides[0]), len(sides[1])))
        for side, is_kept, later in zip(sides, kept, (0, chance.choice((0, 1, 2, 28, 32))), strict=True):
            if is_kept:
                side.append((who, amount, (day + timedelta(days=later)).isoformat()))
    names = ("who", "amount", "day")
    columns = [dict(zip(names, zip(*side, strict=True), strict=True)) for side in sides]
    return [pa.table({name: pa.array(given[name]) for name in names}) for given in columns], truth


def confirmed(given: list[pa.Table]) -> set[tuple[int, int]]:
    found = matched(given[0], given[1], Plan.model_validate(PLAN), options=engine.Options(with_explanations=False))
    return {pair[:2] for pair in found if pair[2] == "confirmed"}


def test_a_month_without_its_partner_is_not_confirmed_with_that_of_another():
    given, truth = tables(missing=0.2)

    found = confirmed(given)

    assert found <= truth
    others = {pair for pair in truth if not given[0]["who"][pair[0]].as_py().startswith(SERIES)}
    assert len(found & others) > 0.95 * len(others)


def test_where_every_row_has_its_partner_those_that_recur_are_confirmed_too():
    given, truth = tables(missing=0.0)

    found = confirmed(given)

    assert found <= truth
    assert sum(given[0]["who"][left].as_py().startswith(SERIES) for left, _ in found) > 80


def test_the_least_doubtful_are_confirmed_and_of_equally_doubtful_ones_all_or_none():
    doubt = np.array([0.0, 0.1, 0.2, 0.2, 0.0])
    many = np.concatenate((np.zeros(1000), doubt))

    assert not recurring.confirmed(doubt, np.ones(5, bool))[1:4].any()
    found = recurring.confirmed(many, np.append(np.ones(1004, bool), False))

    assert found[-5:].tolist() == [True, True, False, False, False]
