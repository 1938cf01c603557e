"""Tabs that some banks put behind each cell, so that a spreadsheet keeps long numbers as texts."""

import pytest

HEADER = ["交易日期", "交易时间", "收入金额", "支出金额", "余额", "摘要"]
LINES = [
    ["20241108", "091500", '"9,800.00"', "", '"11,420.50"', "工资"],
    ["20241117", "201122", "", "268.00", '"11,152.50"', "消费"],
    ["20241126", "100000", "", '"3,000.00"', '"8,152.50"', "转账"],
]


def padded(divider, lines=(HEADER, *LINES), end=""):
    return "".join(divider.join(line) + end + "\n" for line in lines)


@pytest.mark.parametrize(
    ("divider", "end"),
    [("\t,", "\t,"), ("\t,", "\t"), ("\t;", ""), ("\t\t,", "\t"), ("\t|", "\t|")],
    ids=["comma and end", "comma", "semicolon", "two tabs", "bar"],
)
def test_a_tab_beside_each_delimiter_is_padding(load, divider, end):
    found = load(padded(divider, end=end))

    assert found.detection.delimiter == divider.strip()
    assert found.amounts == ["9800", "-268", "-3000"]
    assert found.dates == ["2024-11-08", "2024-11-17", "2024-11-26"]
    assert found.rejects == []


def test_tabs_before_the_cells_are_padding_too(load):
    lines = [["Date", "Text", "Amount"], ["2024-11-08", "a", "9800.00"], ["2024-11-17", "b", "-268.00"]]

    found = load(padded(";\t", lines))

    assert found.amounts == ["9800", "-268"]


def test_tabs_that_divide_cells_with_commas_stay_the_delimiter(load):
    lines = [["Date", "Text", "Amount"], ["2024-11-08", "Rent, paid", "-9,80"], ["2024-11-17", ",x", "268,00"]]

    found = load(padded("\t", lines))

    assert found.amounts == ["-9.8", "268"]
