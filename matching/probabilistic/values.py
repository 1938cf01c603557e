"""The fields of a probabilistic pass, read from both sides: texts, numbers and days of the rows that are still open."""

from dataclasses import dataclass, field, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from matching.plan import FieldName, ProbabilisticPass
from matching.probabilistic import measures, texts
from matching.sides import Sides

MOST_APART = 1.25  # a ratio
MOST_WORDS = 1.6  # of parts together, by those of the whole

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TextField:
    """A field that is compared as text."""

    name: FieldName
    left: texts.Side
    right: texts.Side
    is_settled: bool = False  # whether an earlier pass matched all rows that agree on it

    @property
    def mean_words(self) -> float:
        """Words per text, over both sides."""
        return (self.left.mean_words + self.right.mean_words) / 2


@dataclass(frozen=True)
class PartField:
    """A field whose text on one side is a part of the text on the other, such as a given name."""

    name: FieldName
    part: texts.Side
    whole: texts.Side
    is_left: bool  # whether the part is on the left side


@dataclass(frozen=True)
class NumberField:
    """A field that is compared as numbers or as days."""

    name: FieldName
    left: Floats  # shape (rows,), NaN if there is no value; days count from 1970-01-01
    right: Floats
    is_days: bool  # by the difference; otherwise by the ratio
    is_years: bool = False  # or other whole numbers whose ratios are all about the same: counted as if they were days


@dataclass(frozen=True)
class Values:
    """The rows of both sides that are still open, in the order of their positions, and their fields."""

    left: NDArray[np.int32]  # shape (rows,), positions by content (normalise.load)
    right: NDArray[np.int32]
    texts: list[TextField]
    numbers: list[NumberField]
    currencies: list[tuple[NDArray[np.str_], NDArray[np.str_]]]  # of each money field; NO_CURRENCY if unknown
    matched: int = 0  # rows of the side with fewer that earlier passes matched
    parts: list[PartField] = field(default_factory=list)

    @property
    def sizes(self) -> tuple[int, int]:
        """The numbers of rows."""
        return len(self.left), len(self.right)


def read(sides: Sides, step: ProbabilisticPass) -> Values:
    """
    Read the fields of the rows that are still open (`l_free`, `r_free`).

    Raises: duckdb.Error when the sides do not have the plan's fields.
    """
    names = list(sides.plan.fields)
    left, right = (_column(sides, side, "i", "INTEGER").astype(np.int32) for side in "lr")
    found = Values(left, right, [], [], [])
    found = replace(found, matched=min(sides.sizes[0] - len(left), sides.sizes[1] - len(right)))
    settled = _settled(sides, step)
    raw: dict[FieldName, tuple[list[str | None], list[str | None]]] = {}
    for name in step.fields:
        k, kind = names.index(name), sides.plan.fields[name].type
        if kind in ("text", "code", "reference"):
            read_ = _extracted if name in settled else _texts
            raw[name] = read_(sides, "l", k), read_(sides, "r", k)
            continue
        is_days = kind == "date"
        value = f"epoch(f{k}) / 86400" if is_days else f"f{k}"
        number = f"coalesce(({value})::DOUBLE, 'nan'::DOUBLE)"
        numbers = [_column(sides, side, number, "DOUBLE").astype(np.float64) for side in "lr"]
        is_years = kind == "number" and are_near(np.concatenate(numbers))
        found.numbers.append(NumberField(name, numbers[0], numbers[1], is_days or is_years, is_years))
        if kind == "money":
            found.currencies.append(_currencies(sides, k))
    difference = sides.plan.money_of(step)
    if not found.currencies and difference is not None:
        found.currencies.append(_currencies(sides, names.index(difference)))
    if measures.differ([text for pair in raw.values() for side in pair for text in side]):
        raw = {name: (measures.unified(left_), measures.unified(right_)) for name, (left_, right_) in raw.items()}
    found.texts.extend(
        TextField(name, texts.clean(left_), texts.clean(right_), name in settled)
        for name, (left_, right_) in raw.items()
    )
    joined = iter(texts.join_codes([side for one in found.texts for side in (one.left, one.right)]))
    read_texts = [replace(one, left=next(joined), right=next(joined)) for one in found.texts]
    whole, parts = _wholes(read_texts, sides)
    return replace(found, texts=whole, parts=parts)


def are_near(numbers: Floats) -> bool:
    """Whether whole numbers are so near each other that only their difference says how far apart they are, as of years."""
    known = numbers[~np.isnan(numbers)]
    if not len(known) or not bool((known == np.floor(known)).all()):
        return False
    low, high = np.quantile(known, (0.01, 0.99))
    return bool(0 < low < high <= MOST_APART * low)


def _wholes(found: list[TextField], sides: Sides) -> tuple[list[TextField], list[PartField]]:
    """
    Join the fields that share a column of one side, if that has about as many words as their columns of the other side have
    together. Candidates come from the joined texts, and each part is compared with the whole.
    """
    parts: list[PartField] = []
    texts_ = found
    for shared, other in (("left", "right"), ("right", "left")):
        columns: dict[str, list[TextField]] = {}
        for one in texts_:
            spec = getattr(sides.plan.fields[one.name], shared)
            if isinstance(spec, str):
                columns.setdefault(spec, []).append(one)
        for fields in columns.values():
            whole = getattr(fields[0], shared)
            words = sum(getattr(one, other).mean_words for one in fields)
            if len(fields) < 2 or words > MOST_WORDS * whole.mean_words:
                continue
            joined = texts.together([getattr(one, other) for one in fields])
            first = fields[0]
            together = replace(first, left=joined) if other == "left" else replace(first, right=joined)
            parts += [PartField(one.name, getattr(one, other), whole, other == "left") for one in fields]
            joins = {one.name for one in fields[1:]}
            texts_ = [together if one is first else one for one in texts_ if one.name not in joins]
    return texts_, parts


def _currencies(sides: Sides, k: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    left, right = (_column(sides, side, f"c{k}", "VARCHAR").astype(np.str_) for side in "lr")
    return left, right


def _settled(sides: Sides, step: ProbabilisticPass) -> set[FieldName]:
    """The references by which an earlier pass matched rows."""
    earlier = takewhile(lambda one: one is not step, sides.plan.passes)
    gates = [gate for one in earlier if one.kind == "rules" and one.accept != "report" for gate in one.where]
    return {
        gate.field for gate in gates if gate.compare == "equal" and sides.plan.fields[gate.field].type == "reference"
    }


def _extracted(sides: Sides, side: str, k: int) -> list[str | None]:
    """References as they are compared by rules, without the text around them."""
    found: list[str | None] = (
        sides.connection.sql(f"SELECT f{k} AS v FROM {side}_free ORDER BY i").to_arrow_table()["v"].to_pylist()
    )
    return found


def _texts(sides: Sides, side: str, k: int) -> list[str | None]:
    """The texts as they are shown, because cleaning for the gates of rules drops more than is wanted here."""
    sql = f"SELECT o{k}::VARCHAR AS v FROM {side}_free ORDER BY i"
    found: list[str | None] = sides.connection.sql(sql).to_arrow_table()["v"].to_pylist()
    return found


def _column(sides: Sides, side: str, value: str, kind: str) -> NDArray[np.generic]:
    sql = f"SELECT ({value})::{kind} AS v FROM {side}_free ORDER BY i"
    return np.asarray(sides.connection.execute(sql).fetchnumpy()["v"])
