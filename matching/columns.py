"""
Pairs the columns of two tables that seem to mean the same, by their names, by the words in them, and by their shapes.

A probabilistic pass learns what each pair says, so a pair that says nothing does little harm here.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
from rapidfuzz.fuzz import ratio

from matching.plan import Extracted, PlanField, column_of
from matching.sample import Sample, SampleColumn

READ = 5_000  # rows whose words are counted
MIN_INSIDE = 0.5  # of the words of a part, that are also in the column that may have it
MIN_OF_WHOLE = 0.1  # of the words of that column, that are those of the part
MOST_OF_WHOLE = 0.8  # words of a part, by those of the column that may have it
WHOLE = (0.5, 1.6)  # words of all parts together, by those of the column that has them
MIN_LIKENESS = 0.25
OTHER_KIND = 0.3  # columns of different kinds are as much less alike
NAME = 0.5  # weight of the names
MIN_COSINE = 0.1  # of the words of two texts, one of which has another partner
MIN_DISTINCT = 0.5  # values per row of such a text
MIN_SHARED_IDS = 0.01  # identifiers of which fewer are on both sides identify different things
YEARS = (1000, 2100)
MANY_OTHERS = 0.05  # share of numbers that are none of these years
MOST = 8  # pairs that are added to the other fields
_WORD = re.compile(r"\w+")


def pair(left: Sample, right: Sample, known: dict[str, PlanField]) -> dict[str, PlanField]:
    """
    Pair columns one to one, the most alike first.

    Args:
        known: fields that are there already. Their columns are not used again, except those that only a part is taken of.

    Returns: fields by name, the most alike first, at most MOST.
    """
    columns = [
        [c for c in sample.columns if _can_tell(c) and c.name not in _used(known, side)]
        for sample, side in ((left, "left"), (right, "right"))
    ]
    if not all(columns):
        return {}
    words = [[_words(side, c) for c in found] for side, found in zip((left, right), columns, strict=True)]
    likeness = np.zeros((len(columns[0]), len(columns[1])))
    for i, a in enumerate(columns[0]):
        for j, b in enumerate(columns[1]):
            likeness[i, j] = _likeness(a, b, words[0][i], words[1][j])
            if a.is_id and b.is_id and _shared(left, right, a, b) < MIN_SHARED_IDS:
                likeness[i, j] = 0.0
    found: dict[str, PlanField] = {}
    free = np.ones(likeness.shape, dtype=bool)
    for place in np.argsort(-likeness, axis=None, kind="stable"):
        i, j = divmod(int(place), likeness.shape[1])
        if likeness[i, j] < MIN_LIKENESS or len(found) == MOST:
            break
        if free[i, j]:
            free[i, :] = free[:, j] = False
            a, b = columns[0][i], columns[1][j]
            name = _free(_name(a.name), [*known, *found])
            kind = "text" if _is_code_number(left, a) and _is_code_number(right, b) else _type(a, b)
            found[name] = PlanField(type=kind, left=a.name, right=b.name)
    return found


def _is_code_number(sample: Sample, column: SampleColumn) -> bool:
    """Whether whole numbers of one length are no years, but such as postal codes, which are compared digit by digit."""
    if not column.is_of_one_length:
        return False
    found = sample.numbers(column.name)
    found = found[~np.isnan(found)]
    return bool(((found < YEARS[0]) | (found > YEARS[1])).mean() > MANY_OTHERS)


def parts(left: Sample, right: Sample, known: dict[str, PlanField]) -> dict[str, PlanField]:
    """
    Pair several columns of one side with the column of the other side that has them all: given name and family name with the
    name, postal code and town with the place.

    A part has fewer words, many of which the whole has too. All parts together have about as many words as the whole, and
    more of its words than any other column.

    Args:
        known: fields that are there already. Texts among them may be parts, and those that have them.

    Returns: further fields by name, of which those of one whole share a column.
    """
    found: dict[str, PlanField] = {}
    for side, turned, one, other in (("left", "right", left, right), ("right", "left", right, left)):
        partners = {
            str(getattr(f, side)): str(getattr(f, turned)) for f in known.values() if f.type in ("text", "code")
        }
        columns = [c for c in one.columns if _is_part(c) and (c.name in partners or c.name not in _used(known, side))]
        wholes = [
            c
            for c in other.columns
            if c.kind == "text" and (c.name in partners.values() or c.name not in _used(known, turned))
        ]
        read = {c.name: _Words.of(one, c) for c in columns}
        having = {c.name: _Words.of(other, c) for c in wholes}
        for whole in having:
            partner = {column for column, name in partners.items() if name == whole and having[whole].has_models}
            mine = _parts_of(having[whole], read, having, partner)
            mine = [name for name in mine if partners.get(name, whole) == whole]
            if len(mine) < 2 or not _makes(having[whole], mine, read):
                continue
            for column in mine:
                if column not in partners and len(found) < MOST:
                    pair_ = (column, whole) if side == "left" else (whole, column)
                    name = _free(_name(column), [*known, *found])
                    found[name] = PlanField(type="text", left=pair_[0], right=pair_[1])
    return found


@dataclass(frozen=True)
class _Words:
    """The words of a column, how many a row has, on average of those that have any, and whether they name models."""

    every: Counter[str]
    of_row: float
    has_models: bool

    @classmethod
    def of(cls, sample: Sample, column: SampleColumn) -> "_Words":
        # It loads SciPy, which a process that only waits to suggest something should not hold.
        from matching.probabilistic import levels, texts

        side = texts.clean(sample.texts(column.name)[:READ].to_pylist())
        split = [text.split(" ") for text in side.texts if text]
        return cls(
            every=Counter(word for row in split for word in row),
            of_row=sum(map(len, split)) / max(len(split), 1),
            has_models=levels.share_of_models(side) >= levels.CATALOGUE_CODES,
        )

    def inside(self, others: Collection[str]) -> float:
        """The share of the words that are among others."""
        return sum(n for word, n in self.every.items() if word in others) / max(self.every.total(), 1)


def _is_part(column: SampleColumn) -> bool:
    return _can_tell(column) and column.kind not in ("amount", "date")


def _parts_of(
    whole: _Words, columns: dict[str, _Words], wholes: dict[str, _Words], partner: Collection[str]
) -> list[str]:
    """
    The columns many of whose words this whole has, and no other has more; none unless it has most words of one. The partner
    of a title that names models may have as many words: one shop writes into it the brand that another has beside it.
    """
    inside = {
        name: part.inside(whole.every)
        for name, part in columns.items()
        if (name in partner or part.of_row <= MOST_OF_WHOLE * whole.of_row)
        and whole.inside(part.every) >= MIN_OF_WHOLE
        and part.inside(whole.every) >= max(MIN_INSIDE / 2, *(part.inside(one.every) for one in wholes.values()))
    }
    return list(inside) if max(inside.values(), default=0.0) >= MIN_INSIDE else []


def _makes(whole: _Words, mine: list[str], columns: dict[str, _Words]) -> bool:
    """Whether these parts make the whole: they have as many words, and more of its words than any other column."""
    words = sum(columns[name].of_row for name in mine) / max(whole.of_row, 1e-9)
    share = whole.inside(set().union(*(columns[name].every for name in mine)))
    rest = max((whole.inside(part.every) for name, part in columns.items() if name not in mine), default=0.0)
    return WHOLE[0] <= words <= WHOLE[1] and share > max(MIN_INSIDE / 2, rest)


def again(left: Sample, right: Sample, known: dict[str, PlanField]) -> dict[str, PlanField]:
    """
    Pair long texts that have no partner with the text of the other side that is most like them, though that has another
    partner: what one shop writes into the name, another writes into the description. A memo that a reference is read from
    has one.

    Returns: fields by name, at most MOST.
    """
    found: dict[str, PlanField] = {}
    for side, (one, other) in (("left", (left, right)), ("right", (right, left))):
        words = {c.name: _words(other, c) for c in other.columns if _is_long_text(c)}
        used = {column_of(getattr(field, side)) for field in known.values()}
        for column in [c for c in one.columns if _is_long_text(c) and c.name not in used]:
            mine = _words(one, column)
            like = {name: _cosine(mine, theirs) for name, theirs in words.items()}
            partner = max(like, key=lambda name: like[name], default=None)
            if partner is not None and like[partner] >= MIN_COSINE and len(found) < MOST:
                pair_ = (column.name, partner) if side == "left" else (partner, column.name)
                name = _free(_name(column.name), [*known, *found])
                found[name] = PlanField(type="text", left=pair_[0], right=pair_[1])
    return found


def _is_long_text(column: SampleColumn) -> bool:
    """Whether a text says something else in nearly each row, in more than one word."""
    return (
        column.kind == "text"
        and not column.is_id
        and not column.is_code
        and column.distinct >= MIN_DISTINCT * column.filled
    )


def _used(known: dict[str, PlanField], side: str) -> set[str]:
    specs = [getattr(field, side) for field in known.values()]
    return {column_of(spec) for spec in specs if not isinstance(spec, Extracted)}


def _can_tell(column: SampleColumn) -> bool:
    """Whether a column can say which rows belong together: not if it is empty, constant, or only numbers its rows."""
    return column.kind != "empty" and column.distinct > 1 and not column.is_running


def _group(column: SampleColumn) -> Literal["number", "date", "text"]:
    if column.kind in ("amount", "number"):
        return "number"
    return "date" if column.kind == "date" else "text"


def _type(a: SampleColumn, b: SampleColumn) -> Literal["number", "date", "text"]:
    return _group(a) if _group(a) == _group(b) else "text"


def _words(sample: Sample, column: SampleColumn) -> dict[str, float]:
    """The words of a column, by the logarithm of how often they occur. Numbers also count by their length."""
    counts: Counter[str] = Counter()
    for text in sample.texts(column.name)[:READ].to_pylist():
        for word in _WORD.findall(text or ""):
            counts[word] += 1
            counts[re.sub(r"\d+", lambda found: f"#{len(found[0])}", re.sub(r"[^\W\d]+", "a", word))] += 1
    return {word: 1 + math.log(count) for word, count in counts.items()}


def _likeness(a: SampleColumn, b: SampleColumn, words: dict[str, float], others: dict[str, float]) -> float:
    found = NAME * ratio(a.name.casefold(), b.name.casefold()) / 100 + _cosine(words, others)
    return found if _group(a) == _group(b) else found * OTHER_KIND


def _cosine(words: dict[str, float], others: dict[str, float]) -> float:
    length = math.sqrt(sum(w * w for w in words.values()) * sum(w * w for w in others.values()))
    return sum(weight * others[word] for word, weight in words.items() if word in others) / max(length, 1e-9)


def _shared(left: Sample, right: Sample, a: SampleColumn, b: SampleColumn) -> float:
    one, other = (np.unique(side.codes(c.name)) for side, c in ((left, a), (right, b)))
    smaller = max(min(len(one), len(other)), 1)
    return float(len(np.intersect1d(one, other)) / smaller / max(left.rate, right.rate))


def _name(column: str) -> str:
    """The column's name as a field's: letters, digits, spaces, - and _, beginning with a letter."""
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode()
    kept = re.sub(r"[^A-Za-z0-9_ -]+", " ", plain).strip()
    return kept[:60].strip() if re.match(r"[A-Za-z]", kept) else "field"


def _free(name: str, taken: list[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} {number}"
    return found
