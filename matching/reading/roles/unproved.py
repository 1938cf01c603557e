"""The amount where no arithmetic proves it: by two sides, a column of signs, and names; and what to ask if that fails."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matching.reading.cells.currencies import currency_of
from matching.reading.roles.amounts import MONEY, Amounts, Bookings
from matching.reading.roles.facts import Column, Levels, is_unnamed
from matching.reading.roles.money import codes_around, in_header
from matching.reading.roles.movements import Movement, are_sides, sign_columns
from matching.reading.roles.sales import outs_of_sales
from matching.reading.roles.words import names_minor_unit, outs_of, says, sides_of, words_of

SAME_RATE = 0.01  # by which the rates between two amounts in different currencies may differ, for rounding
MAX_SIGNS, MAX_SIGN_WORDS, MAX_SIGN_LETTERS = 3, 3, 24  # of unknown values that may say a sign
MULTIPLES = frozenset({"K", "M"})
TRADES = (("bought", True), ("sold", False))
MAX_KINDS = 20  # of bookings, as which a column names them
MAX_MARK = 6  # letters of a mark beside some amounts
MARKED_OTHERWISE = ("text", "reference", "status", "currency", "account", "booked", "value_date", "other_date")
FLAGS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False, "y": True, "n": False}
RIVAL = 1.3  # a column whose score is this near is a question
OCCASIONAL_SHARE = 0.5  # of the rows, below which plain numbers beside an amount are none themselves
FULL_SHARE = 0.95  # of the bookings that two sides without known names must explain
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
    "status": -5.0,
}


@dataclass
class Choice:
    """The amount that was chosen, or the questions that decide it."""

    movement: Movement | None = None
    questions: list[dict[str, Any]] = field(default_factory=list)
    proof: str | None = None


def unsigned_in(choice: Choice) -> Amounts | None:
    """The chosen amount, if nothing says which way it moves."""
    movement = choice.movement
    is_plain = movement is not None and movement.kind == "signed" and not movement.amount.is_signed
    return movement.amount if movement is not None and is_plain else None


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


def choose(bookings: Bookings, taken: tuple[Amounts, ...] = ()) -> Choice:
    """Choose the amount among the columns of numbers. `taken` are those known to be something else."""
    numbers = [n for n in bookings.numbers if n not in taken and not n.is_identifier]
    sides = _sides(bookings, numbers)
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
    is_named = best.column.role("amount", "net", "gross", "in", "out") >= (0.5 if is_money else 0.6)
    is_named = is_named or names_minor_unit(best.name)
    if not [n for _, _, n in candidates[1:] if not _is_same(n, best)] and is_unnamed(best.column):
        is_named = True  # a file without a header, in which only these numbers can be amounts
    others = [n for _, _, n in candidates[1:] if not _is_same(n, best) and not _is_occasional(n, best)]
    others = [n for n in others if not _is_rest(n, best)]
    if best.has_decimals and in_header(best.name) and not any(n.has_decimals or in_header(n.name) for n in others):
        others = []  # counts and quantities
    if best.has_decimals and is_unnamed(best.column):
        others = [n for n in others if n.has_decimals or n.is_signed]  # whole numbers without names are codes
    rivals = [n for n in rivals if n in others]
    if rivals or (not is_named and (not is_money or (others and best_score < 9))):
        return Choice(questions=[amount_question(bookings, [best, *(rivals or others)])])
    if best_score < 0:
        return Choice(questions=[amount_question(bookings, [best, *others])])
    return with_sign(bookings, best)


def _is_occasional(number: Amounts, best: Amounts) -> bool:
    """Whether plain whole numbers stand in few of the rows of an amount with decimals, as those of cheques do."""
    rows = number.moves & best.moves
    is_plain = not (number.has_decimals or number.is_signed or number.is_token_signed or _names_currency(number))
    is_rare = int(rows.sum()) < OCCASIONAL_SHARE * int(best.moves.sum())
    return is_plain and best.has_decimals and bool((rows == number.moves).all()) and is_rare


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


def amount_question(bookings: Bookings, numbers: list[Amounts]) -> dict[str, Any]:
    """The question which column is the amount, with what each would sum to."""
    numbers = numbers[:8]
    unit = 10**bookings.scale
    sums = [f"{n.name}: {int(n.values.sum()) / unit:.2f}" for n in numbers]
    return {
        "column": numbers[0].name,
        "columns": [n.name for n in numbers],
        "kind": "amount_column",
        "choices": [n.name for n in numbers],
        "examples": sums[:4],
    }


def fee_question(bookings: Bookings, amount: Amounts, fee: Amounts) -> dict[str, Any]:
    """
    The question whether the amount is what moves, or the amount less a fee. `fee` is the part of a mapping that takes
    the fee off.
    """
    values = fee.values[fee.moves]
    is_negative = 2 * int((values < 0).sum()) > len(values)
    piece = {"column": fee.name} | ({"signed": True} if is_negative else {})
    return amount_question(bookings, [amount, fee]) | {"fee": piece}


def _is_same(one: Amounts, other: Amounts) -> bool:
    """Whether two columns hold the same numbers."""
    both = one.valid & other.valid
    return bool(
        both.any() and (one.values[both] == other.values[both]).all() and int(both.sum()) == int(other.valid.sum())
    )


# Two sides


def _sides(bookings: Bookings, numbers: list[Amounts]) -> Choice | None:
    """The best pair of columns of which only one is filled in each row, or None."""
    found = []
    for number, one in enumerate(numbers):
        for other in numbers[number + 1 :]:
            if not are_sides(one, other):
                continue
            for out, received in ((one, other), (other, one)):
                found.append((_side_score(bookings, out, received), out, received))
    found = [item for item in found if item[0] is not None]
    if not found:
        return None
    score, out, received = max(found, key=lambda item: item[0] or 0.0)
    again = [
        (o, r)
        for s, o, r in found
        if (s or 0.0) > (score or 0.0) - RIVAL / 2 and len({o.name, r.name, out.name, received.name}) == 4
    ]
    if again:
        return Choice(questions=[amount_question(bookings, [out, received, *again[0]])])
    named = out.column.role("out") + received.column.role("in")
    against = out.column.role("in") + received.column.role("out")
    if named <= against or named < 0.4:
        coverage = _coverage(bookings, out, received)
        if coverage < FULL_SHARE or not out.moves.any() or not received.moves.any():
            return None
        if out.is_signed or received.is_signed:
            return None  # signs already say which way money moves
        if _has_better(bookings, numbers, out, received):
            return None
        return Choice(questions=[_side_question(out, received)])
    return Choice(Movement("sides", received, out))


def _has_better(bookings: Bookings, numbers: list[Amounts], *sides: Amounts) -> bool:
    """Whether a column that is called an amount stands beside two unnamed sides."""
    return any(n not in sides and n.column.role("amount", "net") >= 0.5 and n.moves.any() for n in numbers)


def _coverage(bookings: Bookings, out: Amounts, received: Amounts) -> float:
    return float((out.moves ^ received.moves).sum()) / max(1, bookings.count)


def _side_score(bookings: Bookings, out: Amounts, received: Amounts) -> float | None:
    """How well two columns fit as the sides of money out and in, or None if they do not."""
    roles_out, roles_in = out.column, received.column
    named = roles_out.role("out") + roles_in.role("in")
    if not (out.moves.any() and received.moves.any()) and (roles_out.role("out") < 0.4 or roles_in.role("in") < 0.4):
        return None
    unfit = ("balance", "fee", "other_number", "original", "reference", "account")
    if max(roles_out.role(*unfit) - roles_out.role("out"), roles_in.role(*unfit) - roles_in.role("in")) >= 0.5:
        return None
    coverage = _coverage(bookings, out, received)
    if coverage < 0.5 and named < 1.0:
        return None
    score = 5 * coverage + 1.6 * named - 1.6 * (roles_out.role("in") + roles_in.role("out"))
    score += 0.5 * (roles_out.role("net") + roles_in.role("net")) - 0.5 * (
        roles_out.role("gross") + roles_in.role("gross")
    )
    return score + 0.5 * (abs(out.column.index - received.column.index) == 1)


def _side_question(one: Amounts, other: Amounts) -> dict[str, Any]:
    first, second = sorted((one, other), key=lambda n: n.column.index)
    return {
        "column": first.name,
        "columns": [first.name, second.name],
        "kind": "sign",
        "choices": [first.name, second.name],
        "examples": _examples(first) + _examples(second),
    }


def sign_question(movement: Movement) -> dict[str, Any]:
    """The question which values or which side of a movement mean money out, where the arithmetic fits both ways."""
    if movement.levels is None and movement.other is not None:
        return _side_question(movement.amount, movement.other)
    assert movement.levels is not None
    return _sign_question(movement.amount, movement.sign or movement.amount.column, movement.levels)


def _examples(number: Amounts) -> list[str]:
    rows = np.flatnonzero(number.column.filled)[:2]
    return [number.column.text(int(row)) for row in rows]


# One amount, and whatever says its sign


def with_sign(bookings: Bookings, amount: Amounts) -> Choice:
    """An amount, with the column or the letters that say its sign, or the question which values mean money out."""
    if amount.is_token_signed:
        return _by_letters(amount)
    plain = Movement("signed", amount)
    if _has_lone_pluses(bookings, amount):
        return Choice(questions=[sign_by_hand(amount)])
    if amount.moves.any() and {amount.letters[n - 1] if n else "" for n in amount.tokens[amount.moves]} <= MULTIPLES:
        return Choice(questions=[amount_question(bookings, [amount])])  # 1.5k may be 1500
    if amount.is_signed:
        return Choice(plain)
    asked = None
    candidates = sorted(sign_columns(bookings, amount), key=lambda item: _sign_rank(amount, *item))
    for column, levels in candidates:
        present = _present(levels, amount)
        outs = outs_of(present) or _by_flag(column, present) or outs_of_sales(bookings, present)
        if len(present) == 1 and column.role("sign") < 0.4 and says("booked", present[0], whole=True):
            continue  # "paid" in each row is the state of payments in either direction
        repeats = int(amount.moves.sum()) > len(present) or column.role("sign") >= 0.4 or _is_word_of_side(present)
        if (
            outs is not None
            and repeats
            and (len(present) > 1 or column.role("sign") >= 0.4 or _is_word_of_side(present))
        ):
            negative = frozenset(value for value, out in outs.items() if out)
            if not negative:
                return Choice(plain)
            positive = frozenset(outs) - negative
            return Choice(Movement("sign", amount, None, column, levels, negative, positive))
        if asked is None and _may_be_sign(bookings, amount, column, levels, present):
            asked = column, levels
    asked = asked or _of_both_sides(bookings, amount) or _marks(bookings, amount)
    if asked is None:
        return Choice(plain)
    column, levels = asked
    return Choice(questions=[_sign_question(amount, column, levels)])


def _has_lone_pluses(bookings: Bookings, amount: Amounts) -> bool:
    """Whether some amounts have a plus and none a minus, so that those without either are probably the other side."""
    if amount.is_signed or not amount.moves.any():
        return False
    marked = amount.column.numbers.explicit[bookings.places][amount.moves]
    return bool(marked.any()) and not bool(marked.all())


def sign_by_hand(number: Amounts) -> dict[str, Any]:
    """The question whether the numbers of a column are money in or out, where no column can be named that says so."""
    rows = np.flatnonzero(number.column.numbers.ok)[:4]
    examples = [number.column.text(int(row)) for row in rows]
    amount = {"column": number.name} | ({"decimal": number.mark} if number.mark else {})
    question = {"column": number.name, "columns": [], "kind": "sign", "examples": examples, "amount": amount}
    return question | {"choices": ["in", "out"], "negate": True}


def _of_both_sides(bookings: Bookings, amount: Amounts) -> tuple[Column, Levels] | None:
    """
    A column of kinds of bookings beside an amount without a sign, of which some sound like money out and others like
    money in, such as "Market buy" and "Market sell".
    """
    for column, levels in sign_columns(bookings, amount, MAX_KINDS):
        present = _present(levels, amount)
        if int(amount.moves.sum()) <= len(present):
            continue
        hints = [_sounds_like(value) for value in present]
        refunds = [says("refund", value, whole=True) for value in present]
        if ({True} in hints and {False} in hints) or (any(refunds) and not all(refunds)):
            return column, levels
    return None


def _sounds_like(value: str) -> set[bool]:
    """Whether the words of a value sound like money out (True), like money in (False), or like both."""
    words = [word for word in words_of(value) if len(word) > 1]
    found = {side.is_out for word in words for side in sides_of(word)}
    return found | {is_out for kind, is_out in TRADES for word in words if says(kind, word, whole=True)}


def _marks(bookings: Bookings, amount: Amounts) -> tuple[Column, Levels] | None:
    """A column beside an amount with one short word in some rows, which may say that these are the other side."""
    for column in bookings.facts.columns:
        is_near = abs(column.index - amount.column.index) == 1
        if not is_near or column.role(*MARKED_OTHERWISE) >= 0.4 or any(n.column is column for n in bookings.numbers):
            continue
        levels = bookings.levels_of(column)
        if levels is None or len(levels.values) != 1 or len(levels.values[0]) > MAX_MARK:
            continue
        if bool((levels.codes[amount.moves] < 0).any()) and bool((levels.codes[amount.moves] >= 0).any()):
            return column, levels
    return None


def _present(levels: Levels, amount: Amounts) -> list[str]:
    codes = set(levels.codes[amount.moves].tolist())
    return [value for number, value in enumerate(levels.values) if number in codes]


def _by_flag(column: Column, values: list[str]) -> dict[str, bool] | None:
    """Which of two values mean money out if a column named after one side only says yes and no."""
    side = column.role("out") - column.role("in")
    flags = {value: FLAGS.get(value.casefold()) for value in values}
    if not side or len(values) != 2 or None in flags.values():
        return None
    return {value: is_set == (side > 0) for value, is_set in flags.items()}


def _is_word_of_side(values: list[str]) -> bool:
    return all(len(value) > 1 or value in "+-" for value in values)


def _sign_rank(amount: Amounts, column: Column, levels: Levels) -> tuple[float, int]:
    return (-column.role("sign") - 0.5 * (column.role("in", "out") > 0), abs(column.index - amount.column.index))


def _by_letters(amount: Amounts) -> Choice:
    levels = amount.token_levels()
    present = _present(levels, amount)
    letters = [value for value in present if value]
    outs = outs_of(letters)
    if outs is None or (len(present) == len(letters) and len(set(outs.values())) == 1 and len(letters) > 1):
        return Choice(questions=[_sign_question(amount, amount.column, levels)])
    negative = {value for value, out in outs.items() if out}
    # Where only one side is marked, the numbers without letters are the other one.
    if "" in present and not negative and not amount.is_signed:
        negative = {""}
    positive = frozenset(present) - negative
    return Choice(Movement("letters", amount, None, None, levels, frozenset(negative), positive))


def _may_be_sign(bookings: Bookings, amount: Amounts, column: Column, levels: Levels, present: list[str]) -> bool:
    """
    Whether a column of unknown words may say the sign of an amount that has none. Then a person has to tell.
    """
    if column.role("status", "currency", "account", "booked", "value_date", "other_date") >= 0.5:
        return False
    if len(present) < 2 or int(amount.moves.sum()) <= len(present) or all(map(currency_of, present)):
        return False
    cells = column.filled[bookings.places]
    if bool(column.numbers.ok[bookings.places][cells].all()) and _is_money(column):
        return False  # tips and the like, of which few differ
    if any(says(kind, value, whole=True) for value in present for kind in ("not_booked", "booked")):
        return False
    known = [bool(sides_of(value)) for value in present if len(value) > 1]
    if any(known) and len(present) <= 3:
        return True
    is_listed = set(words_of(column.name)) >= {word for value in present for word in words_of(value)[:1]}
    if is_listed and len(present) == 2:
        return True
    if column.role("sign") >= 0.5:
        return True
    is_near = abs(column.index - amount.column.index) == 1
    short = all(len(words_of(value)) <= MAX_SIGN_WORDS and len(value) <= MAX_SIGN_LETTERS for value in present)
    if column.role(*MONEY, "other_number") > 0 and any(value.isdigit() for value in present):
        return False  # a count, a percentage and the like
    counts = np.bincount(levels.codes[amount.moves & (levels.codes >= 0)])
    single = int((counts == 1).sum())
    if (single > 1 and len(present) == MAX_SIGNS) or (single and column.role("identity") >= 0.5):
        return False  # texts or numbers, of which some happen to repeat
    return (
        len(present) <= MAX_SIGNS
        and short
        and is_near
        and bookings.count > 2
        and column.role("text", "reference") < 0.5
    )


def _is_money(column: Column) -> bool:
    numbers = column.numbers
    return any(numbers.currencies[1:]) or all(numbers.max_decimals(mark, numbers.ok) > 0 for mark in (".", ","))


def _sign_question(amount: Amounts, column: Column, levels: Levels) -> dict[str, Any]:
    values = [value for value in levels.values if value] or list(levels.values)
    return {
        "column": column.name,
        "columns": [amount.name] if column is not amount.column else [],
        "kind": "sign",
        "choices": values,
        "examples": values[:4],
        "amount": {"column": amount.name},
    }
