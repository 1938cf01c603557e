"""A name of two initials is no word for a balance."""

import pytest

from matching.reading.roles.totals import _reason


@pytest.mark.parametrize(
    ("text", "reason"), [("C F", None), ("B. F.", None), ("c/f", "closing_balance"), ("B/F", "opening_balance")]
)
def test_initials_name_no_balance(text, reason):
    assert _reason(text) == reason
