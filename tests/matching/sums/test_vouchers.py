"""Vouchers that two books of the same business share: invoices and payments of two firms, in small tables."""

import json
import random
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from matching import engine
from matching.sentences import sentences_of
from matching.suggest import suggest
from matching.sums.rows import Rows
from matching.sums.vouchers import Shared, Solver, has_slip

Row = tuple[int, int, str, str]  # amount, day, number, text


def rows(given: list[Row]) -> Rows:
    amounts, days, numbers, texts = zip(*given, strict=True)
    return Rows(np.arange(len(given)), np.array(amounts, np.int64), np.array(days, np.float64), numbers, texts)


def solved(left: list[Row], right: list[Row]) -> list[Shared]:
    return Solver(rows(left), rows(right)).solve()


def found(left: list[Row], right: list[Row]) -> list[tuple[tuple[int, ...], tuple[int, ...], str]]:
    return [(one.left, one.right, one.how) for one in solved(left, right)]


LINES: list[Row] = [(12_345, 8, "BK500", "Clearing"), (6_789, 8, "BK500", "Clearing"), (-1_000, 8, "BK500", "Return")]
TOTAL = 18_134


@pytest.mark.parametrize(
    ("lines", "whole", "how"),
    [
        (LINES, (TOTAL, 5, "PV9-17", "Payment, see BK 500"), "number"),
        ([(a, d, n, f"{t} PV9-17") for a, d, n, t in LINES], (TOTAL, 5, "PV9-17", "Payment"), "number"),
        ([(a, d, "", f"{t} PV9-17") for a, d, _, t in LINES], (TOTAL, 5, "PV9-17", "Payment"), "number"),
        ([(a, d, n, "Order 4500099") for a, d, n, _ in LINES], (TOTAL, 5, "PV9-17", "for 4500099"), "named"),
    ],
    ids=["its number is named", "it is named by number", "its lines have no number", "both name one order"],
)
def test_lines_of_one_number_are_the_row_that_has_a_number_in_common(lines, whole, how):
    other: Row = (44_444, 8, "BK501", "Other")

    assert found([*lines, other], [(77_777, 5, "PV9-18", "Another"), whole]) == [((0, 1, 2), (1,), how)]


def test_rows_that_name_one_number_on_several_days_are_no_voucher():
    """An invoice and its payment both name the invoice, and what is left of both is nothing that the other side has."""
    ours: list[Row] = [(10_000, 3, "RG-7001", "Invoice"), (2_500, 4, "RG-7002", "Order PV9-40")]
    theirs: list[Row] = [(12_500, 5, "PV9-40", "Invoice RG-7001"), (-10_000, 9, "PV9-41", "Paid RG-7001")]

    assert found(ours, theirs) == []


def test_rows_of_other_days_are_of_another_voucher_though_it_has_the_number():
    """Numbers begin anew each year."""
    again: Row = (55_555, 370, "BK500", "Clearing")

    assert found([*LINES, again], [(TOTAL, 5, "PV9-17", "Payment BK500")]) == [((0, 1, 2), (0,), "number")]


def test_of_two_vouchers_with_one_number_and_total_neither_is_taken():
    assert (
        found(
            [(5_000, 3, "RG-7001", "A"), (9_999, 3, "RG-7002", "B")],
            [(5_000, 4, f"PV9-4{n}", "RG-7001") for n in (1, 2)],
        )
        == []
    )


def test_what_was_booked_reversed_and_booked_again_is_no_voucher():
    """One of the rows is the whole, and nobody knows which."""
    again: list[Row] = [(a, 8, f"PV9-4{n}", "RG-7001") for n, a in enumerate((5_000, -5_000, 5_000))]

    assert found([(5_000, 8, "RG-7001", "A"), (9_999, 3, "RG-7002", "B")], again) == []


def test_a_number_that_many_vouchers_have_says_nothing():
    """A customer's number is in all texts."""
    ours: list[Row] = [(10_000 + n, 3, f"RG-70{n}", "Customer 88123") for n in range(13)]

    assert found(ours, [(10_005, 3, "PV9-40", "Customer 88123")]) == []


def test_lines_that_both_sides_have_are_pairs_and_not_one_whole():
    ours: list[Row] = [(10_000, 3, "RG-7001", ""), (2_500, 3, "RG-7001", "")]
    theirs: list[Row] = [(10_000, 4, "PV9-40", "RG-7001"), (2_500, 4, "PV9-40", "RG-7001")]

    assert [one[:2] for one in found(ours, theirs)] == [((0,), (0,)), ((1,), (1,))]


@pytest.mark.parametrize(("day", "twins", "is_found"), [(2, 1, True), (90, 1, False), (2, 2, False)])
def test_a_voucher_that_nothing_names_is_the_only_one_of_its_total_within_the_usual_days(day, twins, is_found):
    ours: list[Row] = [(10_007 + 31 * n, n, f"BK5{n}", f"PV9-{100 + n}") for n in range(30)]
    named: list[Row] = [(a, d + 2, text, "Payment") for a, d, _, text in ours]
    silent: list[Row] = [(TOTAL, 8 + day, f"PV8-{n}0", "Sundry") for n in range(twins)]

    assert (((30, 31, 32), (30,), "total") in found([*ours, *LINES], [*named, *silent])) == is_found


