"""Fees that members owe each month, paid by them or others, for one month or several, with names that tell or do not."""

import cProfile
import random
from datetime import date, timedelta

import pyarrow as pa
import pytest

from matching import duck, engine
from matching.fields import Roles
from matching.plan import Plan, PlanField
from matching.reading.values import install_macros
from matching.sample import Sample
from matching.suggest import suggest
from matching.sums.suggest import comes_again_in, is_due_again, is_money

pytestmark = pytest.mark.integration

GIVEN = [
    "Ada",
    "Bela",
    "Cleo",
    "Dora",
    "Edda",
    "Finn",
    "Gus",
    "Hugo",
    "Ida",
    "Jon",
    "Karl",
    "Lea",
    "Mona",
    "Nils",
    "Olga",
    "Paul",
    "Rosa",
    "Sven",
    "Tom",
    "Ute",
]
FAMILY = [
    "Ahlberg",
    "Brand",
    "Clausen",
    "Dahlke",
    "Ehlers",
    "Falk",
    "Grimm",
    "Harder",
    "Ivers",
    "Jessen",
    "Kroll",
    "Lentz",
    "Moritz",
    "Nagel",
    "Olsen",
    "Petri",
]
PRICES = (9, 15, 22)

Truth = dict[int, set[int]]


def club(seed: int = 3, members: int = 70, months: int = 12) -> tuple[pa.Table, pa.Table, Truth]:
    """What members owe, the payments, and which of what is owed each payment pays."""
    chance = random.Random(seed)
    names = chance.sample([(given, family) for given in GIVEN for family in FAMILY], members)
    owed, paid = [], []
    truth: Truth = {}

    def pay(day: date, payer: str, text: str, amount: int, rows: set[int]) -> None:
        truth[len(paid)] = rows
        paid.append((day.isoformat(), payer, text, f"{amount}.00"))

    for number, (given, family) in enumerate(names, 2001):
        price = chance.choice(PRICES)
        first = len(owed)
        for month in range(months):
            owed.append(
                (
                    f"Z{number}",
                    f"{family}, {given}",
                    date(2024 + month // 12, month % 12 + 1, 1).isoformat(),
                    f"{price}.00",
                )
            )
        payer = chance.choice([f"{given} {family}", f"{family} {given}".upper(), f"{chance.choice(GIVEN)} {family}"])
        says = (
            chance.choice(["", f" {given} {family}", f" no. {number}"])
            if payer.split()[0] in (given, family.upper())
            else f" for {given} {family}"
        )
        day, every = chance.randrange(12), chance.choice([1, 1, 1, 1, 3])
        for month in range(0, months, every):
            on = date(2024 + month // 12, month % 12 + 1, 1) + timedelta(days=day + chance.randrange(3))
            rows = set(range(first + month, min(first + month + every, first + months)))
            if every == 1 and chance.random() < 0.05:
                continue
            text = f"fee {month % 12 + 1:02d}/24" if every == 1 and chance.random() < 0.2 else "membership"
            pay(on, payer, text + says, price * len(rows), rows)
    for _ in range(members):
        given, family = chance.choice(names) if chance.random() < 0.5 else (chance.choice(GIVEN), chance.choice(FAMILY))
        pay(
            date(2024, 1, 1) + timedelta(days=chance.randrange(360)),
            f"{given} {family}",
            "court rent",
            chance.choice(PRICES),
            set(),
        )
    both = (("number", "member", "due", "owed"), owed), (("booked", "payer", "purpose", "amount"), paid)
    left, right = (
        pa.table({name: [row[k] for row in rows] for k, name in enumerate(columns)}) for columns, rows in both
    )
    return left, right, truth


def test_what_members_owe_is_paid_by_whom_texts_name_and_the_month_follows_from_the_days():
    left, right, truth = club()

    plan = suggest(left, right)

    assert plan.passes[0].kind == "series"
    found, confirmed = {}, set()
    for item in engine.run(left, right, plan):
        if isinstance(item, engine.Chunk) and item.pass_index == 0:
            for match in item.matches.to_pylist():
                found[match["right"][0]] = set(match["left"])
                if match["status"] == "confirmed":
                    confirmed.add(match["right"][0])
    right_ones = {line for line, rows in found.items() if truth[line] == rows}
    assert len(right_ones) >= 0.97 * max(len(found), sum(bool(rows) for rows in truth.values()))
    assert len(confirmed) >= 0.5 * len(found)
    assert confirmed <= right_ones


@pytest.fixture
def sampled():
    """Samples a table of texts, with a connection that is closed afterwards."""
    connections = []

    def sample(side: str, columns: dict[str, list[str]]) -> Sample:
        connections.append(duck.connect(threads=1))
        install_macros(connections[-1])
        return Sample(connections[-1], side, pa.table(columns))

    yield sample
    for connection in connections:
        connection.close()


@pytest.mark.parametrize(("amounts", "comes_again"), [(1, True), (60, False)])
def test_only_who_has_one_amount_in_several_rows_owes_it_again_and_again(amounts, comes_again, sampled):
    """People of one family name, with the numbers of their towns, owe nothing."""
    rows = [(name, f"{4000 + (7 * n + len(name)) % amounts}.00") for n in range(12) for name in FAMILY]
    sample = sampled("l", {"name": [name for name, _ in rows], "town": [town for _, town in rows]})
    name, town = sample.columns

    assert comes_again_in(sample, name, town) is comes_again


@pytest.mark.parametrize(("days_between", "is_due"), [(31, True), (92, True), (1_500, False)])
def test_what_is_owed_again_is_due_within_months_and_people_are_not_born_so(days_between, is_due, sampled):
    rows = [
        (name, (date(1950, 1, 1) + timedelta(days=days_between * n + len(name))).isoformat())
        for n in range(12)
        for name in FAMILY
    ]
    sample = sampled("l", {"name": [name for name, _ in rows], "day": [day for _, day in rows]})

    assert is_due_again(sample, sample.columns[0], "day") is is_due


@pytest.mark.parametrize(
    ("values", "role", "is_money_"), [("4100", None, False), ("41.00", None, True), ("4100", "amount", True)]
)
def test_whole_numbers_are_money_only_where_a_mapping_says_so(values, role, is_money_, sampled):
    samples = sampled("l", {"amount": [values] * 9}), sampled("r", {"value": ["4100"] * 9})
    field = PlanField(type="money", left="amount", right="value")

    assert is_money(samples, field, (Roles(amount=role), Roles())) is is_money_


@pytest.mark.parametrize(("written", "days"), [("", 700), (".00", 25_000)], ids=["no money", "born, not due"])
def test_families_of_one_town_owe_nothing(written, days):
    """Where a postal code seems to be an amount, and a name who owes it on the day of a visit or of a birth."""
    chance = random.Random(4)
    people = [
        (
            chance.choice(GIVEN),
            chance.choice(FAMILY),
            f"{4100 + 50 * chance.randrange(6)}{written}",
            (date(1940, 1, 1) + timedelta(days=chance.randrange(days))).isoformat(),
        )
        for _ in range(320)
    ]
    left = pa.table({name: [row[k] for row in people] for k, name in enumerate(("given", "family", "code", "born"))})
    others = [
        (family.upper(), given.upper(), code, born) for given, family, code, born in chance.sample(people, len(people))
    ]
    right = pa.table({name: [row[k] for row in others] for k, name in enumerate(("surname", "name", "zip", "birth"))})

    assert "series" not in [step.kind for step in suggest(left, right).passes]


@pytest.mark.integration
def test_a_party_with_thousands_of_rows_is_looked_at_in_little_work_and_memory():
    chance = random.Random(3)
    days = [date(2026, 1, 1) + timedelta(days=chance.randrange(90)) for _ in range(6000)]
    side = pa.table(
        {
            "amount": [f"{chance.randrange(100, 10**6) / 100:.2f}" for _ in days],
            "day": [str(day) for day in days],
            "party": ["payment ember logistics"] * len(days),
        }
    )
    fields = {
        name: {"type": kind, "left": name, "right": name}
        for name, kind in (("amount", "money"), ("day", "date"), ("party", "text"))
    }
    step = {"name": "p", "kind": "series", "amount": "amount", "date": "day", "party": "party", "owed": "left"}
    plan = Plan.model_validate({"fields": fields, "passes": [step]})
    profile = cProfile.Profile()

    profile.enable()
    (ended,) = [item for item in engine.run(side, side, plan) if isinstance(item, engine.PassFinished)]
    profile.disable()

    assert ended.skipped_blocks in (0, 6000)  # all of the party's payments, or none
    assert sum(entry.callcount for entry in profile.getstats()) < 6000 * 2000  # each pair alone would be 36 million


@pytest.mark.integration
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_hundreds_of_payments_of_one_party_are_weighed_without_an_overflow():
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(700)]
    owed = [(f"{100 + n}.00", str(day)) for n, day in enumerate(days)]
    paid = [(amount, str(day + timedelta(days=3))) for (amount, _), day in zip(owed, days, strict=True)]
    sides = [
        pa.table(
            {"amount": [a for a, _ in rows], "day": [d for _, d in rows], "party": ["ember logistics"] * len(rows)}
        )
        for rows in (owed, paid)
    ]
    fields = {
        name: {"type": kind, "left": name, "right": name}
        for name, kind in (("amount", "money"), ("day", "date"), ("party", "text"))
    }
    step = {"name": "p", "kind": "series", "amount": "amount", "date": "day", "party": "party", "owed": "left"}

    (ended,) = [
        item
        for item in engine.run(*sides, Plan.model_validate({"fields": fields, "passes": [step]}))
        if isinstance(item, engine.PassFinished)
    ]

    assert (ended.matches, ended.confirmed) == (700, 700)
