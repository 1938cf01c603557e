"""Finds the balance and the amount that prove each other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from matching.reading.roles.amounts import MAX_TRIED, MIN_UNNAMED_SIGN, TRIED_ROWS, Amounts, Bookings
from matching.reading.roles.facts import Column, Int64, Levels
from matching.reading.roles.folding import words_of
from matching.reading.roles.movements import Kind, Movement, are_sides, sign_columns
from matching.reading.roles.overdrawn import Letters, letters_of, words_agree
from matching.reading.roles.stages import passes_on
from matching.reading.roles.walk import Balances, Direction, Walk, directions_of, signs_by_walk, walk
from matching.reading.roles.words import outs_by_initials, outs_of, sides_of

_Signs = tuple[frozenset[str], frozenset[str]]  # values that mean money out, and money in
_Words = tuple[Column | None, Levels]  # a column of few words, or none if the words stand beside the amount
KINDS = {"signed": 0, "sides": 1, "letters": 2, "sign": 3, "fee": 4}
KEPT = 3
MIN_MARKED = 3  # steps that must prove a decimal mark
MAX_SIGNS = 60  # columns of words that are tried as signs: of 2,000, all of which could be some, a small file took 50 s
MAX_GROUPS = 30  # columns that are tried as groups of balances


@dataclass(frozen=True)
class Proof:
    """A movement that explains a balance. `letters` say the sign of the balance, if any do."""

    balance: Amounts
    movement: Movement
    walk: Walk
    group: Column | None = None
    letters: Letters | None = None

    @property
    def balances(self) -> Int64:
        """The balances with their signs, shape (bookings,), in the table's unit."""
        return self.balance.values if self.letters is None else self.letters.values(self.balance)

    @property
    def may_be_turned(self) -> bool:
        """Whether the balance would walk as well with all signs turned, and no word says which is right."""
        is_open = self.letters is not None and not self.letters.is_known
        return is_open and self.movement.kind != "signed" and not words_agree(self.movement)

    @property
    def rank(self) -> tuple[object, ...]:
        """How sure this proof is; the highest is the best."""
        movement, tested = self.movement, self.walk
        names = self.balance.column.role("balance") + max(
            (n.column.role("amount", "net", "in", "out") for n in movement.columns), default=0.0
        )
        names -= max((n.column.role("balance", "original", "other_number") for n in movement.columns), default=0.0)
        return (
            tested.held == tested.tests,
            min(tested.tests, 5),
            self.group is None,
            int(tested.covered.sum()),
            int((movement.values() != 0).sum()),
            -KINDS[movement.kind],
            not self._is_in_debt_throughout,
            words_agree(movement),
            self._words_shared,
            self.letters is None,
            not tested.direction.endswith("before"),
            names,
        )

    @property
    def _is_in_debt_throughout(self) -> bool:
        """
        Whether the letters of Chinese and Japanese ledgers call every balance a debt. Where the balance walks without them
        too, it is what a firm has by its own books, in which a debit is money in. Banks there use no such letters.
        """
        if self.letters is None or not self.letters.is_known or not bool((self.balances <= 0).all()):
            return False
        return not any(value.isascii() for value in self.letters.negative)

    @property
    def _words_shared(self) -> int:
        """How many words the names of two sides share, which tell them from other pairs, such as those in another currency."""
        if self.movement.kind != "sides":
            return 0
        one, other = (set(words_of(number.name)) for number in self.movement.columns[:2])
        return len(one & other)

    @property
    def is_debt_alone(self) -> bool:
        """
        Whether letters call every balance a debt, and no minus or word says that of the amounts. A bank's Dr is money
        that is owed to it, but in the books of a firm it is money that the firm has.
        """
        is_read = self.letters is not None and self.letters.is_known and self.movement.kind != "signed"
        return is_read and words_agree(self.movement) <= 0 and bool((self.balances <= 0).all())

    def says(self) -> str:
        """The proof in words."""
        return f"balance walks on {self.walk.held} of {self.walk.tests} rows"


