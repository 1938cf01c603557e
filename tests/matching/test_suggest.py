"""Plans suggested for tables with misleading columns."""

import random
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from matching import engine
from matching.fields import Fields
from matching.plan import Comparison, Extracted, PlanField, RulesPass
from matching.probabilistic.search import MAX_ROWS
from matching.suggest import MOST_LEARNED, Roles, compared_by, suggest
from tests.matching.generator import Books, books
from tests.matching.tables import pairs

pytestmark = pytest.mark.integration

Pairs = set[tuple[int, int]]


def column(values) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values], pa.string())


def with_columns(table: pa.Table, first: bool = True, **columns) -> pa.Table:
    for name, values in columns.items():
        table = table.add_column(0 if first else table.num_columns, name, column(values))
    return table


def found_by(left: pa.Table, right: pa.Table, plan) -> tuple[Pairs, Pairs]:
    """All matches, and the confirmed ones."""
    found, confirmed = set(), set()
    for item in engine.run(left, right, plan):
        if isinstance(item, engine.Chunk):
            for i, j, status in pairs(item):
                found.add((i, j))
                if status == "confirmed":
                    confirmed.add((i, j))
    return found, confirmed


def check(b: Books, plan, f1: float = 0.97, recall: float = 0.8) -> None:
    found, confirmed = found_by(b.left, b.right, plan)
    assert 2 * len(found & b.truth) / (len(found) + len(b.truth)) >= f1
    assert len(confirmed & b.truth) >= max(0.999 * len(confirmed), recall * len(b.truth))


def day(number: int) -> str:
    return (date(2025, 1, 6) + timedelta(number)).isoformat()


def amount(chance: random.Random) -> str:
    return f"{chance.randrange(2_000, 900_000) / 100:.2f}"


def columns_of(plan) -> dict[str, tuple[str, str]]:
    def name(spec) -> str:
        return getattr(spec, "column", None) or getattr(spec, "from_", None) or spec

    return {field: (name(found.left), name(found.right)) for field, found in plan.fields.items()}


@pytest.mark.sampled("0-0.0", "100000-0.0")
@pytest.mark.parametrize("named", [2 / 3, 0.0])
@pytest.mark.parametrize("start", [0, 1, 100_000])
def test_running_numbers_are_not_taken_for_references(start, named):
    b = books(rows=6000, seed=11, named=named)
    left = with_columns(b.left, no=range(start, start + b.left.num_rows))
    right = with_columns(b.right, no=range(start, start + b.right.num_rows))

    plan = suggest(left, right)

    assert all("no" not in pair for pair in columns_of(plan).values())
    check(Books(left, right, b.truth), plan, recall=0.7)


def test_running_numbers_of_files_in_the_same_order_are_not_taken_for_references():
    # Row by row the dates are close, because both files begin with the oldest.
    b = books(rows=6000, seed=12, named=0.0)
    by_day = [
        np.argsort(np.array(t[c].to_pylist()), kind="stable") for t, c in ((b.left, "booked"), (b.right, "value_date"))
    ]
    left, right = (t.take(pa.array(order)) for t, order in zip((b.left, b.right), by_day, strict=True))
    at = [np.argsort(order) for order in by_day]
    truth = {(int(at[0][i]), int(at[1][j])) for i, j in b.truth}
    left, right = (
        with_columns(t, line=range(1, t.num_rows + 1), id=(f"T{n:07}" for n in range(t.num_rows)))
        for t in (left, right)
    )

    plan = suggest(left, right)

    assert "reference" not in plan.fields
    check(Books(left, right, truth), plan, recall=0.7)


def test_running_numbers_that_are_references_are_used():
    b = books(rows=3000, seed=13, named=0.0)
    order = np.random.default_rng(3).permutation(b.left.num_rows)
    left = with_columns(b.left, no=range(b.left.num_rows)).take(pa.array(order))
    partner = {j: i for i, j in b.truth}
    right = with_columns(b.right, ref=(partner.get(j) for j in range(b.right.num_rows)))

    plan = suggest(left, right)

    assert columns_of(plan)["reference"] == ("no", "ref")
    assert plan.passes[0].accept == "confirm_if_unambiguous"


