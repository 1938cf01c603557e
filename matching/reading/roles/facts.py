"""A table with the cells of every column read as numbers and as dates, before anybody knows what they mean."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.reading.cells.days import Days
from matching.reading.cells.kinds import kinds_of
from matching.reading.cells.numbers import Numbers
from matching.reading.roles.words import roles_of

Mark = Literal[".", ","]
Mask = NDArray[np.bool_]
Int64 = NDArray[np.int64]
RULE = r"^\s*[*=_#~+.-]{2,}\s*$"  # a line that is only drawn
NOTHING = rf"{RULE}|^="
_UNNAMED = re.compile("column_[0-9]+")
FIRST = 1_000  # rows that show whether a column has few values
MAX_LEVELS = 12  # different values of a column that may divide the rows into kinds


@dataclass(frozen=True)
class Levels:
    """A column of few different values. `codes` has a value's number for each row, and -1 where the cell is empty."""

    values: tuple[str, ...]
    codes: NDArray[np.int32]


@dataclass(frozen=True)
class Wordings:
    """
    The different texts of a column, each run of digits as one 0. `codes` has a text's number for each row, and -1 where the
    cell is empty, a number or a date.
    """

    texts: list[str]
    codes: NDArray[np.int32]


class Column:
    """A column: its cells as text, as numbers and as dates. `roles` is what its name suggests, from 0 to 1."""

    def __init__(
        self,
        index: int,
        name: str,
        texts: pa.ChunkedArray,
        ignored: frozenset[str] = frozenset(),
        exact: Mask | None = None,
        parts: dict[str, str] | None = None,
    ) -> None:
        """
        `exact` marks the cells that the file stores as numbers. `parts` are the columns of the other parts of a date, whose
        days stand in the column of this name.
        """
        self.index = index
        self.name = name
        self.texts = texts
        self.exact = exact
        self.parts = parts
        self.roles = roles_of(name, ignored)

    @cached_property
    def numbers(self) -> Numbers:
        """The cells read as numbers."""
        return Numbers(self.texts, self.exact)

    @cached_property
    def days(self) -> Days:
        """The cells read as dates."""
        return Days(self.texts)

    @cached_property
    def filled(self) -> Mask:
        """Which cells say something. A line that is only drawn does not, nor does a formula without a value."""
        ruled = pc.fill_null(pc.match_substring_regex(self.texts, NOTHING), False).to_numpy()
        return np.asarray(self.numbers.filled & ~self.numbers.blank & ~ruled, np.bool_)

    @cached_property
    def wordings(self) -> Wordings:
        """What the cells say that are neither numbers nor dates."""
        typed = self.numbers.ok | self.days.ok
        if typed.all():
            return Wordings([], np.full(len(typed), -1, np.int32))
        each = pc.utf8_trim_whitespace(self.texts.filter(pa.array(~typed))).combine_chunks().dictionary_encode()
        bare = pc.replace_substring_regex(each.dictionary, "[0-9]+", "0").dictionary_encode()
        codes = np.full(len(typed), -1, np.int32)
        codes[~typed] = bare.indices.take(each.indices).fill_null(-1).to_numpy(zero_copy_only=False)
        return Wordings(bare.dictionary.to_pylist(), codes)

    def role(self, *names: str) -> float:
        """How much of the name suggests one of these roles."""
        return max((self.roles.get(name, 0.0) for name in names), default=0.0)

    def levels(self, rows: Mask, most: int = MAX_LEVELS) -> Levels | None:
        """The different values in these rows if they are few, else None. Spaces around a value do not count."""
        chosen = self.texts.filter(pa.array(rows))
        if pc.count_distinct(chosen.slice(0, FIRST)).as_py() > most + 1:
            return None
        return _levels_from(pc.utf8_trim_whitespace(chosen).combine_chunks().dictionary_encode(), most)

    def first_kinds(self, rows: Mask) -> list[str]:
        """The kinds of the first texts in these rows, which differ by numbers as well."""
        chosen = self.texts.filter(pa.array(rows)).slice(0, FIRST)
        return [kind for kind in pc.unique(kinds_of(chosen)).to_pylist() if kind]

    def kinds(self, rows: Mask, most: int = MAX_LEVELS) -> Levels | None:
        """The kinds of the texts in these rows if they are few, else None."""
        chosen = self.texts.filter(pa.array(rows))
        return _levels_from(kinds_of(chosen).combine_chunks().dictionary_encode(), most)

    def text(self, row: int) -> str:
        """One cell, without spaces around it."""
        return (self.texts[row].as_py() or "").strip()


def _levels_from(texts: pa.DictionaryArray, most: int) -> Levels | None:
    found = texts.dictionary.to_pylist()
    if len(found) > most + 1:
        return None
    # An empty cell is no value.
    values = [value for value in found if value]
    if len(values) > most:
        return None
    numbers = np.array([values.index(value) if value else -1 for value in found] + [-1], np.int32)
    codes = texts.indices.fill_null(len(found)).to_numpy(zero_copy_only=False)
    return Levels(tuple(values), numbers[codes])


def is_unnamed(column: Column) -> bool:
    """Whether a column has only its number for a name, as in a file without a header."""
    return _UNNAMED.fullmatch(column.name) is not None


@dataclass(frozen=True)
class Line:
    """A line of a file: its number, from 1, and its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass
class Facts:
    """
    A table. `rows` numbers its data rows from 0, and `lines` says where each stands in the file, from 1.

    `above` are the lines above the header, `other` those that are not as wide as it. Of a long file only some rows are
    here; `joined` is the number of the first ones between which none is missing, if that is not all. `fractions` are the
    columns whose type may hold fractions. `countries` are the currencies of the countries that the table names, once
    somebody has looked.
    """

    columns: list[Column]
    rows: Int64
    lines: Int64
    above: list[Line] = field(default_factory=list)
    joined: int | None = None
    fractions: frozenset[str] = frozenset()
    countries: frozenset[str] | None = None

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.rows)

    @cached_property
    def filled_cells(self) -> NDArray[np.int32]:
        """How many cells of each row say something."""
        counts = np.zeros(self.count, np.int32)
        for column in self.columns:
            counts += column.filled
        return counts

    def named(self, name: str | None) -> Column | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)
