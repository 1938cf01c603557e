"""The running balance as a proof, and where it must not be taken for one."""

import numpy as np
import pytest

from matching.reading.roles.walk import Balances, directions_of, signs_by_walk, walk


def balances(*values, groups=None):
    known = np.array([value is not None for value in values])
    numbers = np.array([value or 0 for value in values], np.int64)
    return Balances(numbers, known, None if groups is None else np.array(groups, np.int32))


def movement(*values):
    return np.array(values, np.int64)


def test_a_balance_is_the_one_before_it_changed_by_the_amount():
    found = walk(balances(90, 120, 100), movement(-10, 30, -20), "down")

    assert (found.tests, found.held, found.holds) == (2, 2, True)


def test_newest_first_is_walked_upwards():
    newest_first = balances(100, 120, 90)

    assert walk(newest_first, movement(-20, 30, -10), "up").holds
    assert not walk(newest_first, movement(-20, 30, -10), "down").holds


def test_a_balance_for_each_day_covers_the_movements_since_the_last_one():
    found = walk(balances(90, None, None, 130), movement(-10, 20, -5, 25), "down")

    assert (found.tests, found.held) == (1, 1)
    assert found.covered.tolist() == [False, True, True, True]


def test_steps_in_which_nothing_happens_prove_nothing():
    assert walk(balances(90, 90, 90), movement(0, 0, 0), "down").tests == 0


def test_one_wrong_row_among_many_is_named():
    found = walk(balances(10, 20, 30, 40, 99, 109), movement(10, 10, 10, 10, 10, 10), "down")

    assert (found.holds, found.broken) == (True, (4,))


def test_one_wrong_row_among_few_is_no_proof():
    assert not walk(balances(10, 20, 99), movement(10, 10, 10), "down").holds


def test_each_account_has_a_balance_of_its_own():
    two = balances(90, 500, 120, 450, groups=[0, 1, 0, 1])

    assert walk(two, movement(-10, 0, 30, -50), "down").holds


@pytest.mark.parametrize(
    ("days", "allowed"),
    [
        ([1, 2, 3], {"down", "down_before"}),
        ([3, 2, 1], {"up"}),
        ([1, 1, 1], {"down", "up"}),
        ([1, 9, 2], {"down", "up"}),
    ],
)
def test_the_dates_say_in_which_direction_time_goes(days, allowed):
    assert set(directions_of(np.array(days), np.ones(3, np.bool_))) == allowed


def test_without_dates_the_signs_of_a_walk_could_be_turned_around():
    # The same balances read upwards with all signs turned, which is why rising dates forbid it.
    assert walk(balances(90, 120, 100), movement(-30, 20, 0), "up").holds


def test_the_balance_gives_each_word_its_sign():
    codes = np.array([0, 1, 0, 1], np.int32)

    signs, agree, differ = signs_by_walk(balances(90, 120, 100, 150), movement(10, 30, 20, 50), codes, 2, "down")

    assert signs.tolist() == [-1, 1]
    assert agree.tolist() == [1, 2]
    assert differ.tolist() == [0, 0]


def test_newest_rows_first_may_stand_beside_the_balance_from_before_them(load):
    """As in a Dutch bank's list without a header: the day, the balance before the booking, and the amount."""
    amounts, balance, lines = [-36.11, 1620.03, -90.12, 762.96, -70.96], 7747.37, []
    for day, amount in zip((29, 25, 13, 8, 2), amounts, strict=True):
        lines.append(f"{day:02d}-05-2022,EUR,{balance:.2f},{amount:.2f},x{day}")
        balance = round(balance - amounts[min(len(lines), 4)], 2)

    found = load("\n".join(lines) + "\n")

    assert found.amounts == ["-36.11", "1620.03", "-90.12", "762.96", "-70.96"]


def test_columns_of_the_same_numbers_prove_nothing_about_each_other(load):
    amounts = [value for n in range(1, 6) for value in (f"-{n}.50", f"{n}.50")]
    lines = (f"2024-03-{n + 10},€{a},{a},€{a},{a}".replace("€-", "-€") for n, a in enumerate(amounts))
    found = load("\n".join(["Date,Amount With Sym,Amount Num.,Value With Sym,Value Num.", *lines]) + "\n")

    assert found.amounts == [a.removesuffix("0") for a in amounts]


def test_numbers_that_count_rows_are_no_balance_of_a_rate_of_one(load):
    lines = (f"{n},2024-03-{n + 10},{n * 37}.50,1.000000" for n in range(1, 6))
    found = load("\n".join(["Payment Number,Date,Amount,Exchange Rate", *lines]) + "\n")

    assert found.amounts == [f"{n * 37}.5" for n in range(1, 6)]


def test_sums_that_leave_the_balance_as_it_is_are_no_bookings(load):
    lines = ["02,发放工资,,600.00,400.00", "04,收到货款,75.50,,475.50", "09,手续费,,5.50,470.00"]
    sums = ["30,本月合计,75.50,605.50,470.00", "30,本年累计,900.00,1605.50,470.00"]
    found = load(
        "\n".join(["日期,摘要,借方金额,贷方金额,余额", *(f"2023-06-{line}" for line in (*lines, *sums))]) + "\n"
    )

    assert found.amounts == ["-600", "75.5", "-5.5"]
    assert [line for line, _ in found.left_out] == [5, 6]
