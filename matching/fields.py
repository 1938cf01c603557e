"""
The fields of two samples: which columns on both sides mean the same.

Nothing is concluded from a name or an overlap alone. A pair of columns is judged by the rows that it joins
(anchors.py).
"""

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.fuzz import ratio

from core.money import NO_CURRENCY
from matching import anchors as evidence
from matching.anchors import Anchors
from matching.normalise import quoted
from matching.plan import Column, Extracted, Plan, PlanField, Signed, column_of
from matching.sample import Hashes, Sample, SampleColumn, spec_parts

MIN_REFERENCE_HITS = 0.05  # share of rows whose reference is found on the other side
MIN_SELECTIVE = 0.5  # distinct values per row that a reference must have
MIN_OVERLAP = 0.02  # for amounts, above what remains after a shift
BY_CHANCE = 0.7  # if this share of an overlap or of hits remains after a shift, it says nothing
MIN_ANCHORS = 20
MIN_PARTY_BITS = 0.3  # what a text must say about a true pair, on average
MIN_COSINE = 0.05  # for the words of two texts, if there is nothing better to go by
MIN_LAG_AGREEMENT = 0.1  # for two dates, if it can be known
ROLE = 0.03  # bonus per side when the mapping names this column
MAX_COLUMNS = 12  # columns per kind and side that are tried
MAX_EXTRACTED = 6  # codes that are searched for in texts, and texts that are searched


@dataclass(frozen=True)
class Roles:
    """What is known about a side's columns."""

    amount: str | None = None
    currency: str | None = None
    currency_value: str | None = None
    date: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class Found:
    """A field, the pairs of rows that it forms by itself, and whether other columns prove them."""

    field: PlanField
    anchors: Anchors
    is_proved: bool


@dataclass(frozen=True)
class Fields:
    """What two samples have in common."""

    reference: Found | None
    amount: Found | None
    date: PlanField | None
    party: PlanField | None
    is_party_selective: bool  # whether most of its values identify one row

    @property
    def anchors(self) -> Anchors | None:
        """The pairs that the other fields are learned from: those of a field that other columns prove."""
        found = [f for f in (self.reference, self.amount) if f is not None and f.is_proved]
        return next((f.anchors for f in found if len(f.anchors) >= MIN_ANCHORS), None)

    def by_name(self) -> dict[str, PlanField]:
        fields = {
            "amount": self.amount.field if self.amount else None,
            "date": self.date,
            "reference": self.reference.field if self.reference else None,
            "party": self.party,
        }
        return {name: field for name, field in fields.items() if field is not None}


def find_fields(left: Sample, right: Sample, roles: tuple[Roles, Roles]) -> Fields:
    """Find the fields, the reference first: it uses up its columns, and the rows it joins reveal the other fields."""
    reference = _reference(left, right)
    amount = _amount(left, right, roles, reference)
    known = Fields(reference, amount, None, None, is_party_selective=False)
    date = _date(left, right, roles, known)
    used = _used(known.by_name(), with_extracted=False), _used({"date": date} if date else {}, with_extracted=True)
    taken = (used[0][0] | used[1][0], used[0][1] | used[1][1])
    party, is_selective = _party(left, right, roles, known, taken)
    return Fields(reference, amount, date, party, is_selective)


def _used(fields: dict[str, PlanField], *, with_extracted: bool) -> tuple[set[str], set[str]]:
    """
    Columns of both sides that are used as a whole. A column that a reference is extracted from can still serve another
    field.
    """
    left, right = (
        {
            column_of(getattr(field, side))
            for field in fields.values()
            if with_extracted or not isinstance(getattr(field, side), Extracted)
        }
        for side in ("left", "right")
    )
    return left, right


# -- amount ------------------------------------------------------------------------------------------------------------