def test_two_catalogues_match_by_their_texts_and_not_by_their_numbers():
    chance = random.Random(1)
    words = [
        "red",
        "blue",
        "chair",
        "table",
        "lamp",
        "sofa",
        "desk",
        "oak",
        "steel",
        "glass",
        "small",
        "large",
        "mini",
        "pro",
        "max",
        "soft",
    ]
    titles = [f"{words[n % 16]} {words[n // 16 % 16]} {words[n // 256 % 16]} model" for n in range(1500)]
    prices = [f"{(n * 37 % 9000) / 100 + 5:.2f}" for n in range(1500)]
    orders = [chance.sample(range(1500), 1500) for _ in range(2)]
    left, right = (
        pa.table(
            {
                "id": column(range(1500)),
                "title": column(titles[n] for n in order),
                "price": column(prices[n] for n in order),
            }
        )
        for order in orders
    )
    truth = {(i, orders[1].index(n)) for i, n in enumerate(orders[0])}

    plan = suggest(left, right)

    assert columns_of(plan) == {"amount": ("price", "price"), "party": ("title", "title")}
    check(Books(left, right, truth), plan)


def test_texts_alone_are_enough():
    chance = random.Random(2)
    syllables = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
    titles = [" ".join("".join(chance.choices(syllables, k=3)) for _ in range(6)) for _ in range(800)]
    orders = [chance.sample(range(800), 700) for _ in range(2)]
    left, right = (pa.table({"id": column(range(700)), "title": column(titles[n] for n in order)}) for order in orders)
    at = {n: j for j, n in enumerate(orders[1])}
    truth = {(i, at[n]) for i, n in enumerate(orders[0]) if n in at}

    plan = suggest(left, right)
    found, confirmed = found_by(left, right, plan)

    assert columns_of(plan) == {"party": ("title", "title")}
    assert len(found & truth) >= 0.98 * len(truth)
    assert len(found) <= 1.02 * len(truth)
    assert confirmed <= truth


@pytest.mark.sampled("net-names1", "None-names0")
@pytest.mark.parametrize("names", [("net", "gross"), ("gross", "net")])
@pytest.mark.parametrize("role", ["net", "gross", None])
def test_the_amount_is_the_column_that_agrees(names, role):
    b = books(rows=3000, seed=14, named=0.0)
    gross = b.left["amount"].to_pylist()
    values = {"gross": gross, "net": [f"{float(text) / 1.19:.2f}" for text in gross]}
    left = b.left.drop_columns("amount")
    for name in names:
        left = with_columns(left, first=False, **{name: values[name]})
    right = with_columns(b.right, first=False, balance=(f"{9e5 - float(t):.2f}" for t in b.right["credit"].to_pylist()))

    plan = suggest(left, right, left_roles=Roles(amount=role), right_roles=Roles(amount="credit"))

    assert columns_of(plan)["amount"] == ("gross", "credit")
    check(Books(left, right, b.truth), plan, recall=0.7)


def test_the_date_is_the_column_that_agrees():
    b = books(rows=3000, seed=15)
    chance = random.Random(5)
    due = (f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}" for _ in range(b.right.num_rows))
    right = with_columns(b.right, entered=due)

    plan = suggest(b.left, right, left_roles=Roles(date="booked"), right_roles=Roles(date="entered"))

    assert columns_of(plan)["date"] == ("booked", "value_date")


@pytest.mark.long
def test_a_text_that_contains_the_reference_is_used_for_the_name_too():
    b = books(rows=4000, seed=16)
    memos = [
        f"{payer} {memo.removeprefix('payment').removeprefix('transfer')}".strip()
        for payer, memo in zip(b.right["payer"].to_pylist(), b.right["memo"].to_pylist(), strict=True)
    ]
    right = b.right.drop_columns(["payer", "memo"]).append_column("memo", column(memos))

    plan = suggest(b.left, right)

    assert isinstance(plan.fields["reference"].right, Extracted)
    assert columns_of(plan)["party"] == ("customer", "memo")
    check(Books(b.left, right, b.truth), plan)


@pytest.mark.long
def test_a_currency_or_a_column_of_few_values_is_not_taken_for_the_party():
    b = books(rows=4000, seed=17)
    chance = random.Random(6)
    codes = [chance.choice(("EUR", "USD", "CHF")) for _ in range(b.left.num_rows)]
    kinds = [chance.choice(("invoice", "credit note", "refund", "fee")) for _ in codes]
    partner = {j: i for i, j in b.truth}
    left = with_columns(b.left, ccy=codes, kind=kinds)
    of_partner = [partner.get(j, 0) for j in range(b.right.num_rows)]
    right = with_columns(b.right, Currency=(codes[i] for i in of_partner), type=(kinds[i] for i in of_partner))
    roles = Roles(currency="ccy"), Roles(currency="Currency")

    for left_roles, right_roles in (roles, (Roles(), Roles())):
        plan = suggest(left, right, left_roles=left_roles, right_roles=right_roles)

        assert columns_of(plan)["party"] == ("customer", "payer")


