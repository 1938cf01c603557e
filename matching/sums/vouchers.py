"""
Finds vouchers that two books of the same business have in common, as firms of a group have, or a supplier and a customer.

A voucher is all rows of one side with one number and day, such as the lines of a payment. Its total is that of a voucher of the
other side, mostly one row. What says which: the number of the one in a text of the other, or numbers that both name, such as
invoices that are paid, or an order. Where nothing is named, the whole of a voucher can still be no other's by chance.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from matching.sums.references import SHORTEST_NUMBER, References, Texts
from matching.sums.rows import Rows
from matching.sums.solve import Windows
from matching.sums.words import words

MOST_LINES = 1_000  # rows of a voucher; more are none
MOST_HAVING = 12  # vouchers of a side that have a number; one that more have says little
BY_NUMBER = (
    1e-6  # the chance that vouchers of one total are not one, of which one names the other, or which name several
)
BY_NAMED = 1e-4  # the same if both name one number
SLIP = 0.02  # the same if all is equal but two digits of the amount that are changed round
APART = 100.0  # of two that share a row, one must be so many times better
ABSENT = 0.1  # the chance that the true voucher is not there
LEAST_SURE = 1e-3  # the error of a voucher that nothing names, at most
NEAR = 0.02  # amounts that far off say how frequent one is
ROUNDS = 4
MOST_WORDS = 4  # of a number; longer values are texts

Number = tuple[int, str]  # of which side, and its letters and digits; -1 for those of nobody's


@dataclass(frozen=True)
class Voucher:
    """Rows of one side that belong together."""

    rows: tuple[int, ...]
    total: int
    day: float
    own: frozenset[Number]  # its number
    numbers: frozenset[Number]  # this and all that it names


@dataclass(frozen=True)
class Shared:
    """Rows of both sides that are one voucher, and the chance that they are not."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    error: float
    how: str  # number | named | total | slip
    numbers: tuple[str, ...] = ()  # that both have
    pool: int = 0  # vouchers that could have been meant
    chance: float = 0.0  # of these that come to the total by chance


