"""What says the sign of an amount where no balance does: a minus, letters, a column of words, or a person."""

import re
from itertools import combinations

import numpy as np

from matching.reading.cells.around import FOOTNOTE
from matching.reading.cells.blanks import is_blank_like
from matching.reading.cells.currencies import currency_of
from matching.reading.roles.amounts import MONEY, Amounts, Bookings
from matching.reading.roles.choice import Choice, amount_question, sign_by_hand, words_question
from matching.reading.roles.compounds import sums_of
from matching.reading.roles.facts import Column, Levels, is_unnamed
from matching.reading.roles.folding import words_of
from matching.reading.roles.movements import Movement, sign_columns
from matching.reading.roles.products import products_of
from matching.reading.roles.sales import outs_of_sales
from matching.reading.roles.sums import adds_up
from matching.reading.roles.words import (
    answer_of,
    answers_of,
    names_way_to_pay,
    outs_by_initials,
    outs_of,
    puts_on_card,
    roles_of,
    says,
    sides_of,
)

ONE_SIDED = 0.6  # of a name that must say that all of it comes in
MAX_SIGNS, MAX_SIGN_WORDS, MAX_SIGN_LETTERS = 3, 3, 24  # of unknown values that may say a sign
MULTIPLES = frozenset({"K", "M"})
TRADES = (("bought", True), ("sold", False))
NAMED_TEXT = 0.5  # of a name that says that it holds texts
NAMED_SIGN = 0.9  # of a column's name that must say that it tells the side
MAX_NOTES = 200  # rows of one cell that may be notes
MIN_DOORS = 3  # values that look like the numbers of doors; two may be codes of sides
MAX_KINDS = 20  # of bookings, as which a column names them
MAX_CODE = 3  # digits of a number that names a kind of booking
MAX_MARK = 6  # letters of a mark beside some amounts
MARKED_OTHERWISE = ("text", "reference", "status", "currency", "account", "booked", "value_date", "other_date")
_LETTERS_OF_SIDES = re.compile(r"[^\W\d_]\s*/\s*[^\W\d_]\b")  # as in "E/A", whatever is behind
_NUMBERED = re.compile(r"[^\W\d_]{2}.*\d{2}")
_DOOR = re.compile(r"[0-9]+ ?[^\W\d_]{1,2}")
_EITHER = re.compile(
    r"[/|]|\s-\s|\s(?:or|and|oder|und|ou|et|o|e|y|u|of|en|eller|och|og|lub|i|nebo|a|или|и)\s", re.IGNORECASE
)
PARTIES = ("payer", "payee")
MAX_SECTIONS, LONGEST_CAPTION, SAID_OUT = 200, 60, 0.5


def with_sign(bookings: Bookings, amount: Amounts) -> Choice:
    """An amount, with the column or the letters that say its sign, or the question which values mean money out."""
    if amount.is_token_signed and not _refers_to_notes(bookings, amount):
        return _by_letters(amount)
    plain = Movement("signed", amount)
    if _has_lone_pluses(bookings, amount):
        return Choice(questions=[sign_by_hand(amount)])
    if amount.moves.any() and {amount.letters[n - 1] if n else "" for n in amount.tokens[amount.moves]} <= MULTIPLES:
        return Choice(questions=[amount_question(bookings, [amount])])  # 1.5k may be 1500
    if amount.is_signed:
        alike = _trades_alike(bookings, amount)
        return Choice(plain) if alike is None else Choice(questions=[words_question(amount, *alike)])
    asked = None
    is_one_way, is_product = _is_one_way(bookings, amount), any(p is amount for p, *_ in products_of(bookings))
    candidates = sorted(sign_columns(bookings, amount), key=lambda item: _sign_rank(amount, *item))
    for column, levels in candidates:
        present = _present(levels, amount)
        if present == ["-"] or names_way_to_pay(column.name, "card"):
            continue  # in each row it stands for nothing, or "debit" is a card
        is_method = names_way_to_pay(column.name, "method")
        if is_method and len({side.is_out for value in present for side in sides_of(value)}) < 2:
            continue  # by direct debit one pays and is paid
        outs = (
            outs_of(present)
            or outs_by_initials(column.name, present)
            or _by_flag(column, present)
            or outs_of_sales(bookings, present)
        )
        says_else = len(present) == 1 and (says("booked", present[0], whole=True) or answer_of(present[0]) is not None)
        if says_else and column.role("sign") < 0.4:
            continue  # "paid" in each row is the state of payments in either direction, and "no" is debit in Vietnamese
        repeats = int(amount.moves.sum()) > len(present) or column.role("sign") >= 0.4 or _is_word_of_side(present)
        if (
            outs is not None
            and repeats
            and (len(present) > 1 or column.role("sign") >= 0.4 or _is_word_of_side(present))
        ):
            if is_method:
                return Choice(questions=[words_question(amount, column, levels)])
            negative = frozenset(value for value, out in outs.items() if out)
            if not negative:
                return Choice(plain)
            positive = frozenset(outs) - negative
            return Choice(Movement("sign", amount, None, column, levels, negative, positive))
        # Goods at a price are sold, but where the column is called kinds, they may be bought as well.
        is_told = is_one_way or (is_product and column.role("sign") == 0)
        if asked is None and not is_told and _may_be_sign(bookings, amount, column, levels, present):
            asked = column, levels
    if (marked := _one_side_marked(bookings, amount)) is not None:
        return Choice(marked)
    asked = asked or _of_both_sides(bookings, amount) or _marks(bookings, amount) or _between_accounts(bookings, amount)
    if adds_up(bookings, amount):
        return Choice(plain)
    if asked is None:
        goes_both_ways = _has_both_parties(bookings) or _sections_go_out(bookings)
        return Choice(questions=[sign_by_hand(amount)]) if goes_both_ways else Choice(plain)
    column, levels = asked
    return Choice(questions=[words_question(amount, column, levels)])


