"""Balances whose sign is a letter beside them: an account that is overdrawn turns no amount around."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


OVERDRAWN = {
    "a column each": (
        "Date,Amount,Dr / Cr,Balance,Dr / Cr",
        "2024-03-05,50.00,DR,150.00,CR",
        "2024-03-06,400.00,DR,250.00,DR",
        "2024-03-09,30.00,DR,280.00,DR",
        "2024-03-12,70.00,DR,350.00,DR",
        "2024-03-15,100.00,CR,250.00,DR",
        "2024-03-16,20.00,DR,270.00,DR",
    ),
    "in the cells": (
        "Date,Amount,Balance",
        "2024-03-05,50.00 D,150.00 C",
        "2024-03-06,400.00 D,250.00 D",
        "2024-03-09,30.00 D,280.00 D",
        "2024-03-12,70.00 D,350.00 D",
        "2024-03-15,100.00 C,250.00 D",
        "2024-03-16,20.00 D,270.00 D",
    ),
    "in front, newest first": (
        "Datum;S/H;Betrag;S/H Saldo;Saldo",
        "2024-03-16;S;20,00;S;270,00",
        "2024-03-15;H;100,00;S;250,00",
        "2024-03-12;S;70,00;S;350,00",
        "2024-03-09;S;30,00;S;280,00",
        "2024-03-06;S;400,00;S;250,00",
        "2024-03-05;S;50,00;H;150,00",
    ),
    "a column and the cells": (
        "Date,Vik,Zop,Pel",
        "2024-03-05,50.00,DR,150.00CR",
        "2024-03-06,400.00,DR,250.00DR",
        "2024-03-09,30.00,DR,280.00DR",
        "2024-03-12,70.00,DR,350.00DR",
        "2024-03-15,100.00,CR,250.00DR",
        "2024-03-16,20.00,DR,270.00DR",
    ),
    "two sides": (
        "Date,Withdrawal,Deposit,Balance,Dr/Cr",
        "2024-03-05,50.00,,150.00,CR",
        "2024-03-06,400.00,,250.00,DR",
        "2024-03-09,30.00,,280.00,DR",
        "2024-03-12,70.00,,350.00,DR",
        "2024-03-15,,100.00,250.00,DR",
        "2024-03-16,20.00,,270.00,DR",
    ),
    "unknown letters beside the balance": (
        "Date,Amount,Dr / Cr,Balance,Pel",
        "2024-03-05,50.00,DR,150.00,q",
        "2024-03-06,400.00,DR,250.00,v",
        "2024-03-09,30.00,DR,280.00,v",
        "2024-03-12,70.00,DR,350.00,v",
        "2024-03-15,100.00,CR,250.00,v",
        "2024-03-16,20.00,DR,270.00,v",
    ),
}


@pytest.mark.parametrize("lines", OVERDRAWN.values(), ids=OVERDRAWN)
def test_letters_beside_a_balance_say_its_sign_and_not_that_of_the_amount(load, lines):
    found = load(rows(*lines))

    assert sorted(found.amounts) == sorted(["-50", "-400", "-30", "-70", "100", "-20"])
    assert {kind for _, kind in found.questions} == {"currency"}


DEBTS = {
    "a column each": (
        "Date,Amount,D/C,Balance,D/C",
        "2024-03-05,50.00,D,150.00,D",
        "2024-03-06,400.00,D,550.00,D",
        "2024-03-09,30.00,C,520.00,D",
        "2024-03-12,70.00,D,590.00,D",
    ),
    "in the cells": (
        "Date,Amount,D/C,Balance",
        "2024-03-05,50.00,D,150.00 Dr",
        "2024-03-06,400.00,D,550.00 Dr",
        "2024-03-09,30.00,C,520.00 Dr",
        "2024-03-12,70.00,D,590.00 Dr",
    ),
    "two sides": (
        "Date,Debit,Credit,Balance",
        "2024-03-05,50.00,,150.00DR",
        "2024-03-06,400.00,,550.00DR",
        "2024-03-09,,30.00,520.00DR",
        "2024-03-12,70.00,,590.00DR",
    ),
}


@pytest.mark.parametrize("lines", DEBTS.values(), ids=DEBTS)
def test_a_debt_that_grows_is_money_out_if_words_agree(load, lines):
    found = load(rows(*lines))

    assert found.amounts == ["-50", "-400", "30", "-70"]


ALONE = {
    "two sides": (
        "Date,Vik,Zop,Balance",
        "50.00,,150.00 Dr",
        "400.00,,550.00 Dr",
        ",30.00,520.00 Dr",
        "70.00,,590.00 Dr",
    ),
    "a sign column": (
        "Date,Vik,Zop,Balance",
        *("50.00,q,150.00DR", "400.00,q,550.00DR", "30.00,v,520.00DR", "70.00,q,590.00DR", "20.00,v,570.00DR"),
    ),
    "letters in a column": (
        "Date,Vik,Zop,Balance,Pel",
        *("50.00,,150.00,Dr", "400.00,,550.00,Dr", ",30.00,520.00,Dr", "70.00,,590.00,Dr"),
    ),
}


@pytest.mark.parametrize("lines", ALONE.values(), ids=ALONE)
def test_letters_that_call_all_balances_debts_do_not_decide_alone(load, lines):
    found = load(rows(lines[0], *(f"2024-03-{number:02},{line}" for number, line in enumerate(lines[1:], 5))))

    assert "sign" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_amounts_with_a_minus_need_no_question_about_a_debt(load):
    found = load(
        rows(
            "Date,Amount,Balance",
            "2024-03-05,-50.00,150.00 Dr",
            "2024-03-06,-400.00,550.00 Dr",
            "2024-03-09,30.00,520.00 Dr",
            "2024-03-12,-70.00,590.00 Dr",
        )
    )

    assert found.amounts == ["-50", "-400", "30", "-70"]
    assert "sign" not in {kind for _, kind in found.questions}


UNKNOWN = {
    "two columns of signs": (
        "Date,Vik,Zop,Pel,Wim",
        "2024-03-05,50.00,q,150.00,v",
        "2024-03-06,400.00,q,250.00,q",
        "2024-03-09,30.00,q,280.00,q",
        "2024-03-12,70.00,q,350.00,q",
        "2024-03-15,100.00,v,250.00,q",
        "2024-03-16,20.00,q,270.00,q",
        "2024-03-19,40.00,v,230.00,q",
    ),
    "two sides": (
        "Date,Vik,Zop,Pel,Wim",
        "2024-03-05,50.00,,150.00,v",
        "2024-03-06,400.00,,250.00,q",
        "2024-03-09,30.00,,280.00,q",
        "2024-03-12,70.00,,350.00,q",
        "2024-03-15,,100.00,250.00,q",
        "2024-03-16,20.00,,270.00,q",
        "2024-03-19,,40.00,230.00,q",
    ),
}


@pytest.mark.parametrize("lines", UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_letters_on_both_are_asked_about(load, lines):
    found = load(rows(*lines))

    assert "sign" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_debits_raise_what_a_chinese_ledger_has(load):
    lines = [
        '2024-01-03,记-1,"12,607.70",,借,"62,607.70"',
        '2024-01-04,记-2,,"27,364.75",借,"35,242.95"',
        '2024-01-08,记-3,"22,594.70",,借,"57,837.65"',
        '2024-01-11,记-4,,"11,189.17",借,"46,648.48"',
    ]
    found = load("\n".join(["日期,凭证字号,借方,贷方,方向,余额", *lines]) + "\n")

    assert found.amounts == ["12607.7", "-27364.75", "22594.7", "-11189.17"]


def test_a_balance_that_falls_too_asks_for_signs_though_it_does_not_walk(load):
    lines = ["2024-01-05,10.00,100.00", "2024-01-06,20.00,70.00", "2024-01-09,5.00,95.00", "2024-01-11,7.00,91.00"]
    found = load("\n".join(["Date,Amount,Balance", *lines]) + "\n")

    assert ("Amount", "sign") in found.questions


def test_what_of_bills_is_open_is_no_balance_of_an_account(load):
    lines = ["2024-01-05,10.00,0.00", "2024-01-06,20.00,15.00", "2024-01-09,5.00,0.00", "2024-01-11,7.00,7.00"]
    found = load("\n".join(["Date,Amount,Balance", *lines]) + "\n")

    assert found.amounts == ["10", "20", "5", "7"]