class Solver:
    """Both sides, and what is found."""

    def __init__(self, left: Rows, right: Rows, check: Callable[[], None] = lambda: None) -> None:
        """`reference` of the rows is the number of their voucher, `party` is their text."""
        self.sides, self.check = (left, right), check
        self.found: list[Shared] = []
        self.is_open = (np.ones(len(left), bool), np.ones(len(right), bool))
        self.windows = Windows()
        own = tuple([_number(text) for text in side.reference] for side in self.sides)
        named = _named(self.sides, (own[0], own[1]))
        self.vouchers = tuple(
            _vouchers(side, n, own[n], named[n], {o for o in own[1 - n] if o}) for n, side in enumerate(self.sides)
        )
        self.clear = _clear(own, named, self.sides)

    def solve(self) -> list[Shared]:
        """Take what numbers prove, then whole vouchers that nothing names, then what has a slip."""
        for step in (self._by_number, self._by_total, self._by_number, self._with_slips):
            for _ in range(ROUNDS):
                self.check()
                if not self._take(list(step())):
                    break
        return self.found

    def _free(self, side: int) -> list[Voucher]:
        return [one for one in self.vouchers[side] if self.is_open[side][list(one.rows)].all()]

    def _by_number(self) -> Iterator[Shared]:
        """Vouchers of one total that have a number in common."""
        for one, other, numbers in self._having_one(lambda voucher: abs(voucher.total), lambda v: v.total):
            is_own = bool(numbers & (one.own | other.own))
            error = BY_NUMBER if is_own or len(numbers) > 1 else BY_NAMED
            yield _shared(one, other, error, "number" if is_own else "named", numbers)

    def _having_one(
        self, size: Callable[[Voucher], int], key: Callable[[Voucher], object]
    ) -> Iterator[tuple[Voucher, Voucher, frozenset[Number]]]:
        """Vouchers of both sides with one key, and a number that both have and that few have."""
        having: dict[tuple[Number, object], list[Voucher]] = defaultdict(list)
        for other in self._free(1):
            if size(other):
                for number in other.numbers & self.clear:
                    having[number, key(other)].append(other)
        for one in self._free(0):
            if not size(one):
                continue
            meant: dict[int, tuple[Voucher, set[Number]]] = {}
            for number in one.numbers & self.clear:
                for other in having.get((number, key(one)), ()):
                    meant.setdefault(id(other), (other, set()))[1].add(number)
            for other, numbers in meant.values():
                if not self._is_lines(one, other):
                    yield one, other, frozenset(numbers)

    def _is_lines(self, one: Voucher, other: Voucher) -> bool:
        """Whether both have several rows, of which some are equal: then their rows are pairs, not the whole."""
        if len(one.rows) == 1 or len(other.rows) == 1:
            return False
        left, right = (
            set(side.amount[list(v.rows)].tolist()) for side, v in zip(self.sides, (one, other), strict=True)
        )
        return bool(left & right)

    def _by_total(self) -> Iterator[Shared]:
        """Vouchers of several rows whose total only one voucher has, within the days that others take."""
        low, high = self.windows.lag("batch")
        free = self._free(0), self._free(1)
        for turned in (False, True):
            ours, theirs = free[turned], free[not turned]
            by_total: dict[int, list[Voucher]] = defaultdict(list)
            for other in theirs:
                by_total[other.total].append(other)
            totals = np.sort(np.array([other.total for other in theirs], np.int64))
            days = np.sort(np.array([other.day for other in theirs]))
            for one in ours:
                if len(one.rows) < 2 or not one.total or np.isnan(one.day):
                    continue
                first, last = (one.day - high, one.day - low) if turned else (one.day + low, one.day + high)
                meant = [o for o in by_total.get(one.total, ()) if first <= o.day <= last and len(o.rows) == 1]
                near = np.searchsorted(
                    totals, sorted((round(one.total * (1 - NEAR)), round(one.total * (1 + NEAR)) + 1))
                )
                density = max(int(near[1] - near[0]), 1) / max(abs(one.total) * 2 * NEAR, 1) / max(len(totals), 1)
                often = (len(by_total[one.total]) - 1) / max(len(totals), 1)
                within = np.searchsorted(days, (first, last + 1))
                pool = int(within[1] - within[0])
                chance = pool * max(density, often)
                error = max(ABSENT * chance, BY_NAMED)
                for other in meant if error <= LEAST_SURE else ():
                    pair = (other, one) if turned else (one, other)
                    yield replace(_shared(*pair, error, "total", frozenset()), pool=pool, chance=chance)

    def _with_slips(self) -> Iterator[Shared]:
        """Single rows of which one has the other's number, and whose amounts are equal but for two digits changed round."""

        def key(voucher: Voucher) -> tuple[str, bool]:
            return "".join(sorted(str(abs(voucher.total)))), voucher.total > 0

        for one, other, numbers in self._having_one(lambda v: abs(v.total), key):
            is_one = len(one.rows) == len(other.rows) == 1 and bool(numbers & (one.own | other.own))
            if is_one and has_slip(one.total, other.total):
                yield _shared(one, other, SLIP, "slip", numbers)

    def _take(self, found: list[Shared]) -> int:
        """Take those that share no row with another, unless that is much worse."""
        claims: dict[tuple[int, int], list[Shared]] = defaultdict(list)
        for one in found:
            for key in _keys(one):
                claims[key].append(one)
        taken = 0
        for one in sorted(found, key=lambda s: (s.error, s.left, s.right)):
            if not all(self.is_open[side][row] for side, row in _keys(one)):
                continue
            rivals = [
                other.error
                for key in _keys(one)
                for other in claims[key]
                if (other.left, other.right) != (one.left, one.right)
            ]
            if min(rivals, default=1.0) < one.error * APART and rivals:
                continue
            self.found.append(one)
            self.is_open[0][list(one.left)] = False
            self.is_open[1][list(one.right)] = False
            lag = float(self.sides[1].day[one.right[0]] - self.sides[0].day[one.left[0]])
            kind = "one" if len(one.left) == len(one.right) == 1 else "batch"
            self.windows.add(kind, [] if np.isnan(lag) else [lag], None)
            taken += 1
        return taken


