"""Days as people write them, one by one and in columns."""

import datetime as dt

import pytest

from matching.reading.cells.days import day_forms

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


@pytest.mark.parametrize("text", ["RE-7001", "12.50", "1,234", "05/01/2024 xyz", "1.2.3", "555-12-3456", "2024-02-30"])
def test_other_texts_are_no_days(text: str) -> None:
    assert day_forms(text) == {}
