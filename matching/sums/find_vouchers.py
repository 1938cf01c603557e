"""One pass that finds vouchers which two books have in common: from the open rows to groups. See vouchers.py."""

from dataclasses import dataclass

from matching.groups import Budget, Group, Grouped, Line, bits_of
from matching.plan import VouchersPass
from matching.sides import Sides
from matching.sums import rows
from matching.sums.find import CONFIRMED_ERROR, MAX_ROWS, days_text, few, prefix
from matching.sums.rows import Ledgers
from matching.sums.vouchers import Shared, Solver


@dataclass(frozen=True)
class _Found:
    one: Shared
    ledgers: Ledgers

    @property
    def places(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The positions of the rows."""
        left, right = self.ledgers.sides
        return (
            tuple(sorted(left.place[list(self.one.left)].tolist())),
            tuple(sorted(right.place[list(self.one.right)].tolist())),
        )


def find(sides: Sides, step: VouchersPass, budget: Budget) -> Grouped:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`).

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    found: list[_Found] = []
    looked_at = 0
    by_currency, out = rows.read_within(sides, step, budget.remainders, MAX_ROWS)
    for ledgers in by_currency:
        solver = Solver(*ledgers.sides, budget.check)
        found += [_Found(one, ledgers) for one in solver.solve()]
        looked_at += sum(len(vouchers) for vouchers in solver.vouchers)
    found = [one for one in found if not budget.is_rejected(*one.places)]
    found.sort(key=lambda one: (one.one.how == "slip", one.one.error, one.places))
    sure = prefix([one.one.error for one in found if one.one.how != "slip"], CONFIRMED_ERROR)
    return Grouped([_explained(one, step, is_sure=n < sure) for n, one in enumerate(found)], looked_at, out)


def _explained(found: _Found, step: VouchersPass, *, is_sure: bool) -> Group:
    one, ledgers = found.one, found.ledgers
    parts = tuple(zip(ledgers.sides, (one.left, one.right), strict=True))
    score = bits_of(one.error)
    amounts = [[int(side.amount[n]) for n in part] for side, part in parts]
    sums = [" + ".join(few([f"{ledgers.decimal(units)}" for units in part])) for part in amounts]
    numbers, texts = (
        [", ".join(few(sorted({column[n] or "" for n in part} - {""}))) or None for column, part in columns]
        for columns in (
            [(side.reference, part) for side, part in parts],
            [(side.party, part) for side, part in parts],
        )
    )
    days = [days_text(side.day[list(part)].tolist()) for side, part in parts]
    by_number = round(score / 2) if one.numbers else 0
    lines = [
        Line(step.amount, "sum", sums[0], sums[1], score - by_number),
        Line(step.number, "named", numbers[0], numbers[1], by_number),
        Line(step.text, "named", texts[0], texts[1], 0),
    ]
    if step.date is not None:
        lines.append(Line(step.date, "days", days[0], days[1], 0))
    both = f"both have {', '.join(few(list(one.numbers)))}" if one.numbers else f"one of {one.pool} of these days"
    expected = f"{one.chance:.2g} others expected by chance, {one.error:.2g} likely to be wrong"
    lines.append(Line("choice", "chance", both, expected, 0))
    difference = ledgers.decimal(sum(amounts[0]) - sum(amounts[1]))
    return Group(*found.places, is_sure, score, difference, tuple(lines))
