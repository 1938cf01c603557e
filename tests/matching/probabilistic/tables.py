"""Two tables of people with known partners, in which names are misspelt, amounts differ and days pass."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from matching.plan import Plan
from matching.probabilistic import texts
from matching.probabilistic.values import NumberField, TextField, Values

SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
PLAN = {
    "fields": {
        "who": {"type": "text", "left": "who", "right": "payee"},
        "day": {"type": "date", "left": "day", "right": "day"},
        "amount": {"type": "money", "left": "amount", "right": "credit"},
    },
    "passes": [
        {
            "name": "what is left",
            "kind": "probabilistic",
            "fields": ["who", "day", "amount"],
            "accept": "suggest",
            "confirm_at_margin": "high",
        }
    ],
}


@dataclass(frozen=True)
class People:
    """Two tables, and which rows belong together."""

    left: pa.Table
    right: pa.Table
    truth: set[tuple[int, int]]


def people(rows: int = 1200, missing: float = 0.2, seed: int = 1) -> People:
    """A share `missing` of each side has no partner. Amounts lose up to 3 % on the way, which takes one to nine days."""
    chance = random.Random(seed)
    sides: tuple[list[tuple[int, str, date, float]], ...] = ([], [])
    for number in range(rows):
        name = " ".join("".join(chance.choices(SYLLABLES, k=chance.randint(2, 3))) for _ in range(2))
        day, amount = date(2026, 1, 1) + timedelta(days=chance.randrange(120)), chance.lognormvariate(5, 1)
        sides[0].append((number if chance.random() >= missing else -1, name, day, amount))
        written = name if chance.random() < 0.6 else name[: chance.randint(5, 9)]
        later = day + timedelta(days=chance.randint(1, 9))
        less = amount * (1 - chance.choice((0, 0, 0.01, 0.03)))
        sides[1].append((number if chance.random() >= missing else -2, written, later, less))
    # A row without a partner is that of another person.
    for side in sides:
        for place, (number, _, day, amount) in enumerate(side):
            if number < 0:
                other = " ".join("".join(chance.choices(SYLLABLES, k=3)) for _ in range(2))
                side[place] = (number, other, day, amount * chance.uniform(0.3, 3))
        chance.shuffle(side)
    at = {row[0]: place for place, row in enumerate(sides[1]) if row[0] >= 0}
    truth = {(place, at[row[0]]) for place, row in enumerate(sides[0]) if row[0] in at}
    names = ("who", "day", "amount"), ("payee", "day", "credit")
    tables = [_table(found, side) for found, side in zip(names, sides, strict=True)]
    return People(tables[0], tables[1], truth)


def _table(names: tuple[str, str, str], rows: list[tuple[int, str, date, float]]) -> pa.Table:
    columns = ([row[1] for row in rows], [row[2].isoformat() for row in rows], [f"{row[3]:.2f}" for row in rows])
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=True)})


def plan() -> Plan:
    return Plan.model_validate(PLAN)


def values(given: People) -> Values:
    """The same as a pass reads it."""

    def floats(table: pa.Table, name: str) -> np.ndarray:
        return np.array([float(text) for text in table[name].to_pylist()])

    def days(table: pa.Table) -> np.ndarray:
        return np.array([date.fromisoformat(text).toordinal() for text in table["day"].to_pylist()], dtype=float)

    left, right = given.left, given.right
    who = TextField("who", texts.clean(left["who"].to_pylist()), texts.clean(right["payee"].to_pylist()))
    day = NumberField("day", days(left), days(right), is_days=True)
    amount = NumberField("amount", floats(left, "amount"), floats(right, "credit"), is_days=False)
    rows = [np.arange(table.num_rows, dtype=np.int32) for table in (left, right)]
    return Values(rows[0], rows[1], [who], [day, amount], [])