def _is_one_way(bookings: Bookings, amount: Amounts) -> bool:
    """
    Whether all of an amount without a minus moves one way, whatever unknown words stand beside it: its name says that it
    comes in, or it is part of a sum in which other columns have a minus.
    """
    if amount.column.role("in") > max(ONE_SIDED, amount.column.role("out")):
        return True
    sums = sums_of(bookings).values()
    # Who writes a minus before a fee would write one before what is paid back.
    return any((amount is total or amount in parts) and any(n.is_signed for n in parts) for total, parts in sums)


def _has_both_parties(bookings: Bookings) -> bool:
    """Whether one column says who paid and who was paid, as "Sender/Receiver" does, so that rows go in both directions."""
    for column in bookings.facts.columns:
        halves = [half.strip() for half in _EITHER.split(column.name)]
        if len(halves) == 2 and column.filled[bookings.places].any():
            told = [{side for side in PARTIES if says(side, half, whole=True)} for half in halves]
            if {"payer"} in told and {"payee"} in told:
                return True
    return False


def _sections_go_out(bookings: Bookings) -> bool:
    """Whether a caption above rows, such as "Withdrawals and other debits", says that money goes out, which no sign says."""
    facts = bookings.facts
    alone = np.flatnonzero((facts.filled_cells == 1) & ~bookings.rows)[:MAX_SECTIONS]
    texts = [text for place in alone.tolist() for column in facts.columns if (text := column.text(place))]
    above = [
        cell for line in facts.above[-2:] if len(cells := [c for c in line.cells if c.strip()]) == 1 for cell in cells
    ]
    for text in (*texts, *above):
        said = roles_of(text) if len(text) <= LONGEST_CAPTION else {}
        if said.get("out", 0) >= SAID_OUT > said.get("in", 0):
            return True
    return False


def _trades_alike(bookings: Bookings, amount: Amounts) -> tuple[Column, Levels] | None:
    """A column by which buying has no minus and selling neither, so that the signs of other rows say nothing about them."""
    for column, levels in sign_columns(bookings, amount, MAX_KINDS):
        if column.role("text") >= NAMED_TEXT:
            continue
        signs: dict[bool, set[int]] = {True: set(), False: set()}
        for number, value in enumerate(levels.values):
            words = words_of(value) if len(words_of(value)) <= MAX_SIGN_WORDS else ()  # more are a text
            found = {is_out for kind, is_out in TRADES for word in words if says(kind, word, whole=True)}
            if len(found) == 1:
                signs[found.pop()] |= set(np.sign(amount.values[amount.moves & (levels.codes == number)]).tolist())
        if signs[True] == signs[False] == {1}:
            return column, levels
    return None


def _has_lone_pluses(bookings: Bookings, amount: Amounts) -> bool:
    """Whether some amounts have a plus and none a minus, so that those without either are probably the other side."""
    if amount.is_signed or not amount.moves.any():
        return False
    marked = amount.column.numbers.explicit[bookings.places][amount.moves]
    return bool(marked.any()) and not bool(marked.all())


