"""The currency of the amounts: from their own cells, the header, a column, or the lines around the table."""

import re
import unicodedata
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from core.money import CURRENCIES
from matching.reading.cells.currencies import currency_of, minor_units
from matching.reading.cells.multiples import counted_currencies
from matching.reading.cells.numbers import number_form
from matching.reading.cells.words import plain
from matching.reading.roles.amounts import Amounts
from matching.reading.roles.facts import Column, Facts, Line, Mask
from matching.reading.roles.folding import words_of
from matching.reading.roles.shared import meant_by, sign_in, sign_of
from matching.reading.roles.words import is_own_currency, roles_of, says, sides_of

SHARED = "?"
_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,6})[)\]]")
_AMOUNT = re.compile(r"\d[.,]\d{2,3} ?[^\W\d_]{2}|[^\W\d_]{2} ?-?\d[\d ,.']*[.,]\d")
SUMS = ("total", "opening", "closing")
_TOKENS = re.compile(r"[^\W\d_]+")
_NAMED = {"sol": "PEN", "soles": "PEN", "nuevos soles": "PEN"}  # words that mean it only beside the word for a currency
_ALSO_WORDS = frozenset(("ALL", "TOP", "SOL", "TRY", "CUP", "MOP", "PEN", "BAM"))
_TICKER = re.compile("[A-Z]{3}")  # of a currency or a coin, such as BTC; longer ones cannot be stored as codes
MAX_MONEY_DECIMALS = 5
PAID = ("amount", "original", "in", "out")  # what may be in the currency of a payment
CODE_SHARE = 0.8  # of a column's values that must be currencies
MAX_CODES = 40
LONGEST_LABEL, LONGEST_SENTENCE = 60, 200  # characters of a text that names a currency, and of one about all amounts
MAX_CAPTIONS = 200  # rows of one cell that are looked at


class Found(NamedTuple):
    """A currency column, or one code for all rows, and where the code stands. `is_shared`: only a sign such as $."""

    column: str | None = None
    value: str | None = None
    proof: str | None = None
    is_shared: bool = False


def code_words() -> frozenset[str]:
    """The folded words of currency codes, which say nothing about a column's role."""
    return frozenset(code.lower() for code in CURRENCIES if len(code) == 3) - {"all", "top", "try", "cup", "mop", "lak"}


def currency_columns(facts: Facts, rows: Mask) -> dict[int, frozenset[str]]:
    """The columns of currency codes, by index, with the codes in these rows."""
    found = {}
    for column in facts.columns:
        levels = column.levels(rows, MAX_CODES)
        if levels is None or not levels.values:
            continue
        codes = {value: currency_of(value) for value in levels.values}
        counts = np.bincount(levels.codes[levels.codes >= 0], minlength=len(levels.values))
        known = sum(int(count) for count, value in zip(counts, levels.values, strict=True) if codes[value])
        is_plain = all(len(value) <= 12 and not any(c.isdigit() for c in value) for value in levels.values)
        is_sign = column.role("sign") >= 0.5 > column.role("currency")
        if is_plain and not is_sign and known >= CODE_SHARE * max(1, int(counts.sum())):
            found[column.index] = frozenset(code for code in codes.values() if code)
        elif (
            column.role("currency") >= 0.5
            and all(map(_TICKER.fullmatch, levels.values))
            and (known or _counts_coins(facts))
        ):
            found[column.index] = frozenset(levels.values)
    return found


def _counts_coins(facts: Facts) -> bool:
    """Whether some amounts have more decimals than any money but that of a blockchain."""
    return any(column.numbers.max_decimals(".", column.numbers.ok) > MAX_MONEY_DECIMALS for column in facts.columns)


def in_header(name: str) -> str | None:
    """The currency that a column's name mentions: a code in capitals, a sign, or a name as a word of its own."""
    name = plain(name)
    found = {code for word in _IN_BRACKETS.findall(name) if (code := currency_of(word)) and not sides_of(word)}
    found.discard(SHARED)
    for part in (
        name.replace("(", " ")
        .replace(")", " ")
        .replace("[", " ")
        .replace("]", " ")
        .replace("/", " ")
        .replace("_", " ")
        .replace(":", " ")
        .replace(",", " ")
        .split()
    ):
        part = part.strip(".;-")
        if not part:
            continue
        if part.isalpha() and part.isascii():
            found.update(counted_currencies(part))
            if len(part) == 3 and part.isupper() and part in CURRENCIES and part not in ("SOL", "TOP", "ALL", "TRY"):
                found.add(part)
            elif len(part) > 3 and (code := currency_of(part)) and code != SHARED:
                found.add(code)
            continue
        found.update(counted_currencies(part))
        code = currency_of(part)
        if code and not part.isdigit() and (len(part) > 1 or not part.isalpha() or not part.isascii()):
            found.add(code)
    found -= {SHARED} if len(found) > 1 else set()
    return found.pop() if len(found) == 1 else None


