"""Pauses grow up to a most, and are not the same for two clients."""

import pytest

from tallyroom_client import Pauses

pytestmark = pytest.mark.unit


def test_pauses_double_up_to_the_most_and_are_spread() -> None:
    pauses = Pauses(1, 30)

    for failures, middle in ((1, 1), (2, 2), (5, 16), (6, 30), (1000, 30)):
        found = {pauses.after(failures) for _ in range(200)}
        assert 0.75 * middle <= min(found) < max(found) <= 1.25 * middle
        assert len(found) > 100
