"""
Passes that find sums: rows of one side that together come to a row of the other. Read solve.py first, then judge.py; for
payouts of whole days, schedules.py; for what is owed again and again, series.py.

The procedure and what it was measured at is in docs/decisions/0019-sums-by-their-error.md.
"""

from matching.sums.find import find
from matching.sums.payouts import find as find_payouts
from matching.sums.series import find as find_series

__all__ = ["find", "find_payouts", "find_series"]
