"""An amount between the balances before and after it, which prove its sign in each row."""

from itertools import permutations

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, TRIED_ROWS, Amounts, Bookings
from matching.reading.roles.facts import Int64
from matching.reading.roles.movements import Movement, sign_columns
from matching.reading.roles.proof import MIN_MARKED, Proof
from matching.reading.roles.walk import Walk, directions_of

MAX_WORDS = 8  # of a column that may say the sign of such an amount


def between_balances(bookings: Bookings) -> Proof | None:
    """
    An amount without signs between the balances before and after it in each row, with the column whose values say its
    sign: each row proves its own sign, so that even a word in one row only is sure. Only the dates tell which of the two
    balances is the one before.
    """
    directions = directions_of(bookings.days, bookings.days_valid)
    is_down = "up" not in directions
    if not is_down and "down" in directions:
        return None
    head, whole = bookings.head(TRIED_ROWS), {n.column.index: n for n in bookings.numbers}
    numbers = [n for n in head.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for tried in permutations(numbers, 3):
        if not _is_between(*tried, is_down=is_down):
            continue  # most columns do not fit, which the first rows show
        before, after, amount = (whole[n.column.index] for n in tried)
        if not _is_between(before, after, amount, is_down=is_down):
            continue
        movement = _signed_by_rows(bookings, amount, np.sign(after.values - before.values))
        if movement is not None:
            count = int(amount.moves.sum())
            return Proof(after, movement, Walk("down" if is_down else "up", count, count, amount.moves, ()))
    return None


def _is_between(before: Amounts, after: Amounts, amount: Amounts, *, is_down: bool) -> bool:
    """Whether an amount is what two balances differ by in each row, and each row begins where the one before it ended."""
    rows = amount.moves
    change = after.values - before.values
    is_whole = bool((before.valid & after.valid)[rows].all()) and int(rows.sum()) >= MIN_MARKED
    if amount.is_signed or not is_whole or not bool((np.abs(change) == amount.values)[rows].all()):
        return False
    earlier, later = (slice(-1), slice(1, None)) if is_down else (slice(1, None), slice(-1))
    is_chained = bool((after.values[earlier] == before.values[later]).all())
    return is_chained and len(set(np.sign(change[rows]).tolist())) == 2


def _signed_by_rows(bookings: Bookings, amount: Amounts, signs: Int64) -> Movement | None:
    """The column of fewest words that divide the rows by their signs."""
    found = []
    for column, levels in sign_columns(bookings, amount, most=MAX_WORDS):
        codes = levels.codes[amount.moves]
        outs = {
            value: set(signs[amount.moves][codes == number].tolist())
            for number, value in enumerate(levels.values)
            if (codes == number).any()
        }
        if all(len(out) == 1 for out in outs.values()) and len(outs) <= int(amount.moves.sum()) / 2:
            negative = frozenset(value for value, out in outs.items() if out == {-1})
            found.append(
                (
                    len(outs),
                    column.index,
                    Movement("sign", amount, None, column, levels, negative, frozenset(outs) - negative),
                )
            )
    return min(found, key=lambda item: item[:2])[2] if found else None
