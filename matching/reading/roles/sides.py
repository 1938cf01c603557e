"""Two columns of which one is filled in each row: money out and money in, by their names or by what people say."""

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.choice import Choice, amount_question, side_question
from matching.reading.roles.movements import Movement, pairs_of_sides

RIVAL = 0.65  # two sides whose score is this near are a question
NAMED = 0.5  # of a column's name that must mean an amount
FULL_SHARE = 0.95  # of the bookings that two sides without known names must explain


def chosen_sides(bookings: Bookings, numbers: list[Amounts]) -> Choice | None:
    """The best pair of columns of which only one is filled in each row, or None."""
    found = []
    for one, other in pairs_of_sides(numbers):
        for out, received in ((one, other), (other, one)):
            found.append((_side_score(bookings, out, received), out, received))
    found = [item for item in found if item[0] is not None]
    if not found:
        return None
    score, out, received = max(found, key=lambda item: item[0] or 0.0)
    again = [
        (o, r)
        for s, o, r in found
        if (s or 0.0) > (score or 0.0) - RIVAL and len({o.name, r.name, out.name, received.name}) == 4
    ]
    again = again or _gross_beside(bookings, out, received, found)
    if again:
        return Choice(questions=[amount_question(bookings, [out, received, *again[0]])])
    named = out.column.role("out") + received.column.role("in")
    against = out.column.role("in") + received.column.role("out")
    if named <= against or named < 0.4:
        coverage = _coverage(bookings, out, received)
        if coverage < FULL_SHARE or not out.moves.any() or not received.moves.any():
            return None
        if out.is_signed or received.is_signed:
            return None  # signs already say which way money moves
        if _has_better(bookings, numbers, out, received):
            return None
        return Choice(questions=[side_question(out, received)])
    if _is_amount_alone(out):
        return Choice(questions=[side_question(out, received)])  # beside refunds, it may be what came in
    return Choice(Movement("sides", received, out))


def _is_amount_alone(number: Amounts) -> bool:
    """Whether a name says that a column is an amount, and nothing about the side."""
    return number.column.role("amount", "gross") >= NAMED and number.column.role("out", "in") == 0


def _gross_beside(
    bookings: Bookings, out: Amounts, received: Amounts, found: list[tuple[float | None, Amounts, Amounts]]
) -> list[tuple[Amounts, Amounts]]:
    """Two sides of gross amounts in the same rows as those of net ones, where no fee lies between: then it is a tax."""
    if any(n.column.role("fee") >= NAMED for n in bookings.numbers):
        return []
    return [
        (o, r)
        for _, o, r in found
        if bool((o.moves == out.moves).all())
        and bool((r.moves == received.moves).all())
        and min(out.column.role("net"), o.column.role("gross")) > 0
    ]


def _has_better(bookings: Bookings, numbers: list[Amounts], *sides: Amounts) -> bool:
    """Whether a column that is called an amount stands beside two unnamed sides."""
    return any(n not in sides and n.column.role("amount", "net") >= 0.5 and n.moves.any() for n in numbers)


def _coverage(bookings: Bookings, out: Amounts, received: Amounts) -> float:
    return float((out.moves ^ received.moves).sum()) / max(1, bookings.count)


def _side_score(bookings: Bookings, out: Amounts, received: Amounts) -> float | None:
    """How well two columns fit as the sides of money out and in, or None if they do not."""
    roles_out, roles_in = out.column, received.column
    named = roles_out.role("out") + roles_in.role("in")
    if not (out.moves.any() and received.moves.any()) and (roles_out.role("out") < 0.4 or roles_in.role("in") < 0.4):
        return None
    unfit = ("balance", "fee", "other_number", "original", "reference", "account")
    if max(roles_out.role(*unfit) - roles_out.role("out"), roles_in.role(*unfit) - roles_in.role("in")) >= 0.5:
        return None
    coverage = _coverage(bookings, out, received)
    if coverage < 0.5 and named < 1.0:
        return None
    score = 5 * coverage + 1.6 * named - 1.6 * (roles_out.role("in") + roles_in.role("out"))
    score += 0.5 * (roles_out.role("net") + roles_in.role("net")) - 0.5 * (
        roles_out.role("gross") + roles_in.role("gross")
    )
    return score + 0.5 * (abs(out.column.index - received.column.index) == 1)
