"""One pass that finds sums: from the open rows of both sides to groups that are certain enough, with their reasons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import log2

from matching.groups import MILLI, Budget, Group, Grouped, Line, bits_of
from matching.plan import FeeModel, SumsPass
from matching.sides import Sides
from matching.sums import read, rows, solve
from matching.sums.fees import NO_FEE, Fee
from matching.sums.read import Named
from matching.sums.rows import Ledgers
from matching.sums.solve import Solver

MAX_ROWS = 250_000  # of both sides; more are not looked at
CONFIRMED_ERROR = 5e-4  # the share of what is confirmed that may be wrong
ALL_ERROR = 1e-3  # the same for all that is found
WORST = 0.2  # the chance of being wrong of anything that is suggested
SHOWN = 8  # values in a line of an explanation


def find(sides: Sides, step: SumsPass, budget: Budget) -> Grouped:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`).

    Everything is decided by counts and in the order of the rows' content.

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    found: list[tuple[solve.Group, Named, Ledgers]] = []
    looked_at = out = 0
    by_currency = rows.read(sides, step, budget.remainders)
    total, before = sum(len(side) for ledgers in by_currency for side in ledgers.sides), 0
    for ledgers in by_currency:
        size = sum(len(side) for side in ledgers.sides)
        part, before = (before / max(total, 1), size / max(total, 1)), before + size
        if not all(len(side) for side in ledgers.sides):
            continue
        if size > MAX_ROWS:
            out += size
            continue
        named = read.of(ledgers)
        budget.check()
        solver = Solver(named.a, named.b, named.naming, _options(step, ledgers, budget, part))
        found += [(group, named, ledgers) for group in solver.solve()]
        looked_at += solver.looked_at
        out += len(solver.out_of_budget)
    found = [one for one in found if not budget.is_rejected(*one[1].sides(one[0].a, one[0].b))]
    found.sort(key=lambda one: (one[0].error, one[1].sides(one[0].a, one[0].b)))
    kept = _kept(found)
    # Where other rows of a price list may have come to a total, it is only suggested.
    kept.sort(key=lambda one: (one[0].error_at_most, one[1].sides(one[0].a, one[0].b)))
    sure = prefix([group.error_at_most for group, _, _ in kept], CONFIRMED_ERROR)
    groups = [_explained(*one, step, is_sure=n < sure) for n, one in enumerate(kept)]
    return Grouped(groups, looked_at, out)


def _kept(found: list[tuple[solve.Group, Named, Ledgers]]) -> list[tuple[solve.Group, Named, Ledgers]]:
    errors = [group.error for group, _, _ in found if group.error <= WORST]
    return found[: max(prefix(errors, ALL_ERROR), prefix(errors, CONFIRMED_ERROR))]


def prefix(errors: list[float], share: float) -> int:
    """How many of the surest groups can be taken so that their errors sum up to at most a share of them."""
    total, longest = 0.0, 0
    for n, error in enumerate(errors, 1):
        total += error
        if total <= share * n:
            longest = n
    return longest


def _options(step: SumsPass, ledgers: Ledgers, budget: Budget, part: tuple[float, float]) -> solve.Options:
    """`part` is the share of the pass's rows that come before this currency, and its own."""
    given = None if step.fees == "learned" else tuple(_given(fee, ledgers.scale) for fee in step.fees)
    return solve.Options(
        most_parts=step.max_parts,
        fees=given,
        work=step.max_sums,
        unnamed=step.unnamed,
        check=budget.check,
        tell=lambda done: budget.tell("comparing", part[0] + part[1] * done),
    )


def _given(fee: FeeModel, scale: int) -> Fee:
    fixed = round(float(fee.fixed) * 10**scale)
    percent, reserve = (round(float(text) * 100) for text in (fee.percent, fee.reserve))
    return Fee(percent, fixed, fee.per == "part", fee.rounded == "part", fee.refunds_bear, reserve)


# -- explanations ----------------------------------------------------------------------------------------------------


def _explained(group: solve.Group, named: Named, ledgers: Ledgers, step: SumsPass, *, is_sure: bool) -> Group:
    left, right = named.sides(group.a, group.b)
    score = bits_of(group.error_at_most)
    a, b = [int(named.a.amount[n]) for n in group.a], [int(named.b.amount[n]) for n in group.b]
    sums = [" + ".join(few([f"{ledgers.decimal(one)}" for one in part])) for part in (a, b)]
    amount = min(-log2(max(group.density, 1e-9)), 30.0) if group.density else score / MILLI / 2
    weight = round(amount * MILLI)
    lines = [_line(step.amount, "sum", sums, weight, named)]
    rest = score - weight
    if group.named and step.reference is not None:
        texts = [_texts(named.a.reference, group.a), _texts(named.b.reference, group.b)]
        lines.append(_line(step.reference, "named", texts, 0, named))
    if step.party is not None and group.how != "day":
        texts = [_texts(named.a.party, group.a), _texts(named.b.party, group.b)]
        lines.append(_line(step.party, "named", texts, 0, named))
    if step.date is not None:
        days = [days_text(side.day[list(part)].tolist()) for side, part in ((named.a, group.a), (named.b, group.b))]
        lines.append(_line(step.date, "days", days, 0, named))
    if group.fee != NO_FEE:
        kept = ledgers.decimal(sum(a) - sum(b))
        lines.append(_line("fee", "fee", [describe(group.fee, ledgers), f"{kept}"], 0, named))
    chosen = f"{len(a) + len(b) - 1} of {group.pool} open rows" if group.pool else None
    expected = f"{group.chance:.2g} other sums expected by chance, {group.error_at_most:.2g} likely to be wrong"
    lines.append(_line("choice", "chance", [chosen, expected], 0, named))
    at = 1 if group.named and step.reference is not None else len(lines) - 1  # what the other bits come from
    lines[at] = replace(lines[at], weight=rest)
    difference = ledgers.decimal(sum(a) - sum(b))
    return Group(left, right, is_sure, score, -difference if named.is_turned else difference, tuple(lines))


def describe(fee: Fee, ledgers: Ledgers) -> str:
    """A fee in words."""
    parts = []
    if fee.percent:
        parts.append(f"{fee.percent / 100:.2f} %" + (" of each part" if fee.rounded_by_part else ""))
    if fee.fixed:
        parts.append(f"{ledgers.decimal(fee.fixed)}" + (" for each part" if fee.per_part else ""))
    if fee.reserve:
        parts.append(f"a reserve of {fee.reserve / 100:.2f} %")
    return " and ".join(parts)


def _line(field: str, compare: str, values: Sequence[str | None], weight: int, named: Named) -> Line:
    left, right = values[::-1] if named.is_turned else values
    return Line(field, compare, left, right, weight)


def _texts(values: rows.Texts, chosen: tuple[int, ...]) -> str:
    return ", ".join(few(sorted({values[n] or "" for n in chosen} - {""})))


def few(values: list[str]) -> list[str]:
    """The values, or the first ones and how many more there are."""
    return values if len(values) <= SHOWN else [*values[: SHOWN - 1], f"{len(values) - SHOWN + 1} more"]


def days_text(days: list[float]) -> str | None:
    """A day, or the first and the last one."""
    known = sorted({date(1970, 1, 1) + timedelta(days=day) for day in days if day == day})
    if not known:
        return None
    return f"{known[0]}" if len(known) == 1 else f"{known[0]} to {known[-1]}"