def originals(facts: Facts, numbers: tuple[Amounts, ...], columns: dict[int, frozenset[str]]) -> list[Amounts]:
    """
    The amounts in the currency of a purchase, beside those in the account's own: their currency varies, and that of
    another amount does not.
    """
    behind = [(n, columns[i]) for n in numbers if (i := n.column.index + 1) in columns]
    before = [(n, columns[i]) for n in numbers if (i := n.column.index - 1) in columns]
    # Where each amount has its currency on the same side, what stands on the other one is its neighbour's.
    pairs = [*behind, *before] if len(behind) == len(before) else max(behind, before, key=len)
    own = [n for n, codes in pairs if len(codes) == 1] + [
        n for n in numbers if in_header(n.name) not in (None, SHARED) and n.column.role("fee", "balance") < 0.5
    ]
    varied = [n for n, codes in pairs if len(codes) > 1 and n not in own]
    fitting = [n for n in own if n.column.role("fee", "balance", "other_number") < 0.5 and not n.is_identifier]
    return [n for n in varied if any(bool((n.valid == o.valid).all()) for o in fitting)]


# By turnover, BIS Triennial Central Bank Survey 2022.
TRADED = (
    *("USD", "EUR", "JPY", "GBP", "CNY", "AUD", "CAD", "CHF", "HKD", "SGD", "SEK", "KRW", "NOK", "NZD", "INR", "MXN"),
    *("TWD", "ZAR", "BRL", "DKK", "PLN", "THB", "ILS", "IDR", "CZK", "AED"),
)


def currency_for(facts: Facts, amounts: tuple[Amounts, ...], places: Any, columns: dict[int, frozenset[str]]) -> Found:
    """The currency of the chosen amount."""
    rows = np.zeros(facts.count, np.bool_)
    rows[places] = True
    named = _in_cells(amounts, places)
    sign = sign_of([amount.column for amount in amounts], rows)
    if named is not None and not named.is_shared and sign is None:
        return named
    elsewhere = _named_elsewhere(facts, amounts, rows, columns)
    is_usual = sign is not None and sign.usual is not None
    if elsewhere is not None and (
        sign is None or not is_usual or _codes_of(elsewhere, facts, columns) <= sign.meanings
    ):
        return elsewhere
    if sign is not None:
        code = meant_by(sign, facts, rows)
        if code is not None and named is not None and code == sign.usual:
            return named
        if code is not None:
            return Found(value=code, proof="its sign, in a file of one country")
    elif named is not None:
        return named
    for column in facts.columns:
        code = in_header(column.name) if column.role("balance") >= 0.5 else None
        if code is not None and code in (CURRENCIES if sign is None else sign.meanings):
            return Found(value=code, proof="the name of the balance says so")
    return Found(is_shared=sign is not None)


def meanings_for(
    facts: Facts, amounts: tuple[Amounts, ...], places: Any, columns: dict[int, frozenset[str]]
) -> list[str]:
    """What the sign of amounts, or the one beside them, may stand for, the most traded first. Empty if there is none."""
    rows = np.zeros(facts.count, np.bool_)
    rows[places] = True
    sign = sign_of([amount.column for amount in amounts], rows)
    beside = _beside(facts, amounts, places, columns) if sign is None else None
    if beside is not None and (column := facts.named(beside.column)) is not None:
        levels = column.levels(rows, MAX_CODES)
        sign = sign_in(levels.values) if levels is not None else None
    meanings = sign.meanings if sign is not None else frozenset()
    return sorted(meanings, key=lambda code: (TRADED.index(code) if code in TRADED else len(TRADED), code))


def _codes_of(found: Found, facts: Facts, columns: dict[int, frozenset[str]]) -> frozenset[str]:
    """The currencies that were found somewhere."""
    column = facts.named(found.column)
    return columns.get(column.index, frozenset()) if column is not None else frozenset({found.value or SHARED})


