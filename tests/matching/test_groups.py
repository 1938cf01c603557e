"""Passes that find groups of rows, through the engine."""

import json
import random
from decimal import Decimal

import pyarrow as pa
import pytest

from bench.settlements import Settlements, settlements
from matching import engine
from matching.plan import Plan
from matching.results import SETS, Barred, Chunk, Finished, PassFinished, left_out
from matching.suggest import suggest

pytestmark = pytest.mark.integration

FIELDS = {
    "amount": {"type": "money", "left": "amount", "right": "amount"},
    "date": {"type": "date", "left": "date", "right": "date"},
    "document": {"type": "text", "left": "document", "right": "purpose"},
    "customer": {"type": "text", "left": "customer", "right": "purpose"},
}
NAMED = {"amount": "amount", "date": "date", "reference": "document", "party": "customer"}


def plan_of(*passes: dict) -> Plan:
    return Plan.model_validate({"fields": FIELDS, "passes": [NAMED | one for one in passes]})


SUMS = {"name": "sums", "kind": "sums", "difference": {"booked": "fee"}}
WITHIN = {"name": "twice", "kind": "within_side"}


def ledger(*rows: tuple[str, str, str, str]) -> pa.Table:
    return pa.table(
        {name: [row[n] for row in rows] for n, name in enumerate(("date", "amount", "customer", "document"))}
    )


def bank(*rows: tuple[str, str, str]) -> pa.Table:
    return pa.table({name: [row[n] for row in rows] for n, name in enumerate(("date", "amount", "purpose"))})


def tables_of(made: Settlements) -> tuple[pa.Table, pa.Table]:
    return ledger(*(row[:4] for row in made.ledger)), bank(*made.bank)


def run(left: pa.Table, right: pa.Table, plan: Plan, **options) -> tuple[list[dict], list]:
    """The matches, and everything else that a run yields."""
    items = list(engine.run(left, right, plan, **options))
    return [m for item in items if isinstance(item, Chunk) for m in item.matches.to_pylist()], [
        item for item in items if not isinstance(item, Chunk)
    ]


@pytest.fixture(scope="module")
def made() -> Settlements:
    return settlements(1_200, 11, parties=400)


@pytest.fixture(scope="module")
def found(made) -> tuple[Plan, list[dict], list]:
    plan = suggest(*tables_of(made))
    return plan, *run(*tables_of(made), plan)


def test_payments_for_several_invoices_are_found_by_a_suggested_plan(made, found):
    plan, matches, _ = found
    truth = {(a, b) for _, a, b in made.truth}

    groups = [(frozenset(m["left"]), frozenset(m["right"])) for m in matches]
    right = sum(group in truth for group in groups)
    sure = [group for group, m in zip(groups, matches, strict=True) if m["status"] == "confirmed"]
    assert [step.kind for step in plan.passes][:2] == ["within_side", "sums"]
    assert 2 * right / (len(groups) + len(truth)) > 0.9
    assert sum(group not in truth for group in sure) <= 1 + 0.001 * len(sure)
    assert len(sure) > 0.8 * len(truth)


def test_no_row_is_used_twice_and_every_row_is_matched_or_open(made, found):
    _, matches, others = found
    for side, rows, open_ in (("left", made.ledger, "unmatched_left"), ("right", made.bank, "unmatched_right")):
        used = [row for m in matches for row in m[side]]
        left = getattr(next(item for item in others if isinstance(item, Finished)), open_).tolist()
        assert sorted(used + left) == list(range(len(rows)))


def test_differences_are_what_is_left_and_weights_add_up_to_the_score(made, found):
    for m in found[1]:
        left = sum(Decimal(made.ledger[row][1]) for row in m["left"])
        right = sum(Decimal(made.bank[row][1]) for row in m["right"])
        assert m["difference"] == left - right
        if m["margin_kind"] == "local" and len(m["left"]) + len(m["right"]) > 2:
            assert round(sum(field["weight"] for field in json.loads(m["fields"])), 3) == m["score"]


