"""The fields of a probabilistic pass, read from both sides: texts, numbers and days of the rows that are still open."""

from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from matching.plan import FieldName, ProbabilisticPass
from matching.probabilistic import texts
from matching.sides import Sides

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
class NumberField:
    """A field that is compared as numbers or as days."""

    name: FieldName
    left: Floats  # shape (rows,), NaN if there is no value; days count from 1970-01-01
    right: Floats
    is_days: bool


@dataclass(frozen=True)
class Values:
    """The rows of both sides that are still open, in the order of their positions, and their fields."""

    left: NDArray[np.int32]  # shape (rows,), positions by content (normalise.load)
    right: NDArray[np.int32]
    texts: list[TextField]
    numbers: list[NumberField]
    currencies: list[tuple[NDArray[np.str_], NDArray[np.str_]]]  # of each money field; NO_CURRENCY if unknown
    matched: int = 0  # rows of the side with fewer that earlier passes matched

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
    for name in step.fields:
        k, kind = names.index(name), sides.plan.fields[name].type
        if kind in ("text", "code", "reference"):
            read_ = _extracted if name in settled else _texts
            left_texts, right_texts = (texts.clean(read_(sides, side, k)) for side in "lr")
            found.texts.append(TextField(name, left_texts, right_texts, name in settled))
            continue
        is_days = kind == "date"
        value = f"epoch(f{k}) / 86400" if is_days else f"f{k}"
        number = f"coalesce(({value})::DOUBLE, 'nan'::DOUBLE)"
        numbers = [_column(sides, side, number, "DOUBLE").astype(np.float64) for side in "lr"]
        found.numbers.append(NumberField(name, numbers[0], numbers[1], is_days))
        if kind == "money":
            codes = [_column(sides, side, f"c{k}", "VARCHAR").astype(np.str_) for side in "lr"]
            found.currencies.append((codes[0], codes[1]))
    joined = iter(texts.join_codes([side for field in found.texts for side in (field.left, field.right)]))
    return replace(found, texts=[replace(field, left=next(joined), right=next(joined)) for field in found.texts])


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
