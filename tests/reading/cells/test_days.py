"""Days as people write them, one by one and in columns."""

import datetime as dt

import pytest

from matching.reading.cells.days import day_forms, order_of

DAY = dt.date(2024, 1, 25)
WRITTEN = [
    ("2024-01-25", "ymd"),
    ("25.01.2024", "dmy"),
    ("01/25/2024", "mdy"),
    ("25.01.24", "dmy2"),
    ("25 janv. 2024", "dMy"),
    ("Thursday, January 25, 2024", "Mdy"),
    ("25-JAN-24", "dMy2"),
    ("25/Jan/2024", "dMy"),
    ("25 01 2024", "dmy"),
    ("25.01.2024, 10:11", "dmy"),
    ("2024-01-25 10:11:12 UTC", "ymd"),
    ("2024-01-25T23:45:00.123-05:00", "ymd"),
    ("2024年1月25日", "ymd"),
    ("R6.01.25", "ymd_era"),
    ("令和6年1月25日(木)", "ymd_era"),
    ("113/01/25", "ymd_roc"),
    ("25 มกราคม 2567", "dMy_be"),
    ("20240125", "ymd8"),
    ("25012024", "dmy8"),
    ("2024.01.25.", "ymd"),
    ("jeu. 25 janvier 2024", "dMy"),
    ("25 de enero de 2024", "dMy"),
    ("25-I-2024", "dMy"),
    ("25th January 2024", "dMy"),
    ("Jan 25 2024 3:04 PM", "Mdy"),
    ("25.1.2024 klo 10.11", "dmy"),
    ("Thu Jan 25 10:11:12 UTC 2024", "Mdy"),
    ("45316", "serial"),
    ("1706176272", "epoch_s"),
]


@pytest.mark.parametrize(("text", "form"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_day_is_read_as_people_mean_it(text: str, form: str) -> None:
    assert day_forms(text)[form] == DAY


NO_DAYS = (
    "RE-7001|12.50|1,234|05/01/2024 xyz|1.2.3|555-12-3456|2024-02-30|E2E-1|No. 5|Sat 5|5 x|192.168.1.1|0170 12 34 567|2024-W01-5"
    "|05.01.2024-06.01.2024|05.01.24 06.01.24|5-Jan-2024 - 6-Jan-2024|01.01.-31.01.2024|05JAN24:10:11:12|1²/01/2024|10:11:12|5/6 Jan 2024"
)


@pytest.mark.parametrize("text", NO_DAYS.split("|"))
def test_other_texts_are_no_days(text: str) -> None:
    assert day_forms(text, 2024) == {}


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("5 ม.ค. 67", "dMy2_be", dt.date(2024, 1, 5)),
        ("31.12.9999", "dmy", dt.date(9999, 12, 31)),
        ("令和元年5月1日", "ymd_era", dt.date(2019, 5, 1)),
        ("S64.1.7", "ymd_era", dt.date(1989, 1, 7)),
        ("05.01.", "dm", dt.date(2024, 1, 5)),
        ("5 Jan", "dM", dt.date(2024, 1, 5)),
        ("501", "dm4", dt.date(2024, 1, 5)),
        ("20240105 10:11", "ymd8", dt.date(2024, 1, 5)),
        ("05-JAN-24 10.11.12.000000 AM", "dMy2", dt.date(2024, 1, 5)),
        ("2024-01-05-10.11.12.123456", "ymd", dt.date(2024, 1, 5)),
        ("2024-01-05+01:00", "ymd", dt.date(2024, 1, 5)),
        ("Fri Jan 05 2024 10:11:12 GMT+0100 (Central European Standard Time)", "Mdy", dt.date(2024, 1, 5)),
        ("25 tháng 1, 2024", "dmy", dt.date(2024, 1, 25)),
        ("mar. 5 mar. 2024", "dMy", dt.date(2024, 3, 5)),
    ],
)
def test_rare_writings_are_read(text: str, form: str, day: dt.date) -> None:
    assert day_forms(text, 2024)[form] == day


@pytest.mark.parametrize(
    ("form", "order"),
    [
        ("ymd", "ymd"),
        ("dMy2_be", "dmy"),
        ("Mdy", "mdy"),
        ("ydM", "ydm"),
        ("ymd7_roc", "ymd"),
        ("dm4", "dmy"),
        ("Md", "mdy"),
        ("serial", "ymd"),
    ],
)
def test_order_of_a_form(form: str, order: str) -> None:
    assert order_of(form) == order


@pytest.mark.parametrize(
    ("text", "form", "day"),
    [
        ("1402/10/16", "ymd_sh", dt.date(2024, 1, 6)),
        ("1403-01-01", "ymd_sh", dt.date(2024, 3, 20)),
        ("۱۴۰۲/۰۱/۰۱", "ymd_sh", dt.date(2023, 3, 21)),
        ("30/12/1403", "dmy_sh", dt.date(2025, 3, 20)),
        ("29/12/1402", "dmy_sh", dt.date(2024, 3, 19)),
        ("1399/12/30", "ymd_sh", dt.date(2021, 3, 20)),
    ],
)
def test_days_of_the_calendar_of_iran(text: str, form: str, day: dt.date) -> None:
    assert day_forms(text)[form] == day


@pytest.mark.parametrize("text", ["1402/12/30", "1402/07/31", "2024-01-05", "1500/01/01"])
def test_days_that_the_calendar_of_iran_does_not_have(text: str) -> None:
    assert not [form for form in day_forms(text) if form.endswith("_sh")]