def _named_elsewhere(
    facts: Facts, amounts: tuple[Amounts, ...], rows: Mask, columns: dict[int, frozenset[str]]
) -> Found | None:
    """The currency that something else than the cells of the amounts names."""
    places = np.flatnonzero(rows)
    for amount in amounts:
        code = in_header(amount.column.name)
        if code is not None and code != SHARED and sign_of([amount.column], rows) is None:
            return Found(value=code, proof="the column's name says so")
    if (beside := _beside(facts, amounts, places, columns)) is not None:
        column = facts.named(beside.column)
        levels = column.levels(rows, MAX_CODES) if column is not None else None
        sign = sign_in(levels.values) if levels is not None else None
        code = meant_by(sign, facts, rows) if sign is not None else None
        if sign is None or (code is not None and code == sign.usual):
            return beside
        if code is not None:
            return Found(value=code, proof="the sign beside it, in a file of one country")
    if (twin := _in_twin(facts, amounts, places)) is not None:
        return twin
    if (above := _in_other_rows(facts, places)) is not None:
        return Found(value=above, proof="a row beside the bookings names it")
    return _around(facts)


def _in_cells(amounts: tuple[Amounts, ...], places: Any) -> Found | None:
    found: set[str] = set()
    missing = 0
    for amount in amounts:
        numbers = amount.column.numbers
        codes = numbers.currency[places][amount.valid]
        missing += int((codes == 0).sum())
        found |= {str(numbers.currencies[code]) for code in set(codes.tolist()) if code}
    if not found:
        return None
    if SHARED in found:
        return Found(is_shared=True)
    if len(amounts) == 1:
        return Found(column=amounts[0].name, proof="each amount names it") if not missing or len(found) == 1 else None
    return Found(value=found.pop(), proof="the amounts name it") if len(found) == 1 else Found(column=amounts[0].name)


def _in_twin(facts: Facts, amounts: tuple[Amounts, ...], places: Any) -> Found | None:
    """The currency in the cells of a column that repeats the amounts, as people see them."""
    if len(amounts) != 1:
        return None
    amount = amounts[0]
    for column in facts.columns:
        numbers = column.numbers
        if column is amount.column or not any(numbers.currencies) or not bool(numbers.ok[places][amount.valid].all()):
            continue
        for mark in (".", ","):
            values, fits = numbers.decimal(mark), numbers.ok[places]
            own = amount.column.numbers.decimal(amount.mark or ".")
            is_same = pc.equal(values.take(pa.array(places)), own.take(pa.array(places)))
            if bool(pc.all(pc.fill_null(is_same, False).filter(pa.array(amount.valid & fits))).as_py()):
                codes = {numbers.currencies[code] for code in set(numbers.currency[places][amount.valid].tolist())}
                if len(codes) == 1 and codes <= CURRENCIES:
                    return Found(value=codes.pop(), proof=f"{column.name} repeats it with a currency")
    return None


def _beside(
    facts: Facts, amounts: tuple[Amounts, ...], places: Any, columns: dict[int, frozenset[str]]
) -> Found | None:
    """The nearest fitting column of codes. The original currency stays with the original amount."""
    scored = []
    filled = np.logical_or.reduce([amount.valid for amount in amounts])
    for index in columns:
        column = facts.columns[index]
        present = column.filled[places]
        covered = float((present & filled).sum()) / max(1, int(filled.sum()))
        if covered == 0:
            continue
        score = 4 * covered + _words_shared(column, amounts) + 0.8 * (column.role("currency") >= 0.5)
        score += 1.5 * any(abs(index - amount.column.index) == 1 for amount in amounts)
        score += 0.4 * any(index - amount.column.index == 1 for amount in amounts)
        score -= 3.0 * (column.role("original", "fee", "balance", "other_number") > 0.2)
        score -= 3.0 * _belongs_elsewhere(facts, column, amounts, places)
        score -= 2.5 * _is_called_after_another(facts, column, amounts)
        score -= 5.0 * _is_of_payments(facts, column, amounts)
        scored.append((score, -index, column, covered))
    if not scored:
        return None
    score, _, column, covered = max(scored, key=lambda item: item[:2])
    return Found(column=column.name, proof=f"a currency in {covered:.0%} of the rows") if score >= 2.5 else None


def _is_of_payments(facts: Facts, column: Column, amounts: tuple[Amounts, ...]) -> bool:
    """Whether names say that the amounts are in the currency of the account, and not that the column of currencies is it."""
    if is_own_currency(column.name) or not all(is_own_currency(amount.name) for amount in amounts):
        return False
    own = {amount.column.index for amount in amounts}
    others = [c for c in facts.columns if c.index not in own and c.role(*PAID) >= 0.3 and c.numbers.ok.any()]
    return bool(others)


def _is_called_after_another(facts: Facts, column: Column, amounts: tuple[Amounts, ...]) -> bool:
    """Whether the name of a currency column repeats that of another column of numbers."""
    own = {amount.column.index for amount in amounts}
    mine = {word for word in words_of(column.name) if "currency" not in roles_of(word)}
    if not mine or any(mine & set(words_of(amount.name)) for amount in amounts):
        return False
    return any(
        other.index not in own and other.index != column.index and mine <= set(words_of(other.name))
        for other in facts.columns
        if other.numbers.ok.any()
    )


