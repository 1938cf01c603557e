"""Groups of rows that come to the same, in small tables."""

import random
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.sums import judge, naming
from matching.sums.fees import NO_FEE
from matching.sums.judge import Limits, Prior, Problem
from matching.sums.rows import Rows
from matching.sums.solve import Group, Options, Solver

Row = tuple[int, int, str, str]  # amount, day, reference, party or text


def rows(given_rows: list[Row]) -> Rows:
    amounts, days, references, parties = zip(*given_rows, strict=True) if given_rows else ((), (), (), ())
    return Rows(
        np.arange(len(given_rows)), np.array(amounts, np.int64), np.array(days, np.float64), references, parties
    )


def solved(a: list[Row], b: list[Row], options: Options = Options()) -> tuple[Solver, list[Group]]:  # noqa: B008 - frozen
    left, right = rows(a), rows(b)
    solver = Solver(left, right, naming.read(left.reference, left.party, (right.party, right.party)), options)
    return solver, solver.solve()


def invoices(amounts: list[int], party: str = "Ember Ltd", day: int = 10, start: int = 7000) -> list[Row]:
    return [(amount, day, f"R{start + 37 * n}", party) for n, amount in enumerate(amounts)]


def test_a_payment_that_names_its_invoices_is_their_sum():
    _, groups = solved(invoices([12_345, 6_789]), [(19_134, 12, "", "EMBER LTD R7000 R7037")])

    assert [(group.a, group.b, group.how) for group in groups] == [((0, 1), (0,), "reference")]


def test_parts_of_one_invoice_are_found_together():
    _, groups = solved(
        invoices([12_345, 99]), [(10_000, 12, "", "EMBER LTD R7000"), (2_345, 15, "", "EMBER LTD R7000 2")]
    )

    assert [(group.a, group.b) for group in groups] == [((0,), (0, 1))]


def test_a_payment_that_names_only_some_invoices_is_completed_by_party():
    given_rows = invoices([12_345, 6_789, 40_404, 31_313]) + invoices([27_182], "Other AG", start=9000)

    _, groups = solved(given_rows, [(12_345 + 6_789 + 31_313, 12, "", "EMBER LTD R7000")])

    assert [(group.a, group.b) for group in groups] == [((0, 1, 3), (0,))]


def payouts(known: int, unknown: int) -> tuple[list[Row], list[Row]]:
    """Payouts of four sales each, of which the bank names the first ones by their numbers."""
    chance = random.Random(5)
    sales, totals = [], []
    for n in range(known + unknown):
        amounts = [chance.randrange(500, 90_000) for _ in range(4)]
        sales += [(amount, n, f"PO00{48_200_000 + 7 * n}", "") for amount in amounts]
        totals.append((sum(amounts), n + 2, "", f"PAYOUT {48_200_000 + 7 * n if n < known else 'OF THE WEEK'}"))
    return sales, totals


def test_a_payout_without_its_number_is_known_by_the_sum_of_all_its_sales():
    _, groups = solved(*payouts(known=8, unknown=2))

    assert sorted(group.a for group in groups) == [tuple(range(4 * n, 4 * n + 4)) for n in range(10)]


def test_of_two_payouts_with_one_sum_neither_is_taken_without_its_number():
    sales, totals = payouts(known=8, unknown=2)
    sales[-4:] = [(amount, *rest) for (amount, *_), (_, *rest) in zip(sales[-8:-4], sales[-4:], strict=True)]
    totals[-1] = (totals[-2][0], *totals[-1][1:])

    assert len(solved(sales, totals)[1]) == 8


def test_a_correction_without_a_number_completes_the_payout_that_it_belongs_to():
    sales, totals = payouts(known=8, unknown=0)
    more = [(amount, 3, f"PO00{48_200_021}", "") for amount in (1_111, 2_345, 3_500, 777, 912)]
    totals[3] = (totals[3][0] + sum(amount for amount, *_ in more) - 1_235, *totals[3][1:])

    _, groups = solved([*sales, *more, (-1_235, 3, "", "")], totals)

    assert (*range(12, 16), *range(32, 38)) in [group.a for group in groups]


def test_a_single_payment_of_equal_prices_is_never_sure():
    """Ten invoices of one amount: any of them may be the one."""
    _, groups = solved(invoices([990] * 10), [(990, 12, "", "EMBER LTD"), (1_980, 12, "", "EMBER LTD")])

    assert groups == []


def test_zero_amounts_take_no_part():
    _, groups = solved(invoices([0, 0, 5_000, 0]), [(5_000, 12, "", "EMBER LTD"), (0, 12, "", "EMBER LTD")])

    assert [(group.a, group.b) for group in groups] == [((2,), (0,))]


@pytest.mark.integration
def test_one_giant_party_is_bounded_by_work():
    chance = random.Random(2)
    given_rows = invoices([chance.randrange(1_000, 90_000) for _ in range(700)])
    totals: list[Row] = [(sum(a for a, *_ in chance.sample(given_rows, 5)), 12, "", "EMBER LTD") for _ in range(30)]

    solver, groups = solved(given_rows, totals)

    assert solver.work <= solver.options.work + solver.options.limits.work
    assert solver.out_of_budget
    assert all(group.error < 0.2 for group in groups)


