"""The amount where no arithmetic proves it: by two sides, a column of signs, and names; and what to ask if that fails."""

import numpy as np

from matching.reading.roles.amounts import MONEY, Amounts, Bookings
from matching.reading.roles.choice import Choice, amount_question
from matching.reading.roles.facts import Column, is_unnamed
from matching.reading.roles.money import codes_around, in_header
from matching.reading.roles.sides import chosen_sides
from matching.reading.roles.signs import with_sign
from matching.reading.roles.words import names_minor_unit, outs_of

SAME_RATE = 0.01  # by which the rates between two amounts in different currencies may differ, for rounding
RIVAL = 1.3  # a column whose score is this near is a question
NAMED = 0.5  # of a column's name that says that it is something else than an amount
OCCASIONAL_SHARE = 0.5  # of the rows, below which plain numbers beside an amount are none themselves
LEAST_CODES, CODE_DIGITS = 4, 6  # whole numbers of one length that may be codes, and their least digits
LEAST_REPEATED = 4  # rows for each of a few different codes
LABEL_DIGITS = 3  # of the number of a door or a floor
_WEIGHTS = {
    "amount": 3.0,
    "net": 2.5,
    "gross": 1.5,
    "original": -4.0,
    "fee": -6.0,
    "other_number": -7.0,
    "balance": -8.0,
    "account": -7.0,
    "reference": -7.0,
    "identity": -7.0,
    "other_date": -7.0,
    "term_date": -7.0,
    "status": -5.0,
}


def money_score(number: Amounts, bookings: Bookings) -> float:
    """How much a column looks like the amount by itself."""
    column = number.column
    fill = float(number.valid.sum()) / max(1, bookings.count)
    strongest = max(column.roles.values(), default=0.0)
    name = sum(
        weight * share
        for role, weight in _WEIGHTS.items()
        if (share := column.role(role)) and (weight < 0 or share >= 0.5 * strongest)
    )
    if column.role("original") and name > 0:
        name -= 3.0
    score = 5 * fill + name
    score += 1.2 * number.has_decimals + 1.2 * number.is_signed
    return score + 0.8 * number.is_token_signed + 0.8 * _names_currency(number)


def _names_currency(number: Amounts) -> bool:
    """Whether the cells name a currency."""
    return any(code is not None for code in number.column.numbers.currencies)


def choose(bookings: Bookings, taken: tuple[Amounts, ...] = (), total: Amounts | None = None) -> Choice:
    """
    Choose the amount among the columns of numbers. `taken` are those known to be something else, and `total` is what they
    come to, if that is known.
    """
    numbers = [n for n in bookings.numbers if n not in taken and not n.is_identifier]
    sides = chosen_sides(bookings, numbers)
    if sides is not None:
        return sides
    candidates = sorted(
        ((money_score(n, bookings), -n.column.index, n) for n in numbers if n.moves.any()),
        key=lambda found: found[:2],
        reverse=True,
    )
    if not candidates:
        return _none_found(bookings)
    best_score, _, best = candidates[0]
    rivals = [n for score, _, n in candidates[1:] if score > best_score - RIVAL and not _is_same(n, best)]
    if rivals and (own := _in_own_currency(bookings, [best, *rivals])) is not None:
        return with_sign(bookings, own)
    if (half := _lonely_side(bookings, best)) is not None:
        return Choice(questions=[amount_question(bookings, [best]) | {"columns": [best.name, half.name]}])
    is_money = best.has_decimals or best.is_signed or best.is_token_signed or _names_currency(best)
    is_money = is_money or in_header(best.name) is not None
    is_named = best.column.role("amount", "net", "gross", "in", "out") >= (0.5 if is_money else 0.6)
    is_named = is_named or names_minor_unit(best.name) or best is total
    if not [n for _, _, n in candidates[1:] if not _is_same(n, best)] and is_unnamed(best.column):
        is_named = True  # a file without a header, in which only these numbers can be amounts
    others = [n for _, _, n in candidates[1:] if not _is_same(n, best) and not _is_occasional(n, best)]
    others = [n for n in others if not _is_rest(n, best)]
    if best.has_decimals and in_header(best.name) and not any(n.has_decimals or in_header(n.name) for n in others):
        others = []  # counts and quantities
    if best.has_decimals and best.is_signed:  # plain whole numbers of other names are codes
        others = [n for n in others if n.has_decimals or n.is_signed or n.column.role(*MONEY) > 0]
    if best.has_decimals:
        others = [n for n in others if not _is_code(n, bookings) and not _is_label(n, bookings)]
    if best.has_decimals and is_unnamed(best.column):
        others = [n for n in others if n.has_decimals or n.is_signed]  # whole numbers without names are codes
    rivals = [n for n in rivals if n in others]
    if rivals or (not is_named and (not is_money or (others and best_score < 9))):
        return Choice(questions=[amount_question(bookings, [best, *(rivals or others)])])
    if best_score < 0 or _is_something_else(best.column):
        return Choice(questions=[amount_question(bookings, [best, *others])])
    return with_sign(bookings, best)