def _amount(left: Sample, right: Sample, roles: tuple[Roles, Roles], reference: Found | None) -> Found | None:
    """
    The pair of columns whose values overlap most beyond chance, or agree most on rows that a reference joins.

    The mapping serves as a hint, for example when there are net and gross amounts.
    """
    used = _used({"reference": reference.field} if reference else {}, with_extracted=True)
    known = evidence.few(reference.anchors) if reference is not None and reference.is_proved else None
    columns = numeric(left, used[0], roles[0].amount), numeric(right, used[1], roles[1].amount)
    distinct = [
        {c.name: evidence.distinct(sample.amounts(c)) for c in side}
        for sample, side in zip((left, right), columns, strict=True)
    ]
    counted = [
        {c.name: evidence.counted(sample.amounts(c)) for c in side}
        for sample, side in zip((left, right), columns, strict=True)
    ]
    best: tuple[float, bool, SampleColumn, SampleColumn, bool] | None = None
    for a in columns[0]:
        for b in columns[1]:
            named = (a.name == roles[0].amount) + (b.name == roles[1].amount)
            x = left.amounts(a)
            for negate in (False, True):
                y = -right.amounts(b) if negate else right.amounts(b)
                agreed = evidence.equal_amounts(x, y, known) if known is not None else 0.0
                ordered = -distinct[1][b.name][::-1] if negate else distinct[1][b.name]
                share, chance = evidence.overlap(distinct[0][a.name], ordered)
                told = share - chance if chance <= BY_CHANCE * share else 0.0
                # Of columns whose overlap is no chance, those count by which most rows have partners. An amount in or out
                # alone has its own overlap, but leaves out the rows of the other direction.
                values, counts = counted[1][b.name]
                of_b = (-values, counts) if negate else (values, counts)
                common = evidence.rows_in_common(counted[0][a.name], of_b) if told > 0 else 0
                rows = common / max(1, min(left.rows, right.rows))
                # Ties go to the columns the mapping names, then to those written like amounts, then to the earlier
                # ones.
                score = (
                    max(rows * told / max(share, 1e-9), agreed)
                    + ROLE * named
                    + 0.01 * (a.kind == b.kind == "amount")
                    - 0.005 * negate
                )
                if best is None or score > best[0]:
                    best = (score, max(told, agreed) >= MIN_OVERLAP or named == 2, a, b, negate)
    if best is None or not best[1]:
        return None
    _, _, a, b, negate = best
    side: Column = Signed(column=b.name, negate=True) if negate else b.name
    field = PlanField(type="money", left=a.name, right=side, currency=currency_of(roles))
    x, y = left.amounts(a), right.amounts(b)
    anchors = evidence.anchors_of(x, -y if negate else y)
    proof = evidence.witness(left, right, anchors, (a.name, b.name))
    return Found(field, anchors, evidence.is_proof(proof, anchors))


def numeric(sample: Sample, used: set[str], role: str | None) -> list[SampleColumn]:
    """Columns that may be amounts. Whole numbers of one length are postal codes or years, unless the mapping names them."""
    found = [
        c
        for c in sample.columns
        if c.kind in ("amount", "number")
        and not c.is_running
        and c.name not in used
        and (not c.is_of_one_length or c.name == role)
    ]
    return sorted(found, key=lambda c: c.name != role)[:MAX_COLUMNS]


def currency_of(roles: tuple[Roles, Roles]) -> Any:
    """The currency, if both sides have one: a side without a currency is comparable with any."""
    sides: dict[str, Any] = {}
    for name, side in zip(("left", "right"), roles, strict=True):
        if side.currency is not None:
            sides[name] = side.currency
        elif side.currency_value not in (None, NO_CURRENCY):
            sides[name] = {"value": side.currency_value}
    return sides if len(sides) == 2 else None


def with_currencies(plan: Plan, roles: tuple[Roles, Roles]) -> Plan:
    """
    The plan with the currencies that both sides' amounts are known to be in, where it does not name them itself. A plan that
    says nothing of currencies does not mean that they are the same.
    """
    known = currency_of(roles)
    if known is None:
        return plan
    fields = {
        name: PlanField.model_validate({**field.model_dump(by_alias=True), "currency": known})
        if field.type == "money"
        and field.currency is None
        and tuple(column_of(spec) for spec in (field.left, field.right)) == tuple(side.amount for side in roles)
        else field
        for name, field in plan.fields.items()
    }
    return plan.model_copy(update={"fields": fields})


# -- date --------------------------------------------------------------------------------------------------------------


