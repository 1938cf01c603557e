"""Amounts without a sign between two balances, and net amounts after several fees."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


BETWEEN = {
    "oldest first": (
        "Zug,Vik,Zop,Pel,Wim",
        "2024-03-05,abc,100.00,30.00,130.00",
        "2024-03-06,def,130.00,20.00,110.00",
        "2024-03-09,ghi,110.00,10.00,100.00",
        "2024-03-12,def,100.00,5.00,95.00",
        "2024-03-15,abc,95.00,50.00,145.00",
        "2024-03-16,def,145.00,5.00,140.00",
    ),
    "newest first": (
        "Zug,Vik,Zop,Pel,Wim",
        "2024-03-16,def,145.00,5.00,140.00",
        "2024-03-15,abc,95.00,50.00,145.00",
        "2024-03-12,def,100.00,5.00,95.00",
        "2024-03-09,ghi,110.00,10.00,100.00",
        "2024-03-06,def,130.00,20.00,110.00",
        "2024-03-05,abc,100.00,30.00,130.00",
    ),
    "the balance after it in front": (
        "Zug,Wim,Zop,Pel,Vik",
        "2024-03-05,130.00,100.00,30.00,abc",
        "2024-03-06,110.00,130.00,20.00,def",
        "2024-03-09,100.00,110.00,10.00,ghi",
        "2024-03-12,95.00,100.00,5.00,def",
        "2024-03-15,145.00,95.00,50.00,abc",
        "2024-03-16,140.00,145.00,5.00,def",
    ),
}


@pytest.mark.parametrize("lines", BETWEEN.values(), ids=BETWEEN)
def test_two_balances_in_each_row_prove_what_the_words_beside_an_amount_mean(load, lines):
    found = load(rows(*lines))

    assert sorted(found.amounts) == sorted(["30", "-20", "-10", "-5", "50", "-5"])
    assert found.amounts[1] == ("-20" if lines[1].startswith("2024-03-05") else "50")
    assert "sign" not in {kind for _, kind in found.questions}


def test_without_an_order_of_time_nobody_knows_which_balance_was_before(load):
    lines = [line.replace(line[:10], "2024-03-05") for line in BETWEEN["oldest first"][1:]]

    found = load(rows("Zug,Vik,Zop,Pel,Wim", *lines))

    assert set(found.amounts) == {None}


def test_words_that_stand_for_both_signs_prove_nothing(load):
    lines = [line.replace("def", "abc") for line in BETWEEN["oldest first"]]

    found = load(rows(*lines))

    assert set(found.amounts) == {None}


SHARES = {
    "minus": ("Date,Amount,Commission,Service fee,Net,Currency", "-42.00,-4.60,233.40", "-61.50,-6.75,341.75"),
    "plus": ("Date,Gross,Commission,Fee,Tax,Net,Currency", "-40.00,-2.00,-4.60,233.40", "-60.00,-1.50,-6.75,341.75"),
    "net in front": ("Date,Net,Amount,Commission,Charge,Currency", None, None),
}


@pytest.mark.parametrize(("header", "first", "second"), SHARES.values(), ids=SHARES)
def test_fees_that_are_part_of_a_net_amount_are_not_asked_about(load, header, first, second):
    lines = [f"2024-03-05,280.00,{first},EUR", f"2024-03-06,410.00,{second},EUR"]
    if first is None:
        lines = ["2024-03-05,233.40,280.00,-42.00,-4.60,EUR", "2024-03-06,341.75,410.00,-61.50,-6.75,EUR"]

    found = load(rows(header, *lines))

    assert found.amounts == ["233.4", "341.75"]