def _is_something_else(column: Column) -> bool:
    """Whether a name says that a column is no amount that moved, such as a fee, though no other one can be."""
    money = column.role("amount", "net", "gross", "in", "out")
    part = column.role("fee", "other_number")
    other = column.role("balance", "reference", "identity", "account")
    return (part >= NAMED and part >= money) or (other >= NAMED and other > money)


def _is_occasional(number: Amounts, best: Amounts) -> bool:
    """Whether plain whole numbers stand in few of the rows of an amount with decimals, as those of cheques do."""
    rows = number.moves & best.moves
    is_plain = not (number.has_decimals or number.is_signed or number.is_token_signed or _names_currency(number))
    is_rare = int(rows.sum()) < OCCASIONAL_SHARE * int(best.moves.sum())
    return is_plain and best.has_decimals and bool((rows == number.moves).all()) and is_rare


def _is_code(number: Amounts, bookings: Bookings) -> bool:
    """
    Whether whole numbers all differ and are of one length, as those that name a payment are, or are a few that stand in many
    rows, as those are that name a kind.
    """
    if number.has_decimals or number.is_signed or number.column.role(*MONEY) > 0 or _names_currency(number):
        return False
    levels = bookings.levels_of(number.column)
    if levels is not None and len(levels.values) * LEAST_REPEATED <= int(number.valid.sum()):
        return True
    digits = number.column.numbers.digits[bookings.places][number.valid]
    values = number.values[number.valid]
    is_long = len(values) >= LEAST_CODES and int(digits.min()) == int(digits.max()) >= CODE_DIGITS
    return is_long and len(np.unique(values)) == len(values)


def _is_label(number: Amounts, bookings: Bookings) -> bool:
    """
    Whether small whole numbers all have letters behind them that say no side, as those of doors and floors do: 2B, 1ºE.
    """
    if number.has_decimals or number.is_signed or number.column.role(*MONEY) > 0 or _names_currency(number):
        return False
    rows = number.valid
    used = {number.letters[n - 1] if n else "" for n in number.tokens[rows].tolist()}
    is_small = int(number.column.numbers.digits[bookings.places][rows].max(initial=0)) <= LABEL_DIGITS
    return is_small and "" not in used and len(set((outs_of(sorted(used)) or {}).values())) < 2


def _is_rest(number: Amounts, whole: Amounts) -> bool:
    """Whether a column is, in every row, the whole of a signed amount or nothing: what of it is still open."""
    if not (whole.is_signed and bool(number.valid.all()) and bool(whole.moves.all())):
        return False
    return bool(((number.values == whole.values) | (number.values == 0)).all()) and int(number.moves.sum()) > 0


def _in_own_currency(bookings: Bookings, numbers: list[Amounts]) -> Amounts | None:
    """The one of several amounts that is in the currency of the account, if they are the same in different ones."""
    codes = [in_header(n.name) for n in numbers]
    if len(set(codes)) < len(codes):
        return None
    first = numbers[0].values
    for other in numbers[1:]:
        rows = numbers[0].moves & other.moves
        ratios = other.values[rows] / first[rows] if rows.any() else np.zeros(0)
        if not len(ratios) or float(ratios.max() - ratios.min()) > SAME_RATE * abs(float(ratios.mean())):
            return None
    around = codes_around(bookings.facts)
    fitting = [n for n, code in zip(numbers, codes, strict=True) if code in around]
    return fitting[0] if len(fitting) == 1 else None


def _lonely_side(bookings: Bookings, best: Amounts) -> Column | None:
    """The other half of two sides whose cells cannot be read, if the best column is only one half."""
    column = best.column
    if column.role("in", "out") < 0.5 or column.role("amount") >= column.role("in", "out"):
        return None
    other = "in" if column.role("out") > column.role("in") else "out"
    numbers = {n.column.index for n in bookings.numbers}
    return next(
        (
            c
            for c in bookings.facts.columns
            if c.index not in numbers
            and c.role(other) >= 0.9
            and bool(c.filled[bookings.places].any())
            and c.role("sign", "text", "reference", "account") < 0.9
        ),
        None,
    )


def _none_found(bookings: Bookings) -> Choice:
    near = [n for n in bookings.numbers if n.moves.any()]
    # Without choices the question does not hold up a file that may have no amounts at all.
    if near:
        return Choice(questions=[amount_question(bookings, near) | {"choices": []}])
    rows = bookings.places
    named = [
        c for c in bookings.facts.columns if c.role("amount", "in", "out") >= 0.9 and bool(c.numbers.filled[rows].any())
    ]
    if not named:
        return Choice()
    examples = [text for row in rows[:4].tolist() if (text := named[0].text(row))]
    question = {"column": named[0].name, "columns": [c.name for c in named], "kind": "amount_column"}
    return Choice(questions=[question | {"choices": [], "examples": examples}])


def _is_same(one: Amounts, other: Amounts) -> bool:
    """Whether two columns hold the same numbers."""
    both = one.valid & other.valid
    return bool(
        both.any() and (one.values[both] == other.values[both]).all() and int(both.sum()) == int(other.valid.sum())
    )