@pytest.mark.long
def test_the_order_of_rows_and_the_number_of_threads_change_nothing(made, found):
    plan, matches, _ = found
    chance = random.Random(1)
    tables, orders = tables_of(made), []
    for table in tables:
        orders.append(chance.sample(range(table.num_rows), table.num_rows))
    shuffled = [table.take(order) for table, order in zip(tables, orders, strict=True)]

    again, _ = run(*shuffled, plan, options=engine.Options(threads=1))

    def told(some, back):
        return {
            (
                tuple(sorted(back[0][n] for n in m["left"])),
                tuple(sorted(back[1][n] for n in m["right"])),
                m["status"],
                m["score"],
            )
            for m in some
        }

    assert told(again, orders) == told(matches, [range(len(made.ledger)), range(len(made.bank))])


@pytest.mark.long
def test_turned_sides_make_the_same_groups(made, found):
    """The suggested plan does not depend on which side is the bank."""
    left, right = tables_of(made)

    plan = suggest(right, left)

    assert [step.kind for step in plan.passes] == [step.kind for step in found[0].passes]
    turned = {(frozenset(m["right"]), frozenset(m["left"])) for m in run(right, left, plan)[0]}
    same = {(frozenset(m["left"]), frozenset(m["right"])) for m in found[1]}
    assert len(turned & same) > 0.97 * len(same)


def test_a_rejected_group_is_not_proposed_again_and_a_remainder_is_in_no_group():
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"), ("2025-01-11", "81.00", "Ember Ltd", "R4799"))
    right = bank(("2025-01-12", "201.00", "EMBER LTD R4711 R4799"))
    rejected = pa.table({"left": [[0, 1]], "right": [[0]]}, schema=SETS)

    assert len(run(left, right, plan_of(SUMS))[0]) == 1
    assert run(left, right, plan_of(SUMS), barred=Barred(rejected))[0] == []
    assert run(left, right, plan_of(SUMS), barred=Barred(None, (1, 0)))[0] == []


def test_currencies_are_not_added_up():
    fields = FIELDS | {"amount": FIELDS["amount"] | {"currency": {"left": "currency", "right": "currency"}}}
    plan = Plan.model_validate({"fields": fields, "passes": [NAMED | SUMS]})
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"), ("2025-01-11", "81.00", "Ember Ltd", "R4799"))
    right = bank(("2025-01-12", "201.00", "EMBER LTD"), ("2025-01-12", "120.00", "EMBER LTD R4711"))

    left = left.append_column("currency", pa.array(["EUR", "USD"]))
    right = right.append_column("currency", pa.array(["EUR", "EUR"]))

    assert [(m["left"], m["right"]) for m in run(left, right, plan)[0]] == [([0], [1])]


def test_a_pass_that_only_reports_uses_nothing():
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"))
    right = bank(("2025-01-12", "120.00", "EMBER LTD R4711"))

    matches, others = run(left, right, plan_of(SUMS | {"accept": "report"}))

    assert len(matches) == 1
    assert next(item for item in others if isinstance(item, PassFinished)).reported == 1
    assert next(item for item in others if isinstance(item, Finished)).unmatched_left.tolist() == [0]


def test_what_the_budget_ended_is_told():
    assert left_out("sums", 3, 0) == (
        "Pass 'sums': 3 totals were not looked through completely, because that would have made more sums than the plan "
        "allows. Add a field that tells rows apart, or raise max_sums, or max_runs where the plan has that."
    )


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (ledger(), bank()),
        (ledger(("2025-01-10", "", "", "")), bank(("", "x", ""))),
        (ledger(*[("0001-01-01", "0.00", "A B", "R1111")] * 5), bank(*[("9999-12-31", "0.00", "A B R1111")] * 5)),
        (ledger(("", "9" * 25 + ".00", "A B", "R1111")), bank(("", "9" * 25 + ".00", "A B R1111"))),
    ],
    ids=["empty", "nothing", "extreme days", "beyond 64 bits"],
)
def test_bad_input_makes_no_group(left, right):
    left, right = (t.cast(pa.schema([(name, pa.string()) for name in t.column_names])) for t in (left, right))

    assert run(left, right, plan_of(WITHIN, SUMS))[0] == []