def proofs_of(bookings: Bookings) -> list[Proof]:
    """All readings that explain a balance, best first."""
    head = bookings.head(TRIED_ROWS)
    tried = _proofs(head, None)
    if not tried:
        for column, levels in _groups(head):
            tried += _proofs(head, (column, levels))
    tried.sort(key=lambda proof: proof.rank, reverse=True)
    if head is bookings:
        return tried
    again = []
    whole = {n.column.index: n for n in bookings.numbers}
    # Steps between rows of which some are missing prove nothing.
    joined = bookings.places < (bookings.facts.joined or bookings.facts.count)
    for proof in tried[:KEPT]:
        movement = on_all(bookings, proof.movement, whole)
        groups = bookings.levels_of(proof.group) if proof.group is not None else None
        if movement is None or (proof.group is not None and groups is None):
            continue
        balance = whole[proof.balance.column.index]
        letters = proof.letters.on_all(bookings, balance) if proof.letters else None
        signed = letters.values(balance) if letters else balance.values
        balances = Balances(signed, balance.valid & joined, groups.codes if groups else None)
        found = walk(balances, movement.values(), proof.walk.direction)
        if found.holds:
            again.append(Proof(balance, movement, found, proof.group, letters))
    return again


def proves_point(bookings: Bookings, proof: Proof) -> bool:
    """
    Whether a balance walks in all steps with points as decimal marks, and not with commas, where texts allow both.

    Open marks are read as points, so only the other reading has to be tried: 1,663 and 294 are far apart in it.
    """
    if proof.walk.held < max(MIN_MARKED, proof.walk.tests) or proof.letters is not None:
        return False
    turned = _with_commas(bookings, proof)
    return turned is not None and not turned.walk.holds


def marked(bookings: Bookings, proof: Proof) -> Proof:
    """
    The proof, read with commas as open decimal marks if the balance walks in all steps with these and not with points:
    after 1.370, a booking of 405 is no step of 0.405.
    """
    open_ones = [n for n in (proof.balance, *proof.movement.columns) if n.mark is None and n.moves.any()]
    if not open_ones or proof.walk.held == proof.walk.tests or proof.letters is not None:
        return proof
    turned = _with_commas(bookings, proof)
    if turned is None or turned.walk.held < max(MIN_MARKED, turned.walk.tests):
        return proof
    return turned


def _with_commas(bookings: Bookings, proof: Proof) -> Proof | None:
    """The same columns, with open decimal marks read as commas."""
    read = (proof.balance, *proof.movement.columns)
    rows = np.zeros(bookings.facts.count, np.bool_)
    rows[bookings.places] = True
    scale = max(n.column.numbers.max_decimals(n.mark or ",", rows & n.column.numbers.ok) for n in read)
    turned: dict[int, Amounts] = {}
    for number in read:
        mark = number.mark or ","
        values, fits = number.column.numbers.integers(mark, scale)
        valid = number.valid & fits[bookings.places]
        values = np.where(valid, values[bookings.places], 0)
        turned[number.column.index] = replace(number, values=values, valid=valid, mark=mark)
    movement = on_all(bookings, proof.movement, turned)
    if movement is None:
        return None
    balance = turned[proof.balance.column.index]
    groups = bookings.levels_of(proof.group) if proof.group is not None else None
    again = Balances(balance.values, balance.valid, groups.codes if groups else None)
    return replace(proof, balance=balance, movement=movement, walk=walk(again, movement.values(), proof.walk.direction))


def unbalanced_rows(bookings: Bookings, movement: Movement) -> list[int]:
    """The rows without a balance, or with the same one as beside them, that stop it from walking: without them, it does."""
    moved = movement.values() != 0
    for balance in bookings.numbers:
        if balance.column.role("balance") < 0.5:
            continue
        known = balance.valid[:-1] & balance.valid[1:]
        is_same = known & (np.diff(balance.values) == 0)
        down, up = np.append(False, is_same) & moved, np.append(is_same, False) & moved
        for rows in (~balance.valid, ~balance.valid | down, ~balance.valid | up):
            if not rows.any() or 2 * int(rows.sum()) > bookings.count:
                continue
            if any(p.balance.column is balance.column for p in proofs_of(bookings.only(~rows))):
                return [int(row) for row in np.flatnonzero(rows)]
    return []