def _date(left: Sample, right: Sample, roles: tuple[Roles, Roles], known: Fields) -> PlanField | None:
    """The pair of dates that are closest together on anchors, or, without anchors, whose days overlap most."""
    anchors = known.anchors
    # Records are often numbered by date, so neighbours have close dates too and are no control here.
    some = evidence.few(anchors).against_random() if anchors is not None else None
    best: tuple[float, float, str, str] | None = None
    for a in _dated(left, roles[0].date):
        for b in _dated(right, roles[1].date):
            x, y = left.days(a), right.days(b)
            told = (
                evidence.overlap(evidence.distinct(x), evidence.distinct(y))[0]
                if some is None
                else evidence.lag_agreement(x, y, some)
            )
            score = told + ROLE * ((a.name == roles[0].date) + (b.name == roles[1].date))
            if best is None or score > best[0]:
                best = (score, told, a.name, b.name)
    if best is None or (some is not None and best[1] < MIN_LAG_AGREEMENT):
        return None
    return PlanField(type="date", left=best[2], right=best[3])


def _dated(sample: Sample, role: str | None) -> list[SampleColumn]:
    """Date columns whose order of day and month is known."""
    found = [c for c in sample.columns if c.kind == "date" and (c.profile is None or c.profile.date_order is not None)]
    return sorted(found, key=lambda c: c.name != role)[:MAX_COLUMNS]


# -- reference ---------------------------------------------------------------------------------------------------------


def _reference(left: Sample, right: Sample) -> Found | None:
    """
    Equal codes on both sides, or a code on one side that is found inside a text on the other.

    The best reference is the one that joins most rows that agree in other columns. If nothing else can be compared,
    codes found far more often than chance would explain are used, but their matches are only suggested.
    """
    best: tuple[float, Found] | None = None
    for a, b in _code_pairs(left, right):
        found = _tried(left, right, a, b)
        # A pattern must find clearly more: it also extracts the same code from a column of codes.
        if found is not None and (best is None or found[0] > best[0] * 1.02 + 1e-9):
            best = found
    return None if best is None else best[1]


def _code_pairs(left: Sample, right: Sample) -> list[tuple[str | Extracted, str | Extracted]]:
    codes = [[c for c in side.columns if c.is_code][:MAX_COLUMNS] for side in (left, right)]
    texts = [[c for c in side.columns if c.kind == "text"][:MAX_COLUMNS] for side in (left, right)]
    pairs: list[tuple[str | Extracted, str | Extracted]] = [(a.name, b.name) for a in codes[0] for b in codes[1]]
    for side, sample in ((0, left), (1, right)):
        for code in codes[side][:MAX_EXTRACTED]:
            pattern = _pattern(sample, code)
            if pattern is None:
                continue
            for text in texts[1 - side][:MAX_EXTRACTED]:
                extracted = Extracted(from_=text.name, extract=pattern)
                pairs.append((code.name, extracted) if side == 0 else (extracted, code.name))
    return pairs


def _tried(left: Sample, right: Sample, a: str | Extracted, b: str | Extracted) -> tuple[float, Found] | None:
    """A reference, and the share of rows it joins correctly: 1 and more if that is proved, otherwise less."""
    (name, pattern), (other, other_pattern) = spec_parts(a), spec_parts(b)
    x, y = left.codes(name, pattern), right.codes(other, other_pattern)
    share = _hits(x, y, left.rate, right.rate)
    if share < MIN_REFERENCE_HITS:
        return None
    numbers = left.numbers(name, pattern)
    anchors = evidence.anchors_of(x, y, numbers)
    agreed = evidence.witness(left, right, anchors, (name, other))
    field = PlanField(type="reference", left=a, right=b)
    if evidence.is_proof(agreed, anchors):
        return 1 + share * agreed, Found(field, anchors, is_proved=True)
    chance = _shifted_hits(left, right, (name, pattern), (other, other_pattern))
    if chance > BY_CHANCE * share:
        return None
    return share - chance, Found(field, anchors, is_proved=False)


def _hits(a: Hashes, b: Hashes, a_rate: float, b_rate: float) -> float:
    """
    The share of rows, on the side with fewer, whose code also occurs on the other side; 0 unless one side's codes are
    selective.
    """
    x, y = np.unique(a[a != 0]), np.unique(b[b != 0])
    if not len(x) or not len(y):
        return 0.0
    if len(x) < MIN_SELECTIVE * (a != 0).sum() and len(y) < MIN_SELECTIVE * (b != 0).sum():
        return 0.0
    shared = np.intersect1d(x, y, assume_unique=True)
    # A sample contains the partner of a row as often as it contains any row.
    rows, rate = (a, b_rate) if len(a) <= len(b) else (b, a_rate)
    return min(1.0, float(np.isin(rows, shared).sum()) / rate / len(rows))