def _words_shared(column: Column, amounts: tuple[Amounts, ...]) -> float:
    mine = {word for word in words_of(column.name) if "currency" not in roles_of(word)}
    return 1.2 * max((len(mine & set(words_of(amount.name))) / max(1, len(mine)) for amount in amounts), default=0.0)


def _belongs_elsewhere(facts: Facts, column: Column, amounts: tuple[Amounts, ...], places: Any) -> bool:
    """Whether a column of currencies is filled in exactly the rows of another column of numbers."""
    present = column.filled[places]
    if present.all():
        return False
    own = np.logical_or.reduce([amount.valid for amount in amounts])
    if (present == own).all():
        return False
    return any(
        other.index != column.index and bool((other.numbers.ok[places] == present).all()) for other in facts.columns
    )


def _in_other_rows(facts: Facts, places: Any) -> str | None:
    """The one code in a column of currencies that is filled only in rows that are no bookings, such as that of a sum."""
    found: set[str] = set()
    for column in facts.columns:
        if column.role("currency") < 0.5 or not column.filled.any() or bool(column.filled[places].any()):
            continue
        for row in np.flatnonzero(column.filled)[:MAX_CAPTIONS].tolist():
            found.add(currency_of(column.text(row)) or SHARED)
    return found.pop() if len(found) == 1 and SHARED not in found else None


def _around(facts: Facts) -> Found | None:
    """The one currency that the lines around the table name, in a cell of its own or beside a number."""
    found = codes_around(facts) | _codes_between(facts)
    if len(found) == 1:
        return Found(value=found.pop(), proof="a line above the table names it")
    return None


def _codes_between(facts: Facts) -> set[str]:
    """The currencies that captions between the rows name: sections may each have their own."""
    alone = np.flatnonzero(facts.filled_cells == 1)[:MAX_CAPTIONS]
    if len(alone) == facts.count:
        return set()
    # A text further to the right explains the booking above it.
    first = next((column for column in facts.columns if column.filled.any()), None)
    texts = [text for place in alone.tolist() if first is not None and (text := first.text(place))]
    # An amount that explains a booking may be in another currency, but a sum is in that of the table.
    texts = [text for text in texts if not _AMOUNT.search(text) or any(says(kind, text) for kind in SUMS)]
    return {code for text in texts for code in _codes_in(Line(0, (text,)))} - {SHARED}


def codes_around(facts: Facts) -> set[str]:
    """The currencies that the lines above the table name."""
    return {code for line in facts.above for code in _codes_in(line)} - {SHARED}


def _codes_in(line: Line) -> set[str]:
    found = set()
    label = ""
    for part in "\t".join(line.cells).split("\t"):
        text = part.strip()
        if LONGEST_LABEL < len(text) <= LONGEST_SENTENCE and says("all", text):
            found |= {word for word in _TOKENS.findall(text) if _is_code(word)}  # "All amounts are in EUR unless ..."
        if not text or len(text) > LONGEST_LABEL:
            continue
        before, label = label, text
        name, _, said = text.rpartition(":")
        if (code := _NAMED.get(said.strip().casefold())) and roles_of(name or before).get("currency", 0) >= 0.5:
            found.add(code)
            continue
        if len(text) <= 12 and (code := currency_of(text)):
            found.add(code)
            continue
        form = number_form(text)
        if form is not None and form.currency:
            found.add(form.currency)
            continue
        _label, colon, rest = text.replace("=", ":").replace("\uff1a", ":").partition(":")
        rest = rest.strip().strip("()[]").strip()
        last = rest if colon else text.split()[-1].strip("()[]")
        if colon and len(rest) <= 12 and (code := currency_of(rest)) and not rest.isdigit():
            found.add(code)
        elif text.isupper() and all(c.isupper() for c in text if c.isalpha()):
            found |= {code for code in (last, *_IN_BRACKETS.findall(text)) if _is_code(code)}
        else:
            found |= {word for word in _TOKENS.findall(text) if _is_code(word)}  # "All amounts in EUR unless ..."
        found.update(counted_currencies(text))
        found.update(code for sign in text if unicodedata.category(sign) == "Sc" and (code := currency_of(sign)))
    return found


def _is_code(word: str) -> bool:
    """Whether a word is the code of a currency, and not a word that happens to be written in capitals."""
    return len(word) == 3 and word.isupper() and word in CURRENCIES and word not in _ALSO_WORDS


def without_decimals(codes: frozenset[str] | set[str]) -> bool:
    """Whether all of these currencies have no smaller unit."""
    return bool(codes) and all(code != SHARED and minor_units(code) == 0 for code in codes)