def test_a_voucher_that_nothing_names_is_not_sure_where_chance_makes_its_total_too():
    small: list[Row] = [(20 + n % 25, 8 + n % 3, f"PV9-{100 + n}", "Sundry") for n in range(25)]
    coins: list[Row] = [(12, 8, "BK500", ""), (13, 8, "BK500", ""), (8, 8, "BK500", "")]

    assert found(coins, small) == []


def test_an_amount_with_two_digits_changed_round_is_suggested_where_the_number_is_named():
    (one,) = solved(
        [(46_300, 3, "RG-7001", ""), (81_000, 3, "RG-7002", "")],
        [(64_300, 4, "PV9-1", "RG7001"), (18_007, 4, "PV9-2", "RG7002")],
    )

    assert (one.left, one.right, one.how) == ((0,), (0,), "slip")
    assert [has_slip(4630, other) for other in (4360, 4603, 6430, 3460, -4360, 46300)] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def books(seed: int = 5, payments: int = 40) -> tuple[pa.Table, pa.Table, set[tuple[int, int]], set[tuple[int, int]]]:
    """A supplier's account of a customer and the customer's of it, the true pairs, and the pairs of which one has a slip."""
    chance = random.Random(seed)
    ours: list[tuple[str, ...]] = []
    theirs: list[tuple[str, ...]] = []
    truth: set[tuple[int, int]] = set()
    slips: set[tuple[int, int]] = set()

    def book(to: list[tuple[str, ...]], number: str, day: date, text: str, units: int) -> int:
        to.append((number, day.isoformat(), text, f"{units / 100:.2f}"))
        return len(to) - 1

    number = 30_000
    for n in range(payments):
        day = date(2025, 1, 6) + timedelta(days=7 * n)
        invoices = []
        for _ in range(chance.choice((1, 2, 3, 5))):
            number += chance.randrange(1, 9)
            units = chance.choice((99_000, 150_000, chance.randrange(2_000, 900_000)))
            row = book(ours, f"RE-{number}", day, "Delivery", units)
            booked = units
            if chance.random() < 0.06 and has_slip(units, slip := int(f"{units}"[1] + f"{units}"[0] + f"{units}"[2:])):
                booked = slip
            at = book(
                theirs, f"K{70_000 + len(theirs)}", day + timedelta(days=chance.randrange(6)), f"Inv {number}", -booked
            )
            (slips if booked != units else truth).add((row, at))
            invoices.append((number, booked))
        paid, total = day + timedelta(days=30), sum(units for _, units in invoices)
        if n % 2:
            at = book(theirs, f"Z{n + 400}", paid, "Run " + ", ".join(f"RE {one}" for one, _ in invoices[:2]), total)
            truth |= {
                (book(ours, f"B{n + 100}", paid + timedelta(days=2), f"Clearing RE-{one}", -units), at)
                for one, units in invoices
            }
        else:
            row = book(ours, f"B{n + 100}", paid + timedelta(days=2), f"Receipt Z{n + 400}", -total)
            truth |= {(row, book(theirs, f"Z{n + 400}", paid, f"Paid RE {one}", units)) for one, units in invoices}
    left, right = (
        pa.table({name: [row[k] for row in made] for k, name in enumerate(columns)})
        for made, columns in (
            (ours, ("document", "date", "text", "amount")),
            (theirs, ("voucher", "posted", "details", "value")),
        )
    )
    return left, right, truth, slips


@pytest.mark.integration
def test_a_suggested_plan_finds_the_invoices_and_payments_that_two_books_share():
    left, right, truth, slips = books()

    plan = suggest(left, right)

    assert plan.passes[0].kind == "vouchers"
    assert "runs" not in [step.kind for step in plan.passes]
    status = {}
    for item in engine.run(left, right, plan):
        if isinstance(item, engine.Chunk):
            for match in item.matches.to_pylist():
                weights = sum(round(1000 * line["weight"]) for line in json.loads(match["fields"]))
                assert item.pass_index or weights == round(1000 * match["score"])
                status |= {(i, j): match["status"] for i in match["left"] for j in match["right"]}
    assert len(status.keys() & (truth | slips)) >= 0.98 * len(truth | slips)
    confirmed = {pair for pair, state in status.items() if state == "confirmed"}
    assert confirmed <= truth
    assert len(confirmed) >= 0.9 * len(truth)
    assert slips
    assert slips <= status.keys()


@pytest.mark.integration
def test_a_pass_for_vouchers_says_what_is_one():
    left, right, *_ = books()

    (sentence, *_) = sentences_of(suggest(left, right))

    assert sentence == (
        "vouchers: All open records of one side with one number (“document” on the left and “voucher” on the right) and day match "
        "those of the other side that come to the same amount (“amount” on the left and “value” with the other sign on the right), "
        "and that they name, or that name the same numbers (“text” on the left and “details” on the right), or that alone come to "
        "it. A match is confirmed if there is no other reading; otherwise it is suggested."
    )
