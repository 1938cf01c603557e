"""
Suggests a plan for two tables never seen before: fields that other columns support, and passes from precise to loose.

A reference, and an amount that leads to confirmed matches, must be proved by the rows it joins. The date window is read
from such pairs. What is not proved is only suggested to a person.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from matching import columns
from matching.fields import MIN_ANCHORS, Fields, Found, Roles, find_fields
from matching.plan import (
    Accept,
    Comparison,
    Pass,
    PayoutsPass,
    Plan,
    PlanField,
    PlanInvalid,
    ProbabilisticPass,
    RulesPass,
    Signed,
)
from matching.reading.values import prepared
from matching.sample import Floats, Sample, spec_parts
from matching.sums import suggest_runs, suggest_vouchers
from matching.sums.suggest import called_for, payouts_called_for, series_called_for

__all__ = ["Roles", "suggest"]

ENOUGH_ROWS = 200  # of the smaller side, to learn from
MOST_LEARNED = 250_000  # of both sides; with more, a pass that learns compares nothing
KEY = 0.95  # share of rows whose reference no other row has
MOSTLY_EQUAL = 0.4  # share of the smaller side's rows whose partner has a unique and equal amount
WIDEST_WINDOW = 120  # days
ENOUGH_LAGS = 200  # enough to have seen the outermost lags
WEEKEND = 4  # days between lags of one run
ISLAND = 0.03  # share of lags, beyond chance, of a run away from the most frequent one that the window extends to
AROUND = 29  # days over which the chance of a lag is averaged


def suggest(
    left: pa.Table, right: pa.Table, *, left_roles: Roles | None = None, right_roles: Roles | None = None
) -> Plan:
    """
    Suggest a plan that fits both tables.

    Raises: PlanInvalid when nothing in them can be compared.
    """
    roles = (left_roles or Roles(), right_roles or Roles())
    connection = prepared(left.num_rows + right.num_rows)
    try:
        samples = Sample(connection, "l", left), Sample(connection, "r", right)
        roles = (_known(roles[0], samples[0]), _known(roles[1], samples[1]))
        fields = find_fields(*samples, roles)
        called = called_for((left, right), samples, fields)
        vouchers = (
            None
            if called is not None and called.is_enough
            else suggest_vouchers.called_for((left, right), samples, fields)
        )
        has_runs = False
        is_small = min(left.num_rows, right.num_rows) < ENOUGH_ROWS
        if called is not None and called.is_enough:
            named, passes = called.fields, called.passes
        else:
            is_told = vouchers is not None and vouchers.is_enough
            runs = suggest_runs.Called() if is_told else suggest_runs.called_for((left, right), samples, roles)
            named = _named(samples, fields, runs.fields.get("sum"))
            learns = not is_small and left.num_rows + right.num_rows <= MOST_LEARNED
            passes = [
                *_passes(*samples, fields, learns=learns),
                *runs.passes,
                *(_rest_of_few(*samples, fields) if is_small else _rest(named)),
            ]
            named, has_runs = named | runs.fields, bool(runs.passes)
            for proof in (called, vouchers):
                if proof is not None:
                    named, passes = named | proof.fields, [*proof.passes, *passes]
        # Where numbers or amounts prove what belongs together, no habits have to be learned.
        payouts = None if has_runs or vouchers is not None else payouts_called_for((left, right), samples, fields)
        is_proved = has_runs or any(proof is not None for proof in (called, vouchers, payouts))
        owed = None if is_proved else series_called_for((left, right), samples, fields, roles)
        if payouts is not None:
            # What no payout takes, such as reserves that are paid out later, may be too little to learn from.
            few = [] if is_small else [one for one in _rest_of_few(*samples, fields) if one.name == "like amount"]
            own, step = _apart(*payouts, named)
            # Numbers that payments name say more than what adds up within a branch.
            first = len(called.passes) if called is not None else 0
            named = compared_by(few, fields) | named | own
            passes = [*passes[:first], step, *passes[first:], *few]
        elif owed is not None and owed.is_enough:
            named, passes = owed.fields, owed.passes
        elif owed is not None:
            named, passes = named | owed.fields, [*owed.passes, *passes]
    finally:
        connection.close()
    if not passes:
        raise PlanInvalid(
            [("", "invalid_plan", "the two tables have no columns that can be compared; write a plan by hand")]
        )
    return Plan(fields=named, passes=tuple(passes))


def compared_by(passes: Sequence[Pass], fields: Fields) -> dict[str, PlanField]:
    """The fields that passes by rules compare. Passes that references prove come with fields of their own, which may lack them."""
    rules = [step for step in passes if isinstance(step, RulesPass)]
    compared = {comparison.field for step in rules for comparison in (*step.where, *step.score)}
    return {name: field for name, field in fields.by_name().items() if name in compared}


def _apart(
    fields: dict[str, PlanField], step: PayoutsPass, named: dict[str, PlanField]
) -> tuple[dict[str, PlanField], PayoutsPass]:
    """A pass whose fields have other names than those of other passes that read other columns."""
    names = {name: f"{name} of payout" if named.get(name, field) != field else name for name, field in fields.items()}
    parts = {part: names[name] for part, name in step.fields.items()}
    return {names[name]: field for name, field in fields.items()}, step.model_copy(update=parts)


def _named(samples: tuple[Sample, Sample], fields: Fields, total: PlanField | None) -> dict[str, PlanField]:
    """What can be compared. `total` is the amount of sums, which has to do where no amount is that of another row."""
    named = fields.by_name()
    if fields.amount is None and total is not None:
        named["amount"] = total
    for found in (columns.parts, columns.pair, columns.again):
        named |= found(*samples, named)
    return named


def _passes(left: Sample, right: Sample, fields: Fields, *, learns: bool) -> list[Pass]:
    """
    Rules that are proved, from precise to loose. The rest of the rows is better judged by all fields together.

    Args:
        learns: whether a pass follows that learns from all rows. If so, a reference is no rule by itself: what other columns
            prove may be an address or a telephone that a family shares, and without these rows little is left to learn from.
    """
    passes: list[Pass] = []
    days = _window(left, right, fields) if fields.date is not None else None
    similar = Comparison(field="party", compare="similarity", method="token_set") if fields.party else None
    by_reference, by_amount = (Comparison(field=name, compare="equal") for name in ("reference", "amount"))
    by_rule = fields.amount is not None and _decides(left, right, fields.amount)

    def add(name: str, where: list[Comparison | None], score: list[Comparison | None], accept: Accept) -> None:
        gates, scores = (tuple(c for c in part if c is not None) for part in (where, score))
        passes.append(RulesPass(name=name, kind="rules", where=gates, score=scores, accept=accept))

    if fields.reference is not None and fields.reference.is_proved and fields.amount is not None:
        add("reference and amount", [by_reference, by_amount], [similar], "confirm_if_unambiguous")
    elif fields.reference is not None and fields.reference.is_proved and not learns:
        is_key = _names_one_row(left, right, fields.reference)
        add("reference", [by_reference], [similar], "confirm_if_unambiguous" if is_key else "suggest")
    if by_rule:
        name = "amount" if days is None else f"amount within {days.from_} to {days.to} days"
        # A row that names another one's reference belongs to that one, whatever their amounts are.
        named = by_reference if fields.reference is not None and fields.reference.is_proved else None
        add(name, [by_amount, days], [similar, named], "confirm_if_unambiguous")
    if fields.reference is not None and fields.reference.is_proved and fields.amount is not None:
        add("reference, other amount", [by_reference], [similar, days], "suggest")
    return passes


def _names_one_row(left: Sample, right: Sample, reference: Found) -> bool:
    """Whether nearly every reference is that of one row."""
    for sample, side in ((left, reference.field.left), (right, reference.field.right)):
        assert not isinstance(side, Signed)
        codes = sample.codes(*spec_parts(side))
        _, rows = np.unique(codes[codes != 0], return_counts=True)
        if int((rows == 1).sum()) < KEY * int(rows.sum()):
            return False
    return True


def _decides(left: Sample, right: Sample, amount: Found) -> bool:
    """
    Whether equal amounts alone are a rule: other columns prove it, and most rows have a partner of the same amount.
    Where amounts often differ, an equal one is too often that of another row.
    """
    enough = MOSTLY_EQUAL * min(left.rows, right.rows) * max(left.rate, right.rate)
    return amount.is_proved and len(amount.anchors) >= max(MIN_ANCHORS, enough)


def _rest_of_few(left: Sample, right: Sample, fields: Fields) -> list[RulesPass]:
    """With few rows there is nothing to learn from, so the rest is suggested by rules."""
    days = (_window(left, right, fields),) if fields.date is not None else ()
    similar = (Comparison(field="party", compare="similarity", method="token_set"),) if fields.party else ()
    like = Comparison(field="party", compare="similarity", method="token_sort", minimum=0.8)
    equal, near = (
        Comparison(field="amount", compare="equal"),
        Comparison(field="amount", compare="within", percent="12"),
    )
    rules: list[tuple[str, tuple[Comparison, ...], tuple[Comparison, ...]]] = []
    if fields.reference is not None and not fields.reference.is_proved:
        by_reference = Comparison(field="reference", compare="equal")
        rules.append(("like reference", (by_reference, *((equal,) if fields.amount else ())), similar))
    if fields.amount is not None:
        rules.append(("like amount", (equal, *days), similar))
        if similar:
            rules.append(("near amount, like name", (like, near, *days), ()))
    if similar and (fields.amount is None or fields.is_party_selective):
        rules.append(("like name", (like, *days), ()))
    return [
        RulesPass(name=name, kind="rules", where=where, score=score, accept="suggest") for name, where, score in rules
    ]


def _known(roles: Roles, sample: Sample) -> Roles:
    """The roles of a side; if nothing is known of it, the one column of currency codes or else of amounts that name them."""
    if roles != Roles():
        return roles
    for kind in ("code", "amount"):
        names = [one.name for one in sample.columns if one.profile is not None and one.profile.currency == kind]
        if len(names) == 1:
            return Roles(currency=names[0])
    return roles


def _rest(fields: dict[str, PlanField]) -> list[Pass]:
    """What no rule decides is weighed by all fields together."""
    if not fields:
        return []
    names = tuple(fields)
    return [
        ProbabilisticPass(
            name="what is left", kind="probabilistic", fields=names, accept="suggest", confirm_at_margin="high"
        )
    ]


def _window(left: Sample, right: Sample, fields: Fields) -> Comparison:
    """The lags, in days right minus left, that stand out among anchors compared with the control."""
    field, anchors = fields.date, fields.anchors
    assert field is not None
    a, b = left.column(str(field.left)), right.column(str(field.right))
    assert a is not None
    assert b is not None
    first, second = left.days(a), right.days(b)
    if anchors is None:
        return Comparison(field="date", compare="days", from_=-7, to=7)
    lags, control = (
        _lags(first[anchors.left], second[rows]) for rows in (anchors.right, anchors.against_random().other)
    )
    if len(lags) < MIN_ANCHORS:
        return Comparison(field="date", compare="days", from_=-7, to=7)
    reach = 3 * WIDEST_WINDOW
    counts, chance = (np.bincount(found + reach, minlength=2 * reach + 1) for found in (lags, control))
    peak = int(np.argmax(counts)) - reach
    # The number of pairs that chance gives each lag: the control averaged over nearby days, scaled by how many lags far
    # from the peak are chance.
    far = np.abs(np.arange(-reach, reach + 1) - peak) > WIDEST_WINDOW // 2
    scale = min(1.0, counts[far].sum() / max(1, chance[far].sum()))
    expected = scale * np.convolve(chance, np.full(AROUND, 1 / AROUND), mode="same")
    floor = np.maximum(np.maximum(expected + 3 * np.sqrt(expected), 0.002 * len(lags)), 1.0)
    strong = {peak, *(int(lag) - reach for lag in np.flatnonzero(counts >= floor))}
    excess = counts - expected
    # Terms of payment, such as 14 and 30 days, leave gaps of any length between lags that are as usual. If the window ended
    # at the first gap, a row whose partner is beyond would take that of another month.
    islands = [
        lags_
        for lags_ in _islands(sorted(strong))
        if peak in lags_ or sum(float(excess[lag + reach]) for lag in lags_) >= ISLAND * len(lags)
    ]
    low, high = islands[0][0], islands[-1][-1]
    if high - low > WIDEST_WINDOW:
        low, high = (int(q) for q in np.quantile(lags, (0.02, 0.98)))
    # With few lags the outermost may not have been seen, and a partner outside the window would leave its row to a
    # wrong one.
    margin = int(len(lags) < ENOUGH_LAGS)
    return Comparison(field="date", compare="days", from_=low - margin, to=high + margin)


def _islands(lags: list[int]) -> list[list[int]]:
    """Runs of lags with no gap that is longer than a weekend."""
    found: list[list[int]] = []
    for lag in lags:
        if found and lag - found[-1][-1] <= WEEKEND:
            found[-1].append(lag)
        else:
            found.append([lag])
    return found


def _lags(left: Floats, right: Floats) -> Any:
    lags = right - left
    lags = lags[~np.isnan(lags)]
    return lags[np.abs(lags) <= 3 * WIDEST_WINDOW].astype(np.int64)