@pytest.mark.long
def test_sides_sorted_the_other_way_round_get_the_same_plan():
    b = books(rows=2000, seed=18)
    backwards = b.right.take(pa.array(range(b.right.num_rows - 1, -1, -1)))

    assert suggest(b.left, backwards).hash == suggest(b.left, b.right).hash


@pytest.mark.long
def test_unproven_matches_are_not_confirmed():
    # No row has a partner, so every match is a coincidence.
    b, other = books(rows=3000, seed=19, named=0.0), books(rows=3000, seed=20, named=0.0)

    _, confirmed = found_by(b.left, other.right, suggest(b.left, other.right))

    assert not confirmed


def test_two_fields_never_share_a_column():
    b = books(rows=500, seed=21)
    left, right = (with_columns(t, year=["2026"] * t.num_rows, no=range(t.num_rows)) for t in (b.left, b.right))

    used = columns_of(suggest(left, right))

    assert len({pair[0] for pair in used.values()}) == len({pair[1] for pair in used.values()}) == len(used)


def test_identical_rows_are_a_group_whatever_their_identifiers():
    def side(first: str, coffees: int) -> pa.Table:
        names = [*"abcdef"[:coffees], *(f"{first}{n}" for n in range(25))]
        days = ["2026-01-05"] * coffees + [f"2026-02-{n + 1:02}" for n in range(25)]
        amounts = ["4.50"] * coffees + [f"{n * 7.25 + 3:.2f}" for n in range(25)]
        memos = ["coffee"] * coffees + [f"thing {n}" for n in range(25)]
        columns = {"id": names, "date": days, "amount": amounts, "memo": memos}
        return pa.table({name: column(values) for name, values in columns.items()})

    left, right = side("q", 3), side("w", 2)

    chunks = [item for item in engine.run(left, right, suggest(left, right)) if isinstance(item, engine.Chunk)]

    coffees = [row for chunk in chunks for row in chunk.matches.to_pylist() if row["left"][0] < 3]
    assert [row["ambiguity"] for row in coffees] == ["interchangeable"] * 2
    assert len({row["group"] for row in coffees}) == 1
    assert {row["status"] for row in coffees} == {"suggested"}


@pytest.mark.parametrize("seed", range(30, 36))
def test_the_window_from_few_pairs_is_wide_enough(seed):
    b = books(rows=60, seed=seed, named=0.0)

    days = next(c for c in suggest(b.left, b.right).passes[0].where if c.compare == "days")

    assert -3 <= days.from_ <= 0
    assert 5 <= days.to <= 8


def test_leftovers_of_earlier_jobs_are_not_confirmed_by_chance():
    # The plan for all rows, applied to rows whose partners are missing.
    b, other = books(rows=2000, seed=40, named=0.0), books(rows=2000, seed=41, named=0.0)
    plan = suggest(b.left, b.right)
    assert plan.passes[0].accept == "confirm_if_unambiguous"
    few = (b.left.slice(0, 150), pa.concat_tables([b.right.slice(0, 20), other.right.slice(0, 600)]))

    found, confirmed = found_by(*few, plan)

    wrong = {(i, j) for i, j in found if j >= 20}
    assert wrong
    assert not confirmed & wrong


@pytest.mark.long
def test_references_numbered_by_date_do_not_narrow_the_window_of_the_date():
    b = books(rows=4000, seed=22)
    by_day = np.argsort(np.array(b.left["booked"].to_pylist()), kind="stable")
    renamed = {b.left["invoice"][int(i)].as_py(): f"RE{2026000000 + n}" for n, i in enumerate(by_day)}
    left = b.left.set_column(0, "invoice", column(renamed[r] for r in b.left["invoice"].to_pylist()))
    memos = (" ".join(renamed.get(word, word) for word in memo.split()) for memo in b.right["memo"].to_pylist())
    right = b.right.set_column(b.right.column_names.index("memo"), "memo", column(memos))

    plan = suggest(left, right)

    assert columns_of(plan)["date"] == ("booked", "value_date")
    assert plan.passes[1].name == "amount within 0 to 5 days"
    check(Books(left, right, b.truth), plan)


