"""A plan in plain words: a sentence for each pass."""

from collections.abc import Sequence
from typing import assert_never

from matching.plan import (
    Comparison,
    Extracted,
    FeeModel,
    NamedPass,
    Pass,
    PayoutsPass,
    Plan,
    RunsPass,
    SumsPass,
    column_of,
)

_ACCEPTED = {
    "confirm": "Matches are confirmed, unless another one is nearly as likely.",
    "confirm_if_unambiguous": "Clear matches are confirmed; the others are suggested.",
    "confirm_if_unique": "A match is confirmed if there is no other reading; otherwise it is suggested.",
    "suggest": "Matches are only suggested.",
    "report": "What is found is only reported, and stays open.",
}
_LIKE = {
    "token_set": "share their words",
    "token_sort": "have the same words in any order",
    "partial": "contain each other",
    "jaro_winkler": "begin alike",
    "ratio": "are spelled alike",
}


def sentences_of(plan: Plan) -> list[str]:
    """What each pass does, in the order in which they run."""
    return [f"{step.name}: {_sentence(plan, step).strip()}" for step in plan.passes]


def numbered(plan: Plan) -> str:
    """The same as lines with numbers."""
    return "".join(f"{number}. {sentence}\n" for number, sentence in enumerate(sentences_of(plan), 1))


def _sentence(plan: Plan, step: Pass) -> str:
    accepted = _ACCEPTED.get(step.accept, "")
    if step.kind == "rules":
        gates = _joined([_gate(plan, gate) for gate in step.where])
        scored = list(dict.fromkeys(_columns(plan, one.field) for one in step.score))
        weighed = f" Of several candidates, {_joined(scored)} decide." if scored else ""
        return f"Two open records match if {gates}.{weighed} {accepted}"
    if step.kind == "probabilistic":
        fields = _joined([_columns(plan, name) for name in step.fields])
        sure = " Those that are nearly certain are confirmed." if step.confirm_at_margin == "high" else ""
        return f"What is still open is paired by how alike {fields} are, which is learned from the records. {accepted}{sure}"
    if step.kind == "sums":
        bound = f"Up to {step.max_parts} open records of one side"
        amount = _columns(plan, step.amount)
        sums = f"{bound} match one of the other if their amounts come to its amount ({amount}){_less_fees(step)}"
        unnamed = " Records that name nobody are tried last." if step.unnamed else ""
        return f"{sums}, and {_named(plan, step)}.{unnamed} {accepted}"
    if step.kind == "payouts":
        return f"{_payouts(plan, step)} {accepted}"
    if step.kind == "series":
        other = {"left": "right", "right": "left"}[step.owed]
        names = [name for name in (step.party, step.reference) if name is not None]
        named, named_by = (" or ".join(_on(plan, name, side) for name in names) for side in (step.owed, other))
        pays = f"Each record on the {other} matches the open record on the {step.owed}, or several that follow each other, whose"
        days = f"whose days ({_on(plan, step.date, step.owed)}) fit best of all that come to its amount"
        learned = "Who pays for whom, and how many days later, is learned."
        return f"{pays} {named} its {named_by} names, and {days} ({_columns(plan, step.amount)}). {learned} {accepted}"
    if step.kind == "runs":
        return f"{_runs(plan, step)} {accepted}"
    if step.kind == "vouchers":
        number, text = (_columns(plan, name) for name in (step.number, step.text))
        whole = f"All open records of one side with one number ({number}) and day"
        sums = f"{whole} match those of the other side that come to the same amount ({_columns(plan, step.amount)})"
        return (
            f"{sums}, and that they name, or that name the same numbers ({text}), or that alone come to it. {accepted}"
        )
    if step.kind == "within_side":
        found = {
            "duplicates": "Records of one side that were booked twice join the match of their twin",
            "reversals": "Records of one side that reverse each other match",
        }
        return f"{'. '.join(found[kind] for kind in step.find)}, where {_named(plan, step)}. {accepted}"
    assert_never(step)


def _named(plan: Plan, step: NamedPass) -> str:
    """What has to show that rows belong together."""
    names = [_columns(plan, name) for name in (step.reference, step.party) if name is not None]
    return f"{' or '.join(names)} {'say' if len(names) == 1 else 'says'} that they belong together"


