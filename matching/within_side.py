"""
What lies within one side: rows that were booked twice, and rows that another one reverses.

A row is a duplicate only where the other side shows that one of the two is enough: the third coffee of a day may be real.
Nothing is dropped. A duplicate joins the match of its twin, and its amount is the difference that stays open.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from matching.groups import Budget, Group, Grouped, Line, bits_of
from matching.plan import WithinSidePass
from matching.sides import Sides
from matching.sums import read, rows
from matching.sums.read import Named
from matching.sums.rows import Ledgers, Rows
from matching.sums.words import words

MAX_ROWS = 250_000  # of both sides; more are not looked at
MAX_DAYS = 3  # between duplicates that no reference proves
MAX_REVERSAL_DAYS = 60
PROVEN, LIKELY = 1e-5, 0.01  # the chance of being wrong, by reference and by party
Key = tuple[object, ...]


def find(sides: Sides, step: WithinSidePass, budget: Budget) -> Grouped:
    """
    Run a pass on the rows that are still open (`l_free`, `r_free`).

    Raises: what `budget.check` raises; duckdb.Error when the sides do not have the plan's fields.
    """
    groups: list[Group] = []
    looked_at = out = 0
    for ledgers in rows.read(sides, step, budget.remainders):
        size = sum(len(side) for side in ledgers.sides)
        if size > MAX_ROWS:
            out += size
            continue
        named = read.of(ledgers)
        budget.check()
        looked_at += size
        search = _Search(named, ledgers, step)
        if "reversals" in step.find:
            groups += search.reversals()
        if "duplicates" in step.find:
            groups += search.duplicates()
    kept = [group for group in groups if not budget.is_rejected(group.left, group.right)]
    return Grouped(kept, looked_at, out)


class _Search:
    def __init__(self, named: Named, ledgers: Ledgers, step: WithinSidePass) -> None:
        self.named, self.ledgers, self.step = named, ledgers, step
        self.open_a, self.open_b = np.ones(len(named.a), bool), np.ones(len(named.b), bool)
        references = ["".join(words(value)) for value in named.a.reference]
        self.reference_a = references
        self.rows_of: dict[str, list[int]] = defaultdict(list)
        for row, text in enumerate(references):
            self.rows_of[text].append(row)
        self.lines_of: dict[int, list[int]] = defaultdict(list)
        for line, found in enumerate(named.naming.rows):
            for row in found:
                self.lines_of[row].append(line)

    # -- reversals --------------------------------------------------------------------------------------------------------

    def reversals(self) -> Iterator[Group]:
        """Pairs of rows of one side with opposite amounts and one reference, or one party, that the other side lacks."""
        a, b, read_ = self.named.a, self.named.b, self.named.naming
        keys_a: list[Key | None] = [(text,) if text else None for text in self.reference_a]
        keys_b: list[Key | None] = [found or None for found in read_.rows]
        amounts = {
            (p, int(v)) for of, v in zip(read_.party, b.amount, strict=True) for p in (int(of), *read_.meant(int(of)))
        }
        other = {(int(p), int(v)) for p, v in zip(read_.parties, a.amount, strict=True)}

        def is_lone_a(row: int) -> bool:
            if any(abs(int(b.amount[n])) == abs(int(a.amount[row])) for n in self.lines_of[row]):
                return False
            # A total that both belong to, as a sale and its return; what is wrong and was booked anew belongs to none.
            if not self._is_corrected(row) and any(len(read_.rows[n]) > 2 for n in self.lines_of[row]):
                return False
            return (int(read_.parties[row]), -abs(int(a.amount[row]))) not in amounts

        def is_lone_b(line: int) -> bool:
            return (int(read_.party[line]), -abs(int(b.amount[line]))) not in other

        def is_unpaid(row: int) -> bool:
            # Where the other side pays the amount, the row that reverses it may as well be taken off another payment.
            return is_lone_a(row) and (int(read_.parties[row]), abs(int(a.amount[row]))) not in amounts

        yield from self._opposite(keys_a, is_lone_a, of_a=True, error=PROVEN)
        yield from self._opposite(keys_b, is_lone_b, of_a=False, error=PROVEN)
        yield from self._opposite(_parties(read_.parties), is_unpaid, of_a=True, error=LIKELY)
        yield from self._opposite(_parties(read_.party), is_lone_b, of_a=False, error=LIKELY)

    def _is_corrected(self, row: int) -> bool:
        """Whether a row and its reversal have one reference with one more row, which was booked when they were both there."""
        a, text = self.named.a, self.reference_a[row]
        found = self.rows_of[text] if text else []
        if len(found) != 3:
            return False
        pair = sorted((n for n in found if abs(a.amount[n]) == abs(a.amount[row])), key=lambda n: int(a.day[n]))
        if len(pair) != 2:
            return False
        first, last, other = *pair, next(n for n in found if n not in pair)
        # An item of an order is there from its first day, and is no correction.
        is_later = a.day[first] < a.day[other] and a.day[last] <= a.day[other]
        return bool(is_later and int(a.amount[first]) * int(a.amount[other]) > 0)

    def _opposite(
        self, keys: list[Key | None], is_lone: Callable[[int], bool], *, of_a: bool, error: float
    ) -> Iterator[Group]:
        side, is_open = (self.named.a, self.open_a) if of_a else (self.named.b, self.open_b)
        by_key: dict[Key, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for row, key in enumerate(keys):
            if key is not None and is_open[row] and side.amount[row]:
                by_key[(*key, abs(int(side.amount[row])))][int(side.amount[row] < 0)].append(row)
        for positive, negative in by_key.values():
            if len(negative) == 1 and len(positive) > 1:  # what was booked again after its reversal stays
                positive = [row for row in positive if side.day[row] <= side.day[negative[0]]]
            if len(positive) != 1 or len(negative) != 1 or not is_lone(negative[0]):
                continue
            pair = (positive[0], negative[0])
            lag = abs(side.day[pair[0]] - side.day[pair[1]])
            if lag > MAX_REVERSAL_DAYS:
                continue
            is_open[list(pair)] = False
            yield self._group(pair if of_a else (), () if of_a else pair, "reversal", error)

    # -- duplicates -------------------------------------------------------------------------------------------------------

    def duplicates(self) -> Iterator[Group]:
        """Rows of one side that are alike in text and amount, of which the other side has one."""
        yield from self._twice_b()
        yield from self._twice_a()
        yield from self._twice_by_party()

    def _twice_b(self) -> Iterator[Group]:
        a, b = self.named.a, self.named.b
        alike: dict[tuple[tuple[int, ...], int, tuple[str, ...]], list[int]] = defaultdict(list)
        for line, found in enumerate(self.named.naming.rows):
            if found and self.open_b[line]:
                alike[found, int(b.amount[line]), _text(b, line)].append(line)
        for (named, amount, _), lines in alike.items():
            rows_ = list(named)
            if len(lines) < 2 or not self.open_a[rows_].all() or int(a.amount[rows_].sum()) != amount or not amount:
                continue
            if any(n not in lines for row in rows_ for n in self.lines_of[row]):
                continue
            yield self._taken(tuple(rows_), tuple(lines), PROVEN)

    def _twice_a(self) -> Iterator[Group]:
        a, b = self.named.a, self.named.b
        alike: dict[Key, list[int]] = defaultdict(list)
        for row, text in enumerate(self.reference_a):
            if text and self.open_a[row]:
                alike[text, int(a.amount[row]), *_text(a, row)].append(row)
        for (_, amount, *_), found in alike.items():
            lines = {n for row in found for n in self.lines_of[row] if self.open_b[n]}
            if len(found) < 2 or len(lines) != 1 or not amount:
                continue
            line = next(iter(lines))
            if b.amount[line] == amount and set(self.named.naming.rows[line]) == set(found):
                yield self._taken(tuple(found), (line,), PROVEN)

    def _twice_by_party(self) -> Iterator[Group]:
        """The same without references: only suggested, since two equal payments may both be real."""
        a, b, read_ = self.named.a, self.named.b, self.named.naming
        of_a: dict[Key, list[int]] = defaultdict(list)
        for row in np.flatnonzero(self.open_a).tolist():
            if read_.parties[row] >= 0:
                of_a[int(read_.parties[row]), int(a.amount[row])].append(row)
        of_b: dict[Key, list[int]] = defaultdict(list)
        for line in np.flatnonzero(self.open_b).tolist():
            if read_.party[line] >= 0 and b.amount[line]:
                of_b[int(read_.party[line]), int(b.amount[line])].append(line)
        for key, lines in of_b.items():
            found = of_a.get(key, [])
            if len(found) != 1 or len(lines) != 2 or _text(b, lines[0]) != _text(b, lines[1]):
                continue
            row = found[0]
            if self.lines_of[row] or any(read_.rows[n] for n in lines):
                continue
            if abs(b.day[lines[0]] - b.day[lines[1]]) <= MAX_DAYS:
                yield self._taken((row,), tuple(lines), LIKELY)

    # -- groups -----------------------------------------------------------------------------------------------------------

    def _taken(self, a: tuple[int, ...], b: tuple[int, ...], error: float) -> Group:
        self.open_a[list(a)] = False
        self.open_b[list(b)] = False
        return self._group(a, b, "duplicate", error)

    def _group(self, a: tuple[int, ...], b: tuple[int, ...], compare: str, error: float) -> Group:
        named, step = self.named, self.step
        left, right = named.sides(a, b)
        score = bits_of(error)
        by = (
            step.reference
            if error == PROVEN and step.reference is not None
            else step.party or step.reference or step.amount
        )
        is_reference = by == step.reference
        texts = [
            ", ".join(sorted({(side.reference if is_reference else side.party)[n] or "" for n in part} - {""})) or None
            for side, part in ((named.a, a), (named.b, b))
        ]
        sums = [
            " + ".join(f"{self.ledgers.decimal(int(side.amount[n]))}" for n in part) or None
            for side, part in ((named.a, a), (named.b, b))
        ]
        if named.is_turned:
            texts, sums = texts[::-1], sums[::-1]
        difference = self.ledgers.decimal(int(named.a.amount[list(a)].sum() - named.b.amount[list(b)].sum()))
        lines = (
            Line(by, compare, texts[0], texts[1], score),
            Line(step.amount, compare, sums[0], sums[1], 0),
        )
        return Group(left, right, error == PROVEN, score, -difference if named.is_turned else difference, lines)


def _text(side: Rows, row: int) -> tuple[str, ...]:
    texts = (side.party[row],) if side.reference is side.party else (side.reference[row], side.party[row])
    return tuple(" ".join(words(text)) for text in texts)


def _parties(parties: rows.Ints) -> list[Key | None]:
    return [(int(one),) if one >= 0 else None for one in parties]