def on_all(bookings: Bookings, movement: Movement, whole: dict[int, Amounts]) -> Movement | None:
    """The movement read from all bookings instead of the first ones."""
    levels = movement.levels
    amount = whole[movement.amount.column.index]
    if movement.kind == "sign" and movement.sign is not None:
        levels = bookings.levels_of(movement.sign)
        if levels is None:
            return None
    elif movement.kind == "letters":
        levels = amount.token_levels()
    other = whole[movement.other.column.index] if movement.other else None
    charge = whole[movement.charge.column.index] if movement.charge else None
    return replace(movement, amount=amount, other=other, charge=charge, levels=levels)


def _proofs(bookings: Bookings, group: tuple[Column, Levels] | None) -> list[Proof]:
    found = []
    numbers = [n for n in bookings.numbers if n.moves.any() or n.column.role("out", "in") >= 0.5][:MAX_TRIED]
    directions = directions_of(bookings.days, bookings.days_valid)
    signs = {n.column.index: _words_beside(bookings, n) for n in numbers if not n.is_signed and n.moves.any()}
    moving = [n for n in numbers if not (n.moves.any() and _is_one(n, 10**bookings.scale))]
    for balance in numbers:
        if balance.is_identifier or int(balance.valid.sum()) < 2 or passes_on(balance):
            continue
        for letters in letters_of(bookings, balance):
            signed = letters.values(balance) if letters else balance.values
            balances = Balances(signed, balance.valid, group[1].codes if group else None)
            for movement in _movements(balance, balances, moving, signs, directions):
                if letters is not None and letters.column is not None and letters.column is movement.sign:
                    continue  # a column says the sign of the balance or of the amount
                if _repeats(balance, movement):
                    continue
                for direction in _directions(movement, directions):
                    tested = walk(balances, movement.values(), direction)
                    proof = Proof(balance, movement, tested, group[0] if group else None, letters)
                    if tested.holds and _is_enough(proof):
                        found.append(proof)
    return found


def _repeats(balance: Amounts, movement: Movement) -> bool:
    """Whether two of the columns hold the same numbers, so that they prove nothing about each other."""
    pairs = combinations((balance, *movement.columns), 2)
    return any(
        bool(one.moves.any()) and bool((np.abs(one.values) == np.abs(other.values)).all()) for one, other in pairs
    )


def _directions(movement: Movement, directions: tuple[Direction, ...]) -> tuple[Direction, ...]:
    """
    The directions in which a movement is walked. Signs of its own leave no doubt which way the balance was walked, so that
    newest rows may stand first with the balances from before them.
    """
    amount = movement.amount
    has_both = movement.kind == "signed" and amount.is_signed and bool((amount.values > 0).any())
    return (*directions, "up_before") if has_both and directions == ("up",) else directions


def _is_one(number: Amounts, unit: int) -> bool:
    """Whether a column is one wherever it moves, as a rate is: numbers of rows go on by it like a balance."""
    return bool((np.abs(number.values[number.moves]) == unit).all()) and not number.is_signed


def _is_enough(proof: Proof) -> bool:
    """One step alone can hold by chance, and so can a few with a column of unknown words or with groups."""
    movement, tests = proof.movement, proof.walk.tests
    named = proof.balance.column.role("balance") >= 0.5
    if proof.walk.direction.endswith("before") and not (tests >= 3 or named):
        return False
    is_free = proof.letters is not None and not proof.letters.is_known
    if (proof.group is not None or is_free) and tests < 3:
        return False
    if movement.kind in ("sign", "letters") and movement.levels is not None:
        values = [value for value in movement.levels.values if value]
        name = movement.sign.name if movement.sign is not None else ""
        outs = outs_by_initials(name, values)
        if outs is not None and {value for value, is_out in outs.items() if is_out} != movement.negative:
            return False
        if outs_of(values) is None and outs is None and not (tests >= 2 and _is_half_known(movement, values)):
            codes = movement.levels.codes[movement.amount.moves]
            counts = [int((codes == number).sum()) for number in range(len(movement.levels.values))]
            return tests >= MIN_UNNAMED_SIGN and min((c for c in counts if c), default=0) >= 2
    if movement.kind == "fee" and movement.other is not None and movement.other.column.role("fee") < 0.5 and tests < 4:
        return False
    if tests >= 2:
        return True
    return named and any(n.column.role("amount", "in", "out", "net") >= 0.3 for n in movement.columns)


def _is_half_known(movement: Movement, values: list[str]) -> bool:
    """Whether words confirm the sign of one of two values, and none speaks against it."""
    known = [(value, {side.is_out for side in sides_of(value)}) for value in values]
    agree = [value for value, outs in known if outs == {value in movement.negative}]
    return len(values) == 2 and bool(agree) and all(not outs or value in agree for value, outs in known)


