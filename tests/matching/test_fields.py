"""Which columns of two sides mean the same, and what proves it."""

from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from matching import fields
from matching.fields import Fields, Roles, find_fields
from matching.plan import Extracted, Signed
from matching.sample import Sample
from tests.matching.database import connected
from tests.matching.generator import books


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with connected() as found:
        yield found


def found_in(connection: duckdb.DuckDBPyConnection, left: pa.Table, right: pa.Table, *roles: Roles) -> Fields:
    given = (roles[0], roles[1]) if roles else (Roles(), Roles())
    return find_fields(Sample(connection, "l", left), Sample(connection, "r", right), given)


@pytest.mark.integration
def test_books_have_their_fields_and_the_reference_proves_the_rest(connection):
    b = books(rows=1500, seed=3)

    found = found_in(connection, b.left, b.right)

    named = {name: (field.left, field.right) for name, field in found.by_name().items()}
    assert named["amount"] == ("amount", "credit")
    assert named["date"] == ("booked", "value_date")
    assert named["party"] == ("customer", "payer")
    assert found.reference is not None
    assert found.reference.is_proved
    assert found.reference.field.left == "invoice"
    assert isinstance(found.reference.field.right, Extracted)
    assert found.reference.field.right.from_ == "memo"
    assert found.anchors is found.reference.anchors


@pytest.mark.integration
def test_a_side_booked_with_the_opposite_sign_is_negated(connection):
    b = books(rows=1500, seed=4, negated=True)

    amount = found_in(connection, b.left, b.right).amount

    assert amount is not None
    assert amount.field.right == Signed(column="credit", negate=True)


def text(amount: int) -> str | None:
    return f"{amount / 100:.2f}" if amount else None


@pytest.mark.integration
def test_the_amount_is_the_one_by_which_most_rows_have_partners(connection):
    # What members owe is one of few amounts, all of which are among what the bank account pays out, too.
    chance = np.random.default_rng(3)
    fees = [2_400, 3_150, 5_200, 5_800, 7_600]
    owed = chance.choice(fees, 300)
    paid = np.concatenate([fees, chance.integers(1_000, 90_000, 40)])
    left = pa.table({"fee": [text(n) for n in owed]})
    nothing = [0] * len(owed), [0] * len(paid)
    right = pa.table(
        {"out": [text(n) for n in (*paid, *nothing[0])], "in": [text(n) for n in (*nothing[1], *owed[::-1])]}
    )

    amount = found_in(connection, left, right).amount

    assert amount is not None
    assert (amount.field.left, amount.field.right) == ("fee", "in")


@pytest.mark.integration
def test_of_two_ledgers_with_debits_and_credits_the_amount_is_that_of_both(connection):
    chance = np.random.default_rng(4)
    signed = chance.integers(1_000, 900_000, 400) * chance.choice([-1, 1], 400)
    kept = chance.permutation(400)[:320]

    def ledger(rows: np.ndarray) -> pa.Table:
        debit, credit = np.maximum(rows, 0), np.maximum(-rows, 0)
        columns = {"debit": debit, "credit": credit, "amount": rows}
        return pa.table({name: [text(int(n)) for n in values] for name, values in columns.items()})

    amount = found_in(connection, ledger(signed), ledger(-signed[kept])).amount

    assert amount is not None
    assert (amount.field.left, amount.field.right) == ("amount", Signed(column="amount", negate=True))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Roles(currency="ccy"), Roles(currency_value="EUR"), {"left": "ccy", "right": {"value": "EUR"}}),
        (Roles(currency="ccy"), Roles(), None),
        (Roles(currency="ccy"), Roles(currency_value="XXX"), None),
    ],
)
def test_a_currency_is_compared_only_if_both_sides_have_one(left, right, expected):
    assert fields.currency_of((left, right)) == expected


def test_tables_with_nothing_in_common_have_no_reference_and_no_amount(connection):
    left = pa.table({"a": [f"{n}.25" for n in range(200)], "id": [f"X{n * 31}" for n in range(200)]})
    right = pa.table({"b": [f"{n + 5000}.75" for n in range(200)], "id": [f"Y{n * 17}-9" for n in range(200)]})

    found = found_in(connection, left, right)

    assert (found.reference, found.amount, found.anchors) == (None, None, None)


@pytest.mark.parametrize(
    ("codes", "pattern"),
    [
        ([f"RE-{n}" for n in range(1000, 1100)], "(?i)RE[-_/. ]?[0-9]{4}"),
        ([f"{n}/A/{n}" for n in range(100)], "(?i)[0-9]+[-_/. ]?A[-_/. ]?[0-9]+"),
        ([f"{n}" for n in range(100)], None),  # short plain numbers occur in all texts
        ([f"{n}" for n in range(100_000, 100_100)], "(?i)[0-9]{6}"),
        (["RE-1"] * 100, None),  # one value for all rows identifies none of them
    ],
)
def test_the_pattern_made_of_codes_finds_them_in_texts(connection, codes, pattern):
    side = Sample(connection, "l", pa.table({"code": codes}))

    assert fields._pattern(side, side.columns[0]) == pattern


def test_hits_in_a_sample_are_scaled_to_the_whole_sides():
    codes = np.arange(1, 101, dtype=np.uint64)

    assert fields._hits(codes, codes, 1.0, 1.0) == 1.0
    assert fields._hits(codes[:50], codes[25:], 1.0, 1.0) == 0.5
    # half of the partners are in the sample of the right side
    assert fields._hits(codes[:50], codes[25:], 1.0, 0.5) == 1.0
    assert fields._hits(codes[:0], codes, 1.0, 1.0) == 0.0
    assert fields._hits(np.ones(100, np.uint64), np.ones(100, np.uint64), 1.0, 1.0) == 0.0