def _payouts(plan: Plan, step: PayoutsPass) -> str:
    """Whose rows are paid, and less what."""
    other = {"left": "right", "right": "left"}[step.parts]
    same = f" with one {_on(plan, step.by, step.parts)}" if step.by is not None else ""
    kinds = f", which may differ by {_on(plan, step.fee_by, step.parts)}" if step.fee_by is not None else ""
    days = f"All open records on the {step.parts}{same}, of some days in a row ({_on(plan, step.date, step.parts)}),"
    sums = f"{days} match a record on the {other} if their amounts come to its amount ({_columns(plan, step.amount)})"
    found = f"{sums}, less fees that are learned{kinds}."
    if step.by is None:
        return found
    return f"{found} Which {_on(plan, step.by, other)} pays which {_on(plan, step.by, step.parts)} is learned, too."


def _runs(plan: Plan, step: RunsPass) -> str:
    """What a run is, and what becomes a match."""
    parts = "right" if step.total == "left" else "left"
    assert step.date is not None
    amount, date, total = (
        _column(getattr(plan.fields[name], side))
        for name, side in ((step.amount, parts), (step.date, parts), (step.amount, step.total))
    )
    keys = [_column(getattr(plan.fields[name], parts)) for name in step.by]
    alike = f", with the same {_joined(keys)}," if keys else ""
    span = "of one day" if step.max_days == 1 else f"that follow each other within {step.max_days} days"
    if step.gross is not None:
        share = f", less a share of {_column(getattr(plan.fields[step.gross], parts))} that is learned"
    else:
        share = ""
    return (
        f"Open records on the {parts} {span} by {date}{alike} match one on the {step.total} if the sum of {amount} is its {total}{share}."
        " Each run begins where the last one ended, wherever that explains most."
    )


def _less_fees(step: SumsPass) -> str:
    if step.fees == "learned":
        return ", less fees that are learned from references"
    return f", less a fee of {' or '.join(_fee(fee) for fee in step.fees)}" if step.fees else ""


def _fee(fee: FeeModel) -> str:
    parts = [f"{fee.percent} %"] if float(fee.percent) else []
    parts += [f"{fee.fixed} for each {'record' if fee.per == 'part' else 'payment'}"] if float(fee.fixed) else []
    parts += [f"a reserve of {fee.reserve} %"] if float(fee.reserve) else []
    return " and ".join(parts) or "nothing"


def _gate(plan: Plan, gate: Comparison) -> str:
    columns = _columns(plan, gate.field)
    if gate.compare == "equal":
        return f"{columns} are equal"
    if gate.compare == "days":
        left, right = (_column(getattr(plan.fields[gate.field], side)) for side in ("left", "right"))
        return f"{right} on the right is {_lag(gate.from_ or 0, gate.to or 0)} {left} on the left"
    if gate.compare == "within":
        bounds = [f"{gate.percent} %"] if gate.percent is not None else []
        bounds += [f"{gate.absolute}"] if gate.absolute is not None else []
        return f"{columns} differ by at most {' or '.join(bounds)}{', whichever is more' if len(bounds) > 1 else ''}"
    least = f", to at least {gate.minimum * 100:g} %" if gate.minimum is not None else ""
    return f"{columns} {_LIKE[gate.method]}{least}"


def _lag(low: int, high: int) -> str:
    if low == high:
        return "the same day as" if low == 0 else f"{_days(abs(low))} {'later' if low > 0 else 'earlier'} than"
    if low >= 0:
        return f"{low} to {high} days later than"
    if high <= 0:
        return f"{-high} to {-low} days earlier than"
    if low == -high:
        return f"at most {_days(high)} earlier or later than"
    return f"at most {_days(-low)} earlier and {_days(high)} later than"


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"


def _columns(plan: Plan, name: str) -> str:
    """The two columns of a field, by their names."""
    field = plan.fields[name]
    left, right = (_column(spec) for spec in (field.left, field.right))
    return f"{left} on the left and {right} on the right"


def _on(plan: Plan, name: str, side: str) -> str:
    """The column of a field on one side, by its name."""
    return _column(getattr(plan.fields[name], side))


def _column(spec: object) -> str:
    found = f"\u201c{column_of(spec)}\u201d"
    if isinstance(spec, Extracted):
        return f"what {spec.extract} finds in {found}"
    return f"{found} with the other sign" if getattr(spec, "negate", False) else found


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else ", and ".join((", ".join(parts[:-1]), parts[-1]))