def _shifted_hits(left: Sample, right: Sample, a: tuple[str, str | None], b: tuple[str, str | None]) -> float:
    """The share of a side's numbers that are still found after a small shift, which is due to chance."""
    x, y = evidence.distinct(left.numbers(*a)), evidence.distinct(right.numbers(*b))
    return evidence.overlap(x, y)[1]


def _pattern(sample: Sample, column: SampleColumn) -> str | None:
    """A regular expression for the shape of a code column: its letters, separators and runs of digits."""
    name = quoted(column.name)
    rows = sample.connection.execute(
        f"SELECT regexp_replace({name}, '[0-9]+', '#', 'g') AS shape, count(*) AS n, "
        f"min(length(regexp_extract({name}, '[0-9]+'))) AS low, max(length(regexp_extract({name}, '[0-9]+'))) AS high "
        f"FROM {sample.name} WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY n DESC, shape LIMIT 1"
    ).fetchall()
    if not rows or rows[0][1] < 0.6 * column.filled or column.distinct < MIN_SELECTIVE * column.filled:
        return None
    shape, _, low, high = rows[0]
    if "#" not in shape or len(shape) > 40:
        return None
    if shape.strip("#") == "" and (low or 0) < 5:
        return None  # short bare numbers occur everywhere in texts
    parts = []
    for piece in re.split("(#)", shape):
        if piece == "#":
            parts.append("[0-9]+" if shape.count("#") > 1 or low != high else f"[0-9]{{{low}}}")
        elif piece:
            # A memo may drop or change the separators between letters and digits.
            parts.append(re.sub(r"(?:\\?[-_/. ])+", "[-_/. ]?", re.escape(piece)))
    return "(?i)" + "".join(parts)


# -- party -------------------------------------------------------------------------------------------------------------


def _party(
    left: Sample, right: Sample, roles: tuple[Roles, Roles], known: Fields, used: tuple[set[str], set[str]]
) -> tuple[PlanField | None, bool]:
    """The pair of texts that says most about which rows belong together, and whether its values are selective."""
    anchors = known.anchors
    best: tuple[float, SampleColumn, SampleColumn] | None = None
    for a in _texts(left, roles[0], used[0]):
        for b in _texts(right, roles[1], used[1]):
            if anchors is not None:
                told = evidence.text_bits(left, right, a, b, anchors)
            else:
                told = _likeness(left, right, a, b)
            if best is None or told > best[0]:
                best = (told, a, b)
    if best is None or best[0] < (MIN_PARTY_BITS if anchors is not None else MIN_COSINE):
        return None, False
    _, a, b = best
    return PlanField(type="text", left=a.name, right=b.name), a.is_selective and b.is_selective


def _texts(sample: Sample, roles: Roles, used: set[str]) -> list[SampleColumn]:
    """Text columns that may say whom or what a row is about, not currency codes and not the row's own identifier."""
    found = [
        c
        for c in sample.columns
        if c.kind == "text"
        and c.name not in used
        and c.name != roles.currency
        and c.distinct >= 3
        and not c.is_id
        and (c.profile is None or c.profile.currency is None)
    ]
    return found[:MAX_COLUMNS]


def _likeness(left: Sample, right: Sample, a: SampleColumn, b: SampleColumn) -> float:
    """
    Without anchors: how similarly the words of two columns are distributed, weighted by how many rows their values
    distinguish.
    """
    counts = [
        Counter(
            word for text in sample.texts(column.name)[:5000].to_pylist() if text for word in re.findall(r"\w+", text)
        )
        for sample, column in ((left, a), (right, b))
    ]
    x, y = ({word: 1 + math.log(n) for word, n in found.items()} for found in counts)
    length = math.sqrt(sum(w * w for w in x.values()) * sum(w * w for w in y.values()))
    cosine = sum(weight * y[word] for word, weight in x.items() if word in y) / max(length, 1.0)
    if cosine < MIN_COSINE:
        return 0.0
    apart = min(c.distinct / max(c.filled, 1) for c in (a, b))
    return (cosine + 0.5 * ratio(a.name.casefold(), b.name.casefold()) / 100) * apart