def _of_both_sides(bookings: Bookings, amount: Amounts) -> tuple[Column, Levels] | None:
    """
    A column of kinds of bookings beside an amount without a sign, of which some sound like money out and others like
    money in, such as "Market buy" and "Market sell".
    """
    for column, levels in sign_columns(bookings, amount, MAX_KINDS):
        present = _present(levels, amount)
        if names_way_to_pay(column.name, "card"):
            continue
        is_text = any(len(words_of(value)) > MAX_SIGN_WORDS for value in present)
        if int(amount.moves.sum()) <= len(present) and is_text:
            continue
        hints = [_sounds_like(value) for value in present]
        refunds = [says("refund", value, whole=True) for value in present]
        loads = [puts_on_card(value) for value in present]
        if ({True} in hints and {False} in hints) or any(any(told) and not all(told) for told in (refunds, loads)):
            return column, levels
    return None


def _sounds_like(value: str) -> set[bool]:
    """Whether the words of a value sound like money out (True), like money in (False), or like both."""
    words = [word for word in words_of(value) if len(word) > 1]
    # Before another word it is where something happens, as in "bonifico in uscita".
    words = [word for number, word in enumerate(words, 1) if word != "in" or number == len(words)]
    found = {side.is_out for word in words for side in sides_of(word)}
    return found | {is_out for kind, is_out in TRADES for word in words if says(kind, word, whole=True)}


def _marks(bookings: Bookings, amount: Amounts) -> tuple[Column, Levels] | None:
    """
    A column with one word in some rows, which may say that these are the other side: a short one beside the amount, or
    anywhere one that means so.
    """
    for column in bookings.facts.columns:
        levels = bookings.levels_of(column)
        if levels is None or len(levels.values) != 1 or any(n.column is column for n in bookings.numbers):
            continue
        word = levels.values[0]
        if answer_of(word) and column.role("sign", "in", "out") == 0 and not _asks_back(column):
            continue  # the name says what is marked
        is_near = abs(column.index - amount.column.index) == 1
        is_short = is_near and len(word) <= MAX_MARK and column.role(*MARKED_OTHERWISE) < 0.4
        if not is_short and not (len(word) > 1 and (says("refund", word, whole=True) or sides_of(word))):
            continue
        if bool((levels.codes[amount.moves] < 0).any()) and bool((levels.codes[amount.moves] >= 0).any()):
            return column, levels
    return None


def _one_side_marked(bookings: Bookings, amount: Amounts) -> Movement | None:
    """
    The column whose name says that it tells the side, such as "Debit / Credit", if it has a word of one side in some rows
    and nothing in the others, which are the other side.
    """
    for column in bookings.facts.columns:
        levels = bookings.levels_of(column)
        if levels is None or len(levels.values) != 1 or column.role("sign") < NAMED_SIGN:
            continue
        word, empty = levels.values[0], levels.codes < 0
        outs = {side.is_out for side in sides_of(word)}
        if len(outs) == 1 and bool(empty[amount.moves].any()) and not bool(empty[amount.moves].all()):
            negative = frozenset({word if outs == {True} else ""})
            both = Levels(("", word), np.where(empty, 0, 1).astype(np.int32))
            return Movement("sign", amount, None, column, both, negative, frozenset(both.values) - negative)
    return None


def _refers_to_notes(bookings: Bookings, amount: Amounts) -> bool:
    """Whether only marks such as * stand behind some numbers, which have signs anyway or whose note stands in the file."""
    used = {amount.letters[n - 1] for n in amount.tokens[amount.moves].tolist() if n}
    if not used or not all(FOOTNOTE.fullmatch(mark) for mark in used):
        return False
    notes = [cell for line in bookings.facts.above for cell in line.cells]
    alone = np.flatnonzero(bookings.facts.filled_cells == 1)[:MAX_NOTES].tolist()
    notes += [column.text(place) for place in alone for column in bookings.facts.columns]
    told = {mark for mark in used for note in notes if note.strip().startswith(mark)}
    return amount.is_signed or told == used


