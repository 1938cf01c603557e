"""Amounts as text: only plain decimals."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from core.money import Money, parse_amount


@pytest.mark.parametrize("text", ["1\n", "\n1", " 1", "1 ", "1.", "1.1234567891", "1e2", "+1", "", "1" * 30])
def test_anything_but_a_plain_decimal_is_refused(text):
    with pytest.raises(ValueError, match="decimal string"):
        parse_amount(text)
    with pytest.raises(ValidationError):
        Money(amount=text, currency="EUR")


def test_a_plain_decimal_is_exact():
    assert parse_amount("-12345678901234567890.000000001") == Decimal("-12345678901234567890.000000001")