@pytest.mark.integration
def test_ten_thousand_rows_that_name_nobody_are_left_alone():
    chance = random.Random(3)
    given_rows = [
        (chance.randrange(1_000, 90_000), chance.randrange(90), f"R{7000 + n}", f"Party {n % 900}")
        for n in range(5_000)
    ]
    lines = [(chance.randrange(5_000, 300_000), chance.randrange(90), "", "SUNDRY") for _ in range(5_000)]

    solver, groups = solved(given_rows, lines)

    assert groups == []
    assert solver.work == 0  # nothing is looked through


@pytest.mark.integration
def test_a_thousand_equal_prices_of_one_party_are_bounded_and_none_is_sure():
    _, groups = solved(invoices([990] * 1_000), [(990, 12, "", "EMBER LTD")] * 1_000)

    assert groups == []


amounts = st.lists(st.integers(100, 60_000), min_size=3, max_size=12)


@pytest.mark.integration
@given(amounts, st.integers(1, 4), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_every_group_ties_and_no_row_is_used_twice(given_amounts, paid, chance):
    given_rows = invoices(given_amounts)
    chosen = [sorted(chance.sample(range(len(given_rows)), min(len(given_rows), 3))) for _ in range(paid)]
    lines = [(sum(given_amounts[n] for n in some), 12, "", "EMBER LTD") for some in chosen]

    _, groups = solved(given_rows, lines)

    for group in groups:
        assert sum(given_amounts[n] for n in group.a) - group.fee.of([given_amounts[n] for n in group.a]) == sum(
            lines[n][0] for n in group.b
        )
    for side in ("a", "b"):
        used = [n for group in groups for n in getattr(group, side)]
        assert len(used) == len(set(used))


@given(st.lists(st.integers(100, 4_000), min_size=2, max_size=10), st.integers(300, 12_000))
@settings(max_examples=40, deadline=None)
def test_the_best_sum_is_one_of_a_complete_search(pool, target):
    problem = Problem(
        target,
        np.zeros(0, np.int64),
        np.array(pool, np.int64),
        np.ones(len(pool)),
        np.arange(len(pool)),
        np.zeros(len(pool)),
    )
    prior = Prior(np.full(6, 0.2), {NO_FEE: 1.0}, {NO_FEE: 1.0})
    there = [c for r in range(1, 6) for c in combinations(range(len(pool)), r) if sum(pool[n] for n in c) == target]

    judged, listed = judge.judge(problem, prior, Limits(chance=1e9))

    assert sorted(members for members, _ in listed.sums) == sorted(there)
    assert (judged.best is None) == (not there)
    if len(there) > 1 and len({len(c) for c in there}) == 1:
        assert judged.error >= 0.5 - 1e-9


@pytest.mark.parametrize("order", [1, 2])
def test_the_order_of_names_does_not_matter(order):
    """Rows are given in the order of their content; which of them is first decides nothing but the order of groups."""
    given_rows, lines = (
        invoices([12_345, 6_789, 40_404]),
        [(19_134, 12, "", "EMBER LTD"), (40_404, 11, "", "EMBER LTD")],
    )
    turned = [given_rows[(n + order) % 3] for n in range(3)]

    first, second = (solved(some, lines)[1] for some in (given_rows, turned))

    def amounts_of(groups, some):
        return {tuple(sorted(some[n][0] for n in group.a)) for group in groups}

    assert amounts_of(first, given_rows) == amounts_of(second, turned) == {(6_789, 12_345), (40_404,)}


def test_a_payment_that_ties_with_all_it_names_is_sure_though_another_names_one_of_them_too():
    slip: Row = (55_500, 13, "", "OTHER AG R7037")

    _, groups = solved(invoices([12_345, 6_789]), [(19_134, 12, "", "EMBER LTD R7000 R7037"), slip])

    assert [(group.a, group.b) for group in groups] == [((0, 1), (0,))]


def test_a_number_of_another_party_is_a_slip_where_a_row_of_the_party_has_the_amount():
    theirs = invoices([27_182, 31_313], "Other AG", start=9000)

    _, groups = solved([*invoices([12_345, 6_789]), *theirs], [(12_345, 12, "", "EMBER LTD R9000")])

    assert [(group.a, group.b) for group in groups] == [((0,), (0,))]


def test_a_payer_without_a_name_pays_for_the_party_whose_invoices_it_names():
    _, groups = solved(invoices([12_345, 6_789, 40_404]), [(19_134, 12, "", "HOLDING R7000")])

    assert [(group.a, group.b) for group in groups] == [((0, 1), (0,))]


def test_one_row_of_a_common_amount_is_not_sure_where_another_text_names_it_too():
    common = invoices([1_000], "Ember Ltd") + invoices([1_000, 1_000], "Other AG", start=9000)
    texts: list[Row] = [(1_000, 12, "", "R7000"), (1_750, 12, "", "R7000")]

    assert solved(common, texts)[1] == []


def test_lines_of_which_one_is_the_whole_amount_are_no_parts():
    """Booked twice, and one of them reversed: which of both is left, nothing here says."""
    lines: list[Row] = [(sign * 12_345, day, "", "EMBER LTD R7000") for sign, day in ((1, 12), (-1, 15), (1, 18))]

    assert solved(invoices([12_345]), lines)[1] == []
