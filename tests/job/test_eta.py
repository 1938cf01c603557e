"""How long a job will still take."""

import pytest

from server.job.eta import Remaining


def test_at_an_even_pace_what_is_left_is_exact():
    remaining = Remaining()

    assert [remaining.after(at, at / 10) for at in (2.0, 5.0, 8.0, 10.0)] == pytest.approx([8.0, 5.0, 2.0, 0.0])


def test_it_is_too_early_to_say_at_the_beginning():
    remaining = Remaining()

    assert remaining.after(0.5, 0.5) is None
    assert remaining.after(9.0, 0.01) is None


@pytest.mark.parametrize("longer", [0.85, 1.0, 1.4])
def test_while_a_step_says_nothing_what_is_left_stays_within_a_factor_of_two(longer):
    """A step from 26 % to 79 %, which takes less or more time than the fraction says. Its end is seen at once."""
    remaining, before = Remaining(), 26.0
    step = 53.0 * longer
    found = [
        (remaining.after(before + step * part / 100, 0.26), step * (1 - part / 100) + 21.0) for part in range(0, 99, 2)
    ]

    assert [one for one in found if not 0.5 <= one[0] / one[1] <= 2.0] == []