def has_slip(one: int, other: int) -> bool:
    """Whether two amounts differ by two neighbouring digits that are changed round."""
    a, b = str(abs(one)), str(abs(other))
    if len(a) != len(b) or (one > 0) != (other > 0):
        return False
    apart = [n for n in range(len(a)) if a[n] != b[n]]
    if len(apart) != 2 or apart[1] != apart[0] + 1:
        return False
    return a[apart[0]] == b[apart[1]] and a[apart[1]] == b[apart[0]]


def _keys(one: Shared) -> list[tuple[int, int]]:
    return [*((0, row) for row in one.left), *((1, row) for row in one.right)]


def _shared(one: Voucher, other: Voucher, error: float, how: str, numbers: frozenset[Number]) -> Shared:
    return Shared(one.rows, other.rows, error, how, tuple(sorted({text for _, text in numbers})))


# -- what rows say -----------------------------------------------------------------------------------------------------


def _number(text: str | None) -> str | None:
    """The letters and digits of a number; None for what is none."""
    parts = words(text)
    found = "".join(parts)
    if len(parts) > MOST_WORDS or len(found) < SHORTEST_NUMBER or not any(c.isdigit() for c in found):
        return None
    return found


def _named(sides: tuple[Rows, Rows], own: tuple[Texts, Texts]) -> tuple[list[set[Number]], list[set[Number]]]:
    """For each row of both sides the numbers that its text has: those of either side's vouchers, and others."""
    texts = sides[0].party, sides[1].party
    found: list[list[set[Number]]] = [[set() for _ in text] for text in texts]
    rest: list[list[set[str]]] = [[set(words(text)) for text in side] for side in texts]
    for side, numbers in enumerate(own):
        known = References.of(
            [text if number else None for text, number in zip(sides[side].reference, numbers, strict=True)]
        )
        for n, text in enumerate(texts):
            rows, others = known.read(text)
            for row, (meant, words_) in enumerate(zip(rows, others, strict=True)):
                found[n][row] |= {(side, number) for number in {numbers[at] for at in meant} if number}
                rest[n][row] &= set(words_)
    for n in range(2):
        for row, others_ in enumerate(rest[n]):
            found[n][row] |= {(-1, word) for word in others_ if _is_number(word)}
    return found[0], found[1]


def _is_number(word: str) -> bool:
    return len(word) > SHORTEST_NUMBER and sum(c.isdigit() for c in word) >= SHORTEST_NUMBER


def _vouchers(
    side: Rows, which: int, own: Sequence[str | None], named: list[set[Number]], theirs: set[str]
) -> list[Voucher]:
    """Each row, all rows with one number and day, and all of one day that name one number of the other side."""
    groups: dict[tuple[int, ...], None] = {(row,): None for row in range(len(side))}
    by: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for row, number in enumerate(own):
        if number is not None:
            by[number, float(side.day[row])].append(row)
        for of, name in named[row]:
            if of == 1 - which and name in theirs:
                by["", of, name, float(side.day[row])].append(row)
    for key, several in by.items():
        # Of what was booked, reversed and booked again, one row is the whole, and the others cancel each other.
        amounts = side.amount[several]
        is_again = not key[0] and len(several) > 2 and int(amounts.sum()) in amounts.tolist()
        if 1 < len(several) <= MOST_LINES and not is_again:
            groups[tuple(several)] = None
    found = []
    for rows in groups:
        mine = frozenset((which, number) for row in rows if (number := own[row]) is not None)
        said: frozenset[Number] = frozenset().union(*(named[row] for row in rows))
        found.append(Voucher(rows, int(side.amount[list(rows)].sum()), float(side.day[rows[0]]), mine, mine | said))
    return found


def _clear(
    own: Sequence[Sequence[str | None]], named: Sequence[list[set[Number]]], sides: tuple[Rows, Rows]
) -> frozenset[Number]:
    """The numbers that both sides have, each in few vouchers."""
    both: list[Counter[Number]] = []
    for which, side in enumerate(sides):
        having: dict[Number, set[object]] = defaultdict(set)
        for row, said in enumerate(named[which]):
            number = own[which][row]
            voucher: object = row if number is None else (number, float(side.day[row]))
            for name in said | ({(which, number)} if number is not None else set()):
                having[name].add(voucher)
        both.append(Counter({name: len(found) for name, found in having.items()}))
    return frozenset(
        name for name, count in both[0].items() if count <= MOST_HAVING and 0 < both[1][name] <= MOST_HAVING
    )