def shared_homes(rows: int) -> tuple[pa.Table, pa.Table]:
    """People of two registers, two at each address, of whom each register lacks some."""
    chance = random.Random(3)
    words = [
        "".join(chance.choices("bdfgklmnprst", k=1)[0] + chance.choice("aeiou") for _ in range(3)) for _ in range(400)
    ]
    people = [
        (
            chance.choice(words),
            words[n // 2 % 400],
            f"{n // 2 % 97 + 1} {words[n // 2 * 7 % 400]} street",
            f"{chance.choice(words)} {n}",
        )
        for n in range(rows)
    ]
    sides = [[person for person in people if chance.random() < 0.8] for _ in range(2)]
    names = ("first", "last", "address", "work")
    left, right = (
        pa.table({name: column(values) for name, values in zip(names, zip(*side, strict=True), strict=True)})
        for side in sides
    )
    return left, right


def test_what_a_family_shares_is_a_rule_only_where_nothing_can_be_learned_and_is_confirmed_nowhere(monkeypatch):
    left, right = shared_homes(600)

    learned = suggest(left, right)
    monkeypatch.setattr("matching.suggest.MOST_LEARNED", 100)
    ruled = suggest(left, right)

    assert [step.kind for step in learned.passes] == ["probabilistic"]
    assert learned.fields["reference"].left == "address"
    assert (ruled.passes[0].kind, ruled.passes[0].accept) == ("rules", "suggest")


def test_a_pass_that_learns_is_suggested_for_as_many_rows_as_it_looks_at():
    assert MOST_LEARNED == MAX_ROWS


def test_a_description_without_a_partner_is_compared_with_the_name():
    chance = random.Random(8)
    models = [f"{chance.choice('ABCDEF')}{chance.choice('KLMN')}{chance.randint(100, 9999)}" for _ in range(400)]
    words = ["lamp", "chair", "table", "sofa", "shelf", "desk"]
    left = pa.table(
        {"name": column(f"{chance.choice(words)} {m} of {chance.choice(words)} {n}" for n, m in enumerate(models))}
    )
    right = pa.table(
        {
            "title": column(f"{chance.choice(words)} by maker {n % 90} and {chance.choice(words)}" for n in range(400)),
            "about": column(f"model {m}, a fine {chance.choice(words)} of oak" for m in models),
        }
    )

    fields = columns_of(suggest(left, right))

    assert {pair for pair in fields.values() if pair[0] == "name"} == {("name", "title"), ("name", "about")}


def test_numbers_that_payments_name_are_asked_before_what_adds_up_within_a_supplier():
    # Each supplier is paid once a week. Every second payment names its invoices, and some were paid from another week.
    chance = random.Random(5)
    invoices, payments, truth = [], [], set()
    for supplier in range(12):
        waiting: list[int] = []
        for week in range(26):
            for _ in range(chance.randrange(3)):
                waiting.append(len(invoices))
                number = f"R{supplier:02}-{1000 + len(invoices)}"
                invoices.append((day(7 * week + chance.randrange(4)), f"Supplier {supplier}", number, amount(chance)))
            kept = [n for n in waiting if chance.random() < 0.1]
            paid = [n for n in waiting if n not in kept]
            if not paid:
                continue
            says = (
                " ".join(invoices[n][2] for n in paid) if chance.random() < 0.5 else f"ADVICE {chance.randrange(10**5)}"
            )
            truth |= {(n, len(payments)) for n in paid}
            total = sum(int(invoices[n][3].replace(".", "")) for n in paid)
            payments.append((day(7 * week + 5), f"SUPPLIER {supplier}", says, f"{total / 100:.2f}"))
            waiting = kept
    names = (("day", "supplier", "number", "amount"), ("booked", "name", "text", "paid"))
    left, right = (
        pa.table({name: column(values) for name, values in zip(head, zip(*table, strict=True), strict=True)})
        for head, table in zip(names, (invoices, payments), strict=True)
    )

    plan = suggest(left, right)

    assert [step.kind for step in plan.passes[:3]] == ["within_side", "sums", "payouts"]
    chunks = [item for item in engine.run(left, right, plan) if isinstance(item, engine.Chunk)]
    sure = [m for chunk in chunks for m in chunk.matches.to_pylist() if m["status"] == "confirmed"]
    confirmed = {(i, j) for m in sure for i in m["left"] for j in m["right"]}
    assert confirmed <= truth
    assert len(confirmed) > 0.8 * len(truth)


def test_passes_come_with_the_fields_that_they_compare():
    party, day = PlanField(type="text", left="who", right="payer"), PlanField(type="date", left="due", right="paid")
    known = Fields(None, None, day, party, is_party_selective=False)
    similar = Comparison(field="party", compare="equal")
    rule = RulesPass(name="like amount", kind="rules", where=(similar,), score=(), accept="suggest")

    assert compared_by([rule], known) == {"party": party}
