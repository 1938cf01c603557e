"""
Levels of agreement: each comparison of a pair becomes a small whole number, 0 if a value is missing.

The levels of a similarity are steps of 0.05, with one of their own for equal texts. Numbers are compared by the logarithm of
their ratio and dates by their days apart, both signed, so that fees and delays in one direction can be learned.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler, Prefix
from rapidfuzz.process import cpdist
from scipy.sparse import csr_matrix

from matching.probabilistic import codes, texts
from matching.probabilistic.values import NumberField, PartField, TextField, Values

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]  # rows of each side, not positions
Levels = NDArray[np.int8]  # shape (pairs,)

EQUAL = 0.9999  # a similarity from here on is that of equal texts
STEPS = 20
FEW_WORDS = 3.0  # texts of at most so many words on average are compared by Jaro-Winkler instead of by words
CUT_WORDS = 4.5  # shorter texts may have been cut off, so what they begin with is compared as well
MONTH = 31  # days
MOST_KNOWN = 1000  # true pairs of earlier passes that count
CATALOGUE_CODES = 0.2  # the same, for the long texts of a catalogue to be compared by models and learned words
MIN_CODES = 0.05  # share of rows with a code on both sides, for codes to be compared
_RATIOS = np.log1p([0.000001, 0.005, 0.015, 0.03, 0.05, 0.08, 0.12, 0.2, 0.4, 0.7, 1.5])
RATIO_EDGES = np.concatenate((-_RATIOS[::-1], _RATIOS))
OTHER_SIGN = len(RATIO_EDGES) + 2  # the level of two numbers without a ratio
DAY_EDGES = np.array([-366, -90, -31, -14, -7, *range(-4, 6), 7, 10, 14, 22, 32, 91, 367]) - 0.5
SWAPPED = len(DAY_EDGES) + 2  # the level of two dates of which one has the other's day as its month
OTHER_PART = SWAPPED + 1  # of two dates more than a month apart that differ in the month only, or in the year only
_MODEL = re.compile(r"\b(?=[a-z]*[0-9])(?=[0-9]*[a-z])[a-z0-9]{3,}\b")
_AT_ONCE = 65_536  # pairs of texts; as Python strings each takes hundreds of bytes


@dataclass(frozen=True)
class Comparison:
    """One way of comparing pairs of rows."""

    field: str  # the plan's field, or ALL_TEXTS
    compare: str  # similarity | prefix | part | codes | like codes | words | ratio | days | difference
    count: int  # levels, with 0 for missing
    measure: Callable[[Pairs], NDArray[np.float64]]  # similarity, logarithm of a ratio, or days; NaN if missing
    level: Callable[[NDArray[np.float64]], Levels]
    number: NumberField | None = None
    # True pairs that are known before anything is learned, of each level, shape (count,).
    known: NDArray[np.float64] | None = None

    @property
    def is_likeness(self) -> bool:
        """Whether a higher level is a greater likeness. Those of numbers are places of a difference."""
        return self.number is None


ALL_TEXTS = "all texts"


@dataclass(frozen=True)
class Compared:
    """The comparisons of a pass, and the vectors of all its texts together."""

    comparisons: list[Comparison]
    words: texts.Vectors
    grams: texts.Vectors
    fields: list[tuple[texts.Vectors, texts.Vectors]]  # words and groups of characters of each text field
    # The long texts of each row together, if these are catalogues of models.
    catalogue: tuple[texts.Side, texts.Side] | None = None


def compare(values: Values) -> Compared:
    """Prepare the comparisons of all fields."""
    made: list[Comparison] = []
    vectors = []
    # What all parts say together is what each of them says once more: rows that share an address would look like true pairs.
    # Only of catalogues with one text it is compared, as others have all texts.
    catalogue = _catalogue(values)
    in_parts = {part.name for part in values.parts}
    for field in values.texts:
        words, grams = texts.words(field.left, field.right), texts.grams(field.left, field.right)
        vectors.append((words, grams))
        if field.name in in_parts and not (catalogue is not None and len(values.texts) == 1):
            continue
        known = _known_equal(min(values.matched, MOST_KNOWN)) if field.is_settled else None
        made.append(_similar(field.name, _text(field, words, grams), known))
        if field.mean_words <= CUT_WORDS:
            made.append(Comparison(field.name, "prefix", STEPS + 2, _Prefix(field), similarity_levels, known=known))
    whole = _together(values, values.texts)
    words, grams = vectors[0] if len(vectors) == 1 else (texts.words(*whole), texts.grams(*whole))
    if len(vectors) > 1:
        made.append(_similar(ALL_TEXTS, _Cosine(words, grams, whole)))
    shared = texts.codes(*whole)
    if min(_share(side) for side in shared) >= MIN_CODES:
        made.append(Comparison(ALL_TEXTS, "codes", STEPS + 2, _Codes(*shared), similarity_levels))
        if catalogue is not None:
            alike = codes.Alike(*codes.read(*catalogue))
            made.append(Comparison(ALL_TEXTS, "like codes", STEPS + 2, alike, similarity_levels))
    for part in values.parts:
        made.append(Comparison(part.name, "part", STEPS + 2, _Part(part), similarity_levels))
    for number in values.numbers:
        kind, edges = ("days", DAY_EDGES) if number.is_days else ("ratio", RATIO_EDGES)
        kind = "difference" if number.is_years else kind
        levels = day_levels if number.is_days else ratio_levels
        made.append(Comparison(number.name, kind, len(edges) + 4, _apart(number), levels, number))
    return Compared(made, words, grams, vectors, catalogue)


def similarity_levels(similarity: NDArray[np.float64]) -> Levels:
    """1 to 20 in steps of 0.05, 21 for equal, 0 for NaN."""
    level = np.minimum(np.floor(np.nan_to_num(similarity) * STEPS), STEPS - 1) + 1
    level[similarity >= EQUAL] = STEPS + 1
    level[np.isnan(similarity)] = 0
    return level.astype(np.int8)


def ratio_levels(ratio: NDArray[np.float64]) -> Levels:
    """The place of the logarithm of a ratio among RATIO_EDGES, from 1; OTHER_SIGN for infinity, 0 for NaN."""
    return _place(ratio, RATIO_EDGES)


def day_levels(days: NDArray[np.float64]) -> Levels:
    """The place of a number of days among DAY_EDGES, from 1; SWAPPED, OTHER_PART and 0 for infinity, minus infinity and NaN."""
    level = _place(days, DAY_EDGES)
    level[np.isneginf(days)] = OTHER_PART
    return level


def _place(value: NDArray[np.float64], edges: NDArray[np.float64]) -> Levels:
    level = np.searchsorted(edges, np.nan_to_num(value), side="right") + 1
    level[np.isposinf(value)] = len(edges) + 2
    level[np.isnan(value)] = 0
    return level.astype(np.int8)


def _similar(
    name: str, measure: Callable[[Pairs], NDArray[np.float64]], known: NDArray[np.float64] | None = None
) -> Comparison:
    return Comparison(name, "similarity", STEPS + 2, measure, similarity_levels, known=known)


def _known_equal(pairs: int) -> NDArray[np.float64]:
    """So many true pairs whose texts are equal: those that earlier passes matched for that, so that none is left to learn from."""
    known = np.zeros(STEPS + 2)
    known[-1] = pairs
    return known


def _together(values: Values, fields: list[TextField]) -> tuple[texts.Side, texts.Side]:
    """The texts of some fields as one text for each row."""
    made = []
    for side, rows in zip(("left", "right"), values.sizes, strict=True):
        columns: list[list[str]] = []
        for field in fields:
            # A column of one side may be in two fields.
            if getattr(field, side).texts not in columns:
                columns.append(getattr(field, side).texts)
        joined = [" ".join(filter(None, parts)) for parts in zip(*columns, strict=True)] if columns else [""] * rows
        made.append(texts.Side(joined, np.array([bool(text) for text in joined], dtype=bool)))
    return made[0], made[1]


def _catalogue(values: Values) -> tuple[texts.Side, texts.Side] | None:
    """The long texts, if they name models by codes and no field has days: where words belong to things, not to bookings."""
    long = [field for field in values.texts if field.mean_words > FEW_WORDS]
    if not long or any(number.is_days and not number.is_years for number in values.numbers):
        return None
    found = _together(values, long)
    if min(_share(side) for side in texts.codes(*found)) < CATALOGUE_CODES:
        return None
    # Models and measures have letters too, unlike the numbers of houses.
    return found if min(share_of_models(side) for side in found) >= CATALOGUE_CODES else None


def share_of_models(side: texts.Side) -> float:
    """The share of texts with a word of letters and digits, such as a model or a measure."""
    return sum(_MODEL.search(text) is not None for text in side.texts) / max(len(side.texts), 1)


def _share(codes: csr_matrix) -> float:
    return float((np.diff(codes.indptr) > 0).mean()) if codes.shape[0] else 0.0


def _text(field: TextField, words: texts.Vectors, grams: texts.Vectors) -> Any:
    sides = field.left, field.right
    return _Short(sides, grams) if field.mean_words <= FEW_WORDS else _Cosine(words, grams, sides)


@dataclass(frozen=True)
class _Cosine:
    """The mean of the cosines of words and of groups of characters."""

    words: texts.Vectors
    grams: texts.Vectors
    sides: tuple[texts.Side, texts.Side]

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        cosines = [texts.products(vectors.left, vectors.right, pairs) for vectors in (self.words, self.grams)]
        return _known(self.sides, pairs, (cosines[0].astype(np.float64) + cosines[1]) / 2)


@dataclass(frozen=True)
class _Short:
    """The mean of Jaro-Winkler and the cosine of groups of characters, for names and other short texts."""

    sides: tuple[texts.Side, texts.Side]
    grams: texts.Vectors

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        winkler = _by_characters(self.sides, pairs, JaroWinkler.normalized_similarity)
        return _known(self.sides, pairs, (winkler + texts.products(self.grams.left, self.grams.right, pairs)) / 2)


class _Prefix:
    """How much of the shorter text both begin with."""

    def __init__(self, field: TextField) -> None:
        self.sides = field.left, field.right
        self.lengths = [np.array([len(text) for text in side.texts], np.int32) for side in self.sides]

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        shorter = np.minimum(self.lengths[0][pairs[0]], self.lengths[1][pairs[1]])
        shared = _by_characters(self.sides, pairs, Prefix.similarity)
        return _known(self.sides, pairs, shared / np.maximum(shorter, 1))


class _Codes:
    """The rarity of the codes that both rows have, of all that the row with fewer has."""

    def __init__(self, left: csr_matrix, right: csr_matrix) -> None:
        self.left, self.right = left, right
        self.sums = [np.asarray(side.multiply(side).sum(axis=1)).ravel() for side in (left, right)]

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        smaller = np.minimum(self.sums[0][pairs[0]], self.sums[1][pairs[1]]).astype(np.float64)
        shared = texts.products(self.left, self.right, pairs) / np.maximum(smaller, 1e-9)
        found: NDArray[np.float64] = np.where(smaller > 0, np.minimum(np.round(shared, 4), 1.0), np.nan)
        return found


class _Part:
    """How much of a part the whole has, by the rarity of its groups of characters."""

    def __init__(self, field: PartField) -> None:
        self.field = field
        self.part, self.whole = texts.contained(field.part, field.whole)
        self.sums = np.asarray(self.part.multiply(self.part).sum(axis=1)).ravel()

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        mine, other = pairs if self.field.is_left else (pairs[1], pairs[0])
        share = texts.products(self.part, self.whole, (mine, other)) / np.maximum(self.sums[mine], 1e-9)
        return _known((self.field.part, self.field.whole), (mine, other), np.minimum(np.round(share, 4), 1.0))


def _apart(field: NumberField) -> Callable[[Pairs], NDArray[np.float64]]:
    return _Dates(field) if field.is_days and not field.is_years else _Apart(field)


class _Dates:
    """Days from left to right; infinity and minus infinity for dates that differ as mistakes in writing do."""

    def __init__(self, field: NumberField) -> None:
        self.sides = field.left, field.right
        self.parts = [_parts_of(days) for days in self.sides]

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.sides[1][pairs[1]] - self.sides[0][pairs[0]]
        far = np.flatnonzero(np.abs(found) > 0)
        (year, month, day), (year_2, month_2, day_2) = (
            tuple(part[rows[far]] for part in parts) for parts, rows in zip(self.parts, pairs, strict=True)
        )
        swapped = (year == year_2) & (month == day_2) & (day == month_2)
        other = (day == day_2) & ((year == year_2) | (month == month_2)) & (np.abs(found[far]) > MONTH)
        found[far[other]] = -np.inf
        found[far[swapped]] = np.inf
        return found


def _parts_of(days: NDArray[np.float64]) -> tuple[NDArray[np.int64], ...]:
    """Year, month and day; zeros where there is no date."""
    known = ~np.isnan(days)
    dates = np.where(known, days, 0).astype(np.int64).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    year, month = months.astype(np.int64) // 12, months.astype(np.int64) % 12 + 1
    day = (dates - months).astype(np.int64) + 1
    return tuple(np.where(known, part, 0) for part in (year, month, day))


@dataclass(frozen=True)
class _Apart:
    """Days from left to right, or the logarithm of right divided by left."""

    field: NumberField

    def __call__(self, pairs: Pairs) -> NDArray[np.float64]:
        left, right = self.field.left[pairs[0]], self.field.right[pairs[1]]
        if self.field.is_days:
            return right - left
        found = np.full(len(left), np.inf)
        like = (left * right > 0) & np.isfinite(left) & np.isfinite(right)
        found[like] = np.log(right[like] / left[like])
        found[left == right] = 0.0
        found[np.isnan(left) | np.isnan(right)] = np.nan
        return found


def _by_characters(sides: tuple[texts.Side, texts.Side], pairs: Pairs, scorer: Any) -> NDArray[np.float64]:
    found = np.empty(len(pairs[0]), np.float64)
    lists = [np.array(side.texts, dtype=object) for side in sides]
    for start in range(0, len(found), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        left, right = (texts_[rows[part]].tolist() for texts_, rows in zip(lists, pairs, strict=True))
        found[part] = cpdist(left, right, scorer=scorer, dtype=np.float64)
    return np.round(found, 5)


def _known(sides: tuple[texts.Side, texts.Side], pairs: Pairs, similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    known = sides[0].is_known[pairs[0]] & sides[1].is_known[pairs[1]]
    found: NDArray[np.float64] = np.where(known, similarity, np.nan)
    return found
