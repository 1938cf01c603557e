"""Finds the balance and the amount that prove each other, and gross, fee and net."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, permutations

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import Column, Int64, Levels
from matching.reading.roles.movements import Kind, Movement, are_sides, sign_columns
from matching.reading.roles.overdrawn import Letters, letters_of, words_agree
from matching.reading.roles.walk import MIN_SHARE, Balances, Direction, Walk, directions_of, signs_by_walk, walk
from matching.reading.roles.words import outs_of, sides_of

TRIED_ROWS = 2_000  # on which readings are compared; the best are then tested on all rows
MAX_TRIED = 12  # columns of numbers that are combined
_Signs = tuple[frozenset[str], frozenset[str]]  # values that mean money out, and money in
KINDS = {"signed": 0, "sides": 1, "letters": 2, "sign": 3, "fee": 4}
KEPT = 3
MIN_MARKED = 3  # steps that must prove a decimal mark
ROUNDED = 0.002  # share by which a price may be off that is known only from rounded amounts
MIN_PRODUCTS = 3  # rows in which a product of two unnamed columns must show
MIN_UNNAMED_SIGN = 4  # steps that must prove a column of unknown words, which could fit by chance


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
    for balance in numbers:
        if balance.is_identifier or int(balance.valid.sum()) < 2:
            continue
        for letters in letters_of(bookings, balance):
            signed = letters.values(balance) if letters else balance.values
            balances = Balances(signed, balance.valid, group[1].codes if group else None)
            for movement in _movements(bookings, balance, balances, numbers, directions):
                if letters is not None and letters.column is not None and letters.column is movement.sign:
                    continue  # a column says the sign of the balance or of the amount
                for direction in directions:
                    tested = walk(balances, movement.values(), direction)
                    proof = Proof(balance, movement, tested, group[0] if group else None, letters)
                    if tested.holds and _is_enough(proof):
                        found.append(proof)
    return found


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
        if outs_of(values) is None and not (tests >= 2 and _is_half_known(movement, values)):
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
    bookings: Bookings,
    balance: Amounts,
    balances: Balances,
    numbers: list[Amounts],
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
        yield from _signed_by_words(bookings, amount, balances, directions)
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
    return bool(both.any() or fee.moves.any()) and bool((np.abs(fee.values[both]) <= np.abs(amount.values[both])).all())


def _signed_by_words(
    bookings: Bookings, amount: Amounts, balances: Balances, directions: tuple[Direction, ...]
) -> Iterator[Movement]:
    columns: list[tuple[Column | None, Levels]] = list(sign_columns(bookings, amount))
    if amount.is_token_signed:
        columns.append((None, amount.token_levels()))
    for column, levels in columns:
        if len(levels.values) < 2:
            continue
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
    """Columns of which each value may have a balance of its own, such as accounts and currencies."""
    found = []
    for column in bookings.facts.columns:
        levels = bookings.levels_of(column)
        if levels is not None and len(levels.values) >= 2 and bookings.count >= 2 * len(levels.values):
            found.append((column, levels))
    return found


@dataclass(frozen=True)
class Triple:
    """Columns where gross and fee make net in every row with a fee."""

    gross: Amounts
    fee: Amounts
    net: Amounts
    adds_fee: bool
    rows: int

    @property
    def is_named(self) -> bool:
        """Whether a name says which part is the fee. What lies between gross and net may be a tax as well."""
        return self.fee.column.role("fee") >= 0.5

    def says(self) -> str:
        """The proof in words."""
        sign = "+" if self.adds_fee else "-"
        return f"{self.gross.name} {sign} {self.fee.name} = {self.net.name} on {self.rows} of {self.rows} rows"


def unsigned_walk(bookings: Bookings) -> Amounts | None:
    """
    A column without signs whose numbers are all the size of a balance's steps, up in some rows and down in others.

    Only the balance says which way money moved, so no column can be named for it.
    """
    numbers = [n for n in bookings.numbers if n.moves.any()][:MAX_TRIED]
    for balance, amount in permutations(numbers, 2):
        if amount.is_signed or balance.is_identifier or not bool(balance.valid.all()):
            continue
        if balance.column.role("balance") < 0.5 and bookings.count < MIN_UNNAMED_SIGN:
            continue
        change = np.diff(balance.values)
        for rows in (amount.values[1:], amount.values[:-1]):
            if len(change) >= 2 and bool((np.abs(change) == rows).all()) and len(set(np.sign(change).tolist())) > 1:
                return amount
    return None


def priced(bookings: Bookings, movement: Movement) -> Amounts | None:
    """
    A column that is what moved times one price, or times the prices of another column: then goods or units have moved,
    and this is their money. The same amount in another currency is called after that, which the caller has to look at.
    """
    moved = np.abs(movement.values())[:TRIED_ROWS]
    head = bookings.head(TRIED_ROWS)
    own = {n.column.index for n in movement.columns}
    others = [n for n in head.numbers if n.column.index not in own and n.moves.any() and not n.is_identifier]
    unit = float(10**bookings.scale)
    for money in others[:MAX_TRIED]:
        rows = money.moves & (moved != 0)
        if len(np.unique(moved[rows])) < MIN_PRODUCTS or not bool(money.moves[moved != 0].all()):
            continue
        paid, pieces = np.abs(money.values[rows]), moved[rows]
        largest = int(np.argmax(pieces))
        prices = [np.full(len(pieces), paid[largest] / pieces[largest] * unit)]
        prices += [np.abs(n.values[rows]).astype(float) for n in others if n is not money]
        for price in prices:
            off = np.abs(pieces / unit * price - paid)
            if bool((off <= 1 + ROUNDED * paid).all()) and not bool((np.abs(price - unit) <= ROUNDED * unit).all()):
                return money
    return None


def falls_by(bookings: Bookings, amount: Amounts) -> bool:
    """Whether some balance falls in every step by an amount without a sign, which is then money out."""
    balances = [n for n in bookings.numbers if n is not amount and n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for balance in balances:
        steps = np.diff(balance.values)
        is_balance = balance.column.role("balance") >= 0.5 or len(steps) >= 2
        if not is_balance or not len(steps) or not bool(balance.valid.all()):
            continue
        falls = steps if _rises_in_time(bookings) else -steps
        if any(bool((falls == -rows).all()) for rows in (amount.values[1:], amount.values[:-1])):
            return True
    return False


def _rises_in_time(bookings: Bookings) -> bool:
    return directions_of(bookings.days, bookings.days_valid)[0] == "down"


def has_product(bookings: Bookings, amount: Amounts, fee: Amounts) -> bool:
    """Whether quantity times price, with the fee, is the amount wherever there is a fee: then it is in it already."""
    return bool(factors_of(bookings, amount, fee))


def products_of(bookings: Bookings) -> list[tuple[Amounts, ...]]:
    """
    The columns that are the product of two others in all rows, such as quantity times price, each before its factors.

    By chance two columns are hardly ever multiplied in three rows. What is less than its factors is a tax or a share.
    """
    head = bookings.head(TRIED_ROWS)
    whole = {n.column.index: n for n in bookings.numbers}
    found = []
    for number in head.numbers[:MAX_TRIED]:
        if number.is_identifier or number.column.role("fee", "balance", "other_number") >= 0.5:
            continue
        factors = factors_of(head, number, least=MIN_PRODUCTS)
        product, *parts = (whole[n.column.index] for n in (number, *factors))
        if not parts or any(_is_share(part, 10**bookings.scale) for part in parts):
            continue
        if head is bookings or factors_of(replace(bookings, numbers=(product, *parts)), product, least=MIN_PRODUCTS):
            found.append((product, *parts))
    return found


def _is_share(number: Amounts, unit: int) -> bool:
    return bool((np.abs(number.values[number.moves]) < unit).all())


def factors_of(bookings: Bookings, amount: Amounts, fee: Amounts | None = None, least: int = 1) -> tuple[Amounts, ...]:
    """
    The two columns whose product is the amount, give or take the fee, in all rows where they and the fee move.

    Sizes are compared without signs and to one unit, for rounding. Times one is no product; `least` is how many others
    there must be.
    """
    numbers = [n for n in bookings.numbers if n is not amount and n is not fee and n.moves.any()][:MAX_TRIED]
    unit = float(10**bookings.scale)
    for quantity, price in combinations(numbers, 2):
        rows = quantity.moves & price.moves & amount.moves
        if fee is not None:
            if not bool((quantity.moves & price.moves)[fee.moves & amount.moves].all()):
                continue
            rows &= fee.moves
        is_trivial = (np.abs(quantity.values[rows]) == unit) | (np.abs(price.values[rows]) == unit)
        if int((~is_trivial).sum()) < least:
            continue
        product = np.abs(quantity.values[rows] / unit * price.values[rows])
        charged = np.abs(fee.values[rows]) if fee is not None else np.zeros(int(rows.sum()))
        paid = np.abs(amount.values[rows])
        if bool((np.minimum(np.abs(product + charged - paid), np.abs(product - charged - paid)) <= 1).all()):
            return quantity, price
    return ()


def sums_of(bookings: Bookings) -> dict[int, tuple[Amounts, tuple[Amounts, ...]]]:
    """
    The columns that are the sum of neighbouring other ones in all rows, by index, with their parts.

    At least two of the parts differ from the sum, and it moves in at least two rows.
    """
    numbers = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    found: dict[int, tuple[Amounts, tuple[Amounts, ...]]] = {}
    for total in numbers:
        rest = [n for n in numbers if n is not total]
        for first in range(len(rest)):
            for end in range(len(rest), first + 1, -1):
                parts = tuple(rest[first:end])
                if _adds_up(total, parts, TRIED_ROWS) and _adds_up(total, parts):
                    found.setdefault(total.column.index, (total, parts))
    return found


def union_of(bookings: Bookings) -> Amounts | None:
    """
    The signed column that repeats the one of two other columns that is filled in a row: the net of a sale or of a fee, or
    debit less credit. Where both are empty, in fewer than half of the rows, it may stand alone, as that of a payout.
    """
    numbers = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for total in numbers:
        if not bool((total.values < 0).any()) or not bool((total.values > 0).any()):
            continue
        for one, other in permutations((n for n in numbers if n is not total), 2):
            if min(int(one.moves.sum()), int(other.moves.sum())) < 2 or bool((one.moves & other.moves).any()):
                continue
            filled = one.moves | other.moves
            if 2 * int(filled.sum()) <= int(total.moves.sum()):
                continue
            if any(bool((one.values + sign * other.values == total.values)[filled].all()) for sign in (1, -1)):
                return total
    return None


def _adds_up(total: Amounts, parts: tuple[Amounts, ...], most: int | None = None) -> bool:
    """Whether parts add up to a total in all rows, or in the first `most` ones."""
    added = np.sum([n.values[:most] for n in parts], axis=0)
    if not bool((added == total.values[:most]).all()):
        return False
    moving = sum(bool((n.moves & (n.values != total.values)).any()) for n in parts) if most is None else 2
    return moving >= 2 and int(total.moves.sum()) >= 2


def triples_of(bookings: Bookings) -> list[Triple]:
    """
    The triples of columns where gross - fee = net, or gross + fee = net if fees carry their minus.

    Gross less net is the fee as well, so of each three columns the reading is kept that names and sizes support.
    """
    found: dict[frozenset[int], tuple[float, Triple]] = {}
    numbers = [n for n in bookings.numbers if n.moves.any() and not n.is_identifier][:MAX_TRIED]
    for fee, gross, net in permutations(numbers, 3):
        for adds in (False, True):
            triple = _triple(fee, gross, net, adds)
            if triple is None:
                continue
            key = frozenset(n.column.index for n in (fee, gross, net))
            score = _triple_score(triple)
            if key not in found or score > found[key][0]:
                found[key] = score, triple
    return [triple for _, triple in found.values()]


def _triple(fee: Amounts, gross: Amounts, net: Amounts, adds: bool) -> Triple | None:
    first = slice(TRIED_ROWS)
    charged = fee.values[first] if adds else -fee.values[first]
    both = gross.valid[first] & net.valid[first]
    if not bool((gross.values[first] + charged == net.values[first])[both].all()):
        return None  # most columns do not fit, which the first rows show
    rows, asked = fee.moves, gross.valid & net.valid
    moved = int((asked & rows).sum())
    if moved == 0 or not bool(asked[rows].all()):
        return None
    if int(asked.sum()) < MIN_SHARE * max(int(gross.moves.sum()), int(net.moves.sum())):
        return None
    if not bool((np.abs(fee.values[rows]) <= np.abs(gross.values[rows])).all()):
        return None
    total = gross.values + (fee.values if adds else -fee.values)
    if not bool((total[asked] == net.values[asked]).all()):
        return None
    is_named = fee.column.role("fee") >= 0.5 or (gross.column.role("gross") >= 0.5 and net.column.role("net") >= 0.5)
    if moved < 2 and not is_named:
        return None
    return Triple(gross, fee, net, adds, moved)


def _triple_score(triple: Triple) -> float:
    """How well names and sizes fit the parts of a triple: a fee is the smaller part."""
    names = triple.gross.column.role("gross") + triple.fee.column.role("fee") + triple.net.column.role("net")
    names -= (
        triple.gross.column.role("fee", "net") + triple.fee.column.role("net", "gross") + triple.net.column.role("fee")
    )
    smaller = np.abs(triple.fee.values).sum() < np.abs(triple.net.values).sum()
    return 2 * names + float(smaller)
