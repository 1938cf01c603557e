"""
Passes that find sums: rows of one side that together come to a row of the other. Read solve.py first, then judge.py.

The procedure and what it was measured at is in docs/decisions/0019-sums-by-their-error.md.
"""

from matching.sums.find import find

__all__ = ["find"]