def _between_accounts(bookings: Bookings, amount: Amounts) -> tuple[Column, Levels] | None:
    """One of two columns that hold the same account, of which exactly one is filled in each row: from which, or to which."""
    found: list[tuple[Column, Levels]] = []
    for column in bookings.facts.columns:
        levels = bookings.levels_of(column)
        is_part = levels is not None and bool((levels.codes < 0).any()) and bool((levels.codes >= 0).any())
        if levels is not None and is_part and not any(n.column is column for n in bookings.numbers):
            found.append((column, levels))
    for one, other in combinations(found, 2):
        codes = one[1].codes >= 0, other[1].codes >= 0
        if set(one[1].values) & set(other[1].values) and bool((codes[0] ^ codes[1])[amount.moves].all()):
            return one
    return None


def _present(levels: Levels, amount: Amounts) -> list[str]:
    codes = set(levels.codes[amount.moves].tolist())
    return [value for number, value in enumerate(levels.values) if number in codes]


def _by_flag(column: Column, values: list[str]) -> dict[str, bool] | None:
    """Which of two values mean money out if a column named after one side only says yes and no."""
    side = column.role("out") - column.role("in")
    flags = answers_of(values)
    if not side or flags is None or not says("direction", column.name, whole=True):
        return None
    return {value: is_set == (side > 0) for value, is_set in flags.items()}


def _asks_back(column: Column) -> bool:
    """Whether a column's name asks whether money went back."""
    return is_unnamed(column) or says("refund", column.name, whole=True)


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
        return Choice(questions=[words_question(amount, amount.column, levels)])
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
    if column.role("status", "currency", "account", "booked", "value_date", "other_date", "customer") >= 0.5:
        return False
    if len(present) < 2 or int(amount.moves.sum()) <= len(present) or all(map(currency_of, present)):
        return False
    if answers_of(value for value in present if not is_blank_like(value)) is not None:
        # Answers say the sign if the name asks for it; what has been paid in or is paid by debit may be either.
        return column.role("sign", "in", "out") >= NAMED_TEXT or _asks_back(column)
    cells = column.filled[bookings.places]
    if bool(column.numbers.ok[bookings.places][cells].all()) and _is_money(column):
        return False  # tips and the like, of which few differ
    if all(_NUMBERED.search(value) for value in present):
        return False  # names with numbers, such as those of cars
    if len(present) >= MIN_DOORS and all(_DOOR.fullmatch(value) for value in present):
        return False  # doors, floors and the like
    unsided = [value for value in present if not sides_of(value)]
    if any(says(kind, value, whole=True) for value in unsided for kind in ("not_booked", "booked")):
        return False
    if all(says("means", value, whole=True) for value in present):
        return False  # card or cash
    if "-" in present and "+" not in present and len(unsided) == len(present) - 1:
        return False  # nothing, beside something such as the number of an instalment
    known = [bool(sides_of(value)) for value in present if len(value) > 1]
    if any(known) and len(present) <= 3:
        return True
    is_listed = set(words_of(column.name)) >= {word for value in present for word in words_of(value)[:1]}
    if is_listed and len(present) == 2:
        return True
    if column.role("sign") >= 0.5 or (_LETTERS_OF_SIDES.match(column.name.strip()) and len(present) == 2):
        return True
    is_near = abs(column.index - amount.column.index) == 1
    short = all(len(words_of(value)) <= MAX_SIGN_WORDS and len(value) <= MAX_SIGN_LETTERS for value in present)
    if column.role(*MONEY, "other_number") > 0 and any(value.isdigit() for value in present):
        return False  # a count, a percentage and the like
    counts = np.bincount(levels.codes[amount.moves & (levels.codes >= 0)])
    single = int((counts == 1).sum())
    if (single > 1 and len(present) == MAX_SIGNS) or (single and column.role("identity") >= 0.5):
        return False  # texts or numbers, of which some happen to repeat
    # One letter of two is a code wherever it stands, unless it says no.
    is_code = len(present) == 2 and all(len(value) == 1 and value.isalpha() for value in present)
    # Two numbers are one where nobody knows what the columns are called.
    is_number = len(present) == 2 and all(value.isdigit() and len(value) <= MAX_CODE for value in present)
    is_code = is_code or (is_number and not column.roles and not amount.column.roles)
    is_code = is_code and not {"N", "n"} & set(present) and not single
    return (
        len(present) <= MAX_SIGNS
        and short
        and (is_near or is_code)
        and bookings.count > 2
        and column.role("text", "reference") < 0.5
    )


def _is_money(column: Column) -> bool:
    numbers = column.numbers
    return any(numbers.currencies[1:]) or any(numbers.max_decimals(mark, numbers.ok) > 0 for mark in (".", ","))
