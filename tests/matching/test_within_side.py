"""What lies within one side: rows booked twice, and rows that another one reverses."""

from decimal import Decimal

import pytest

from tests.matching.test_groups import SUMS, WITHIN, bank, ledger, plan_of, run

pytestmark = pytest.mark.integration


def test_a_payment_that_came_twice_joins_its_twin_and_stays_open():
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"), ("2025-01-11", "80.00", "Ember Ltd", "R4799"))
    right = bank(("2025-01-12", "120.00", "EMBER LTD R4711"), ("2025-01-12", "120.00", "EMBER LTD R4711"))

    matches, _ = run(left, right, plan_of(WITHIN))

    assert [(m["left"], sorted(m["right"]), m["status"], m["difference"]) for m in matches] == [
        ([0], [0, 1], "confirmed", Decimal(-120))
    ]


def test_a_reversal_is_a_match_of_one_side():
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"), ("2025-01-12", "-120.00", "Ember Ltd", "R4711"))
    right = bank(("2025-01-12", "55.00", "INTEREST"))

    matches, _ = run(left, right, plan_of(WITHIN))

    assert [(sorted(m["left"]), m["right"], m["status"], m["difference"]) for m in matches] == [
        ([0, 1], [], "confirmed", Decimal(0))
    ]


def test_an_invoice_and_a_credit_note_that_the_bank_paid_are_no_reversal():
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"), ("2025-01-12", "-120.00", "Ember Ltd", "R4711"))
    right = bank(("2025-01-11", "120.00", "EMBER LTD"), ("2025-01-14", "-120.00", "EMBER LTD"))

    assert run(left, right, plan_of(WITHIN))[0] == []


def test_a_sale_and_its_return_stay_in_the_payout_that_has_both():
    batch = [("2025-01-10", amount, "Shop", "PO-0048223469") for amount in ("120.00", "-120.00", "35.00", "7.50")]
    right = bank(("2025-01-12", "42.50", "PAYOUT 48223469"))

    matches, _ = run(ledger(*batch), right, plan_of(WITHIN, SUMS))

    assert [(sorted(m["left"]), m["right"], m["status"]) for m in matches] == [([0, 1, 2, 3], [0], "confirmed")]


def test_a_credit_note_is_no_reversal_of_an_invoice_of_its_amount_that_the_bank_paid():
    left = ledger(
        ("2025-01-10", "120.00", "Ember Ltd", "R4711"),
        ("2025-01-12", "-120.00", "Ember Ltd", "R4788"),
        ("2025-01-12", "175.50", "Ember Ltd", "R4799"),
    )
    right = bank(("2025-01-11", "120.00", "EMBER LTD"), ("2025-01-14", "55.50", "EMBER LTD R4799 LESS CREDIT"))

    matches, _ = run(left, right, plan_of(WITHIN, SUMS))

    assert sorted((sorted(m["left"]), m["right"]) for m in matches) == [([0], [0]), ([1, 2], [1])]


@pytest.mark.parametrize(
    ("third", "paid"),
    [
        pytest.param("2025-01-12", [2, 3], id="booked after the reversal"),
        # An item of an order, of which another was returned.
        pytest.param("2025-01-10", [0, 1, 2, 3], id="there from the start"),
    ],
)
def test_a_wrong_entry_its_reversal_and_the_right_one_are_told_from_an_order_with_a_return(third, paid):
    left = ledger(
        ("2025-01-10", "120.00", "Ember Ltd", "R4711"),
        ("2025-01-11", "-120.00", "Ember Ltd", "R4711"),
        (third, "102.00", "Ember Ltd", "R4711"),
        ("2025-01-12", "35.50", "Ember Ltd", "R4720"),
    )
    right = bank(("2025-01-14", "137.50", "EMBER LTD R4711 R4720"))

    matches, _ = run(left, right, plan_of(WITHIN, SUMS))

    found = {(tuple(sorted(m["left"])), tuple(m["right"]), m["status"]) for m in matches}
    assert (tuple(paid), (0,), "confirmed") in found
    assert found - {((0, 1), (), "confirmed")} == {(tuple(paid), (0,), "confirmed")}


def test_what_is_booked_again_after_its_reversal_is_the_row_that_stays():
    left = ledger(("2025-01-10", "120.00", "Ember Ltd", "R4711"))
    right = bank(
        *(
            (day, amount, "EMBER LTD R4711")
            for day, amount in (("2025-01-12", "120.00"), ("2025-01-15", "-120.00"), ("2025-01-18", "120.00"))
        )
    )

    matches, _ = run(left, right, plan_of(WITHIN, SUMS))

    assert [(m["left"], sorted(m["right"]), m["status"]) for m in matches] == [
        ([], [0, 1], "confirmed"),
        ([0], [2], "confirmed"),
    ]
