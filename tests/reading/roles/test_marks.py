"""A balance that proves the decimal mark, where no number of the file demands one."""

import pytest


def rows(*lines):
    return "\n".join(lines) + "\n"


PROVED = {
    "two sides": (
        "Zug;Vik;Zop;Pel",
        "2024-03-05;1,500;;8,500",
        "2024-03-06;;300;8,800",
        "2024-03-09;2,000;;6,800",
        "2024-03-12;;250;7,050",
    ),
    "signed": (
        "Date;Amount;Balance",
        "2024-03-05;-1,500;8,500",
        "2024-03-06;300;8,800",
        "2024-03-09;-2,000;6,800",
        "2024-03-12;250;7,050",
    ),
    "newest first, with a sign column": (
        "Date;Amount;D/C;Rest",
        "2024-03-12;250;C;7,050",
        "2024-03-09;2,000;D;6,800",
        "2024-03-06;300;C;8,800",
        "2024-03-05;1,500;D;8,500",
    ),
}


@pytest.mark.parametrize("lines", PROVED.values(), ids=PROVED)
def test_numbers_below_a_thousand_that_move_a_balance_show_that_commas_group(load, lines):
    found = load(rows(*lines))

    assert sorted(found.amounts) == sorted(["-1500", "300", "-2000", "250"])
    assert "decimal_mark" not in {kind for _, kind in found.questions}


def test_a_balance_that_walks_with_either_mark_proves_none(load):
    found = load(
        rows(
            "Date;Amount;Balance",
            "2024-03-05;-1,500;8,500",
            "2024-03-06;1,300;9,800",
            "2024-03-09;-2,000;7,800",
            "2024-03-12;1,250;9,050",
        )
    )

    assert "decimal_mark" in {kind for _, kind in found.questions}
    assert set(found.amounts) == {None}


def test_the_name_of_a_proved_balance_names_the_currency(load):
    found = load(
        rows(
            "Zug;Vik;Zop (VUV)",
            "2024-03-05;-1,500;8,500",
            "2024-03-06;300;8,800",
            "2024-03-09;-2,000;6,800",
            "2024-03-12;250;7,050",
        )
    )

    assert found.currencies == ["VUV"] * 4


def test_a_balance_that_walks_only_in_whole_units_shows_that_points_group(load):
    lines = [
        "27.04.2019;-6.292;212.441",
        "24.04.2019;-3.185;218.733",
        "22.04.2019;-804;221.918",
        "21.04.2019;85.544;222.722",
        "20.04.2019;-405;137.178",
    ]
    found = load("\n".join(["Dagsetning;Upphæð;Staða", *lines]) + "\n")

    assert found.amounts == ["-6292", "-3185", "-804", "85544", "-405"]
    assert "decimal_mark" not in {kind for _, kind in found.questions}


@pytest.mark.parametrize("names", ["거래일,내용,거래 금액", "日付,内容,金額", "תאריך,תיאור,סכום", "दिनांक,विवरण,राशि"])
def test_a_comma_groups_in_scripts_that_have_no_decimals_behind_it(load, names):
    found = load(f'{names}\n2024-03-05,a,"12,300"\n2024-03-06,b,"-4,500"\n')

    assert found.amounts == ["12300", "-4500"]