def _movements(
    balance: Amounts,
    balances: Balances,
    numbers: list[Amounts],
    signs: dict[int, list[_Words]],
    directions: tuple[Direction, ...],
) -> Iterator[Movement]:
    """The readings of the other columns that could explain a balance."""
    others = [n for n in numbers if n is not balance]
    fees = [n for n in others if not n.is_identifier]
    for amount in others:
        if amount.is_identifier and amount.column.role("amount") < 0.5:
            continue
        if not amount.moves.any():
            continue
        yield Movement("signed", amount)
        for fee in fees:
            if fee is not amount and not are_sides(amount, fee) and _is_smaller(fee, amount):
                yield Movement("fee", amount, fee, adds_fee=False)
                yield Movement("fee", amount, fee, adds_fee=True)
        if amount.is_signed:
            continue
        yield from _signed_by_words(signs[amount.column.index], amount, balances, directions)
    for number, one in enumerate(fees):
        for other in fees[number + 1 :]:
            if are_sides(one, other):
                charges = [n for n in fees if n not in (one, other) and n.column.role("fee") >= 0.5 and n.moves.any()]
                for received, spent in ((one, other), (other, one)):
                    yield Movement("sides", received, spent)
                    for charge in charges:
                        is_negative = bool((charge.values <= 0).all())
                        yield Movement("sides", received, spent, charge=charge, adds_fee=is_negative)


def _is_smaller(fee: Amounts, amount: Amounts) -> bool:
    both = fee.moves & amount.moves
    if not bool(amount.valid[fee.moves].all()):
        return False  # where there is no amount, the fee would be lost
    return bool(both.any() or fee.moves.any()) and bool((np.abs(fee.values[both]) <= np.abs(amount.values[both])).all())


def _words_beside(bookings: Bookings, amount: Amounts) -> list[_Words]:
    """The words that may say the sign of an amount: of other columns, those named like signs first, and of its own."""
    found = [words for words in sign_columns(bookings, amount) if len(words[1].values) >= 2]
    if len(found) > MAX_SIGNS:
        found = sorted(found, key=lambda words: words[0].role("sign"), reverse=True)[:MAX_SIGNS]
    own = [(None, amount.token_levels())] if amount.is_token_signed else []
    return [*found, *(words for words in own if len(words[1].values) >= 2)]


def _signed_by_words(
    columns: list[_Words], amount: Amounts, balances: Balances, directions: tuple[Direction, ...]
) -> Iterator[Movement]:
    for column, levels in columns:
        kind: Kind = "letters" if column is None else "sign"
        tried: set[_Signs] = set()
        for direction in directions:
            signs, _, _ = signs_by_walk(balances, amount.values, levels.codes, len(levels.values), direction)
            tried.add(_shown(levels, signs.tolist()))
        if len(levels.values) == 2:
            one, other = (frozenset([value]) for value in levels.values)
            tried |= {(one, other), (other, one)}
        for negative, positive in tried:
            if negative and negative != frozenset(levels.values):
                yield Movement(kind, amount, None, column, levels, negative, positive)


def _shown(levels: Levels, signs: list[int]) -> _Signs:
    """The values that mean money out, and those that mean money in. Where the balance does not show it, the words do."""
    outs = outs_of([value for value in levels.values if value]) or {}
    out = {value: sign < 0 if sign else outs.get(value) for value, sign in zip(levels.values, signs, strict=True)}
    return frozenset(v for v, is_out in out.items() if is_out), frozenset(
        v for v, is_out in out.items() if is_out is False
    )


def _groups(bookings: Bookings) -> list[tuple[Column, Levels]]:
    """
    Columns of which each value may have a balance of its own, such as accounts and currencies. Amounts have none, and would
    divide the rows into steps that hold by themselves.
    """
    found = []
    money = {n.column.index for n in bookings.numbers if n.has_decimals}
    for column in bookings.facts.columns:
        if column.index in money:
            continue
        levels = bookings.levels_of(column)
        if levels is not None and len(levels.values) >= 2 and bookings.count >= 2 * len(levels.values):
            found.append((column, levels))
    return found[:MAX_GROUPS]
