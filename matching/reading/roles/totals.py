"""Lines that are no bookings: totals, opening and closing balances, captions, and headers that stand again."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from matching.reading.roles.amounts import MAX_SCALE, MAX_TRIED, Amounts, Bookings
from matching.reading.roles.facts import Facts, Int64, Mask
from matching.reading.roles.words import roles_of, says

Reason = Literal[
    "total", "opening_balance", "closing_balance", "header", "caption", "other_table", "not_booked", "skipped"
]
NAMED_KIND = 0.5  # of a column's name that must say that it tells kinds of bookings
MAX_LOOKED = 20_000  # rows outside the bookings whose words are looked at
MIN_SUMMED, MIN_SECTION = 3, 2  # rows that a total without a word must add up, in a table and in a section
MAX_NESTED = 2_000  # rows of a report with sums of sums; 30,000 rows would take 0.2 s
HEADER_SHARE = 0.6
MAX_ABOVE = 8  # rows at either end among which those of the balances are sought
MIN_AROUND = 3  # amounts, of which the first and the last may be the balances of those between
MIN_BALANCES, MAX_BALANCES = 3, 50  # rows of a text that names a balance, and how many texts of a column are looked at
LONGEST_NAMED = 80  # characters; a longer text is a description
_INITIALS = re.compile(r"\w\.? \w\.?")
_DIGITS = re.compile("[0-9]+")


class LeftOut(NamedTuple):
    """A row that is no booking: its position in the table, and why."""

    place: int
    reason: Reason
    detail: str | None = None


@dataclass(frozen=True)
class Suspect:
    """A row whose words say that it is a total or a balance."""

    place: int
    reason: Literal["total", "opening_balance", "closing_balance"]
    is_sure: bool  # the words say nothing else


def suspects_of(facts: Facts, places: list[int]) -> list[Suspect]:
    """The rows among these whose first words say that they are totals or balances."""
    found = []
    places = _naming(facts, places) if places else []  # of no rows, Arrow makes a column without any part
    for place, texts in zip(places, _words_at(facts, places), strict=True):
        for text in texts[:6]:
            reason = _reason(_DIGITS.sub("0", text)) if len(text) <= LONGEST_NAMED else None
            if reason is not None:
                kind = "total" if reason == "total" else "opening" if reason == "opening_balance" else "closing"
                found.append(Suspect(place, reason, says(kind, text, whole=True)))
                break
    return found


def _naming(facts: Facts, places: list[int]) -> list[int]:
    """Those of the rows in which some text names a total or a balance. Each wording is looked at once."""
    chosen = np.array(places, np.int64)
    names = np.zeros(len(places), np.bool_)
    for column in facts.columns:
        codes = column.wordings.codes[chosen]
        found = np.zeros(len(column.wordings.texts) + 1, np.bool_)  # the last one is that of the cells without words
        for code in np.unique(codes[codes >= 0]).tolist():
            text = column.wordings.texts[code]
            found[code] = len(text) <= LONGEST_NAMED and _reason(text) is not None
        names |= found[codes]
    return [place for place, is_named in zip(places, names.tolist(), strict=True) if is_named]


def _words_at(facts: Facts, places: list[int]) -> list[list[str]]:
    """The texts of rows that are neither numbers nor dates."""
    found: list[list[str]] = [[] for _ in places]
    chosen = np.array(places, np.int64)
    for column in facts.columns:
        cells = column.texts.take(chosen).to_pylist()
        typed = (column.numbers.ok | column.days.ok)[chosen].tolist()
        for texts, cell, is_typed in zip(found, cells, typed, strict=True):
            if cell and not is_typed and (text := cell.strip()):
                texts.append(text)
    return found


@lru_cache(maxsize=20_000)
def _reason(text: str) -> Literal["total", "opening_balance", "closing_balance"] | None:
    """What a text says. Which digits it has does not matter, so each wording is looked at once."""
    if _INITIALS.fullmatch(text):
        return None  # "C F" is somebody; what is carried forward is written c/f
    if _names_balance("opening", text):
        return "opening_balance"
    if says("total", text):
        return "total"
    return "closing_balance" if _names_balance("closing", text) else None


def _names_balance(kind: str, text: str) -> bool:
    """A single word such as "opening" must stand alone: an opening deposit is a booking."""
    return says(kind, text, whole=True) or says(kind, text, least=2)


def word_places(facts: Facts, rows: Mask) -> list[int]:
    """
    The rows that may have such words: those in which a text is shorter than usual or repeated are not looked for; only
    the first and the last rows of long tables are.
    """
    places = np.flatnonzero(rows)
    if len(places) <= MAX_LOOKED:
        return [int(place) for place in places]
    half = MAX_LOOKED // 2
    return [int(place) for place in (*places[:half], *places[-half:])]


def is_confirmed(suspect: Suspect, bookings: Bookings, moving: list[Amounts], balance: Amounts | None) -> bool:
    """
    Whether the numbers bear the words out. Opening and closing balances are sure by their words; a total is one if each
    of its amounts is the sum of the rows above, of its section, of the rows below, or of all.
    """
    row = int(np.searchsorted(bookings.places, suspect.place))
    if row >= bookings.count or bookings.places[row] != suspect.place:
        return True
    amounts = [n for n in moving if n.moves[row]]
    if suspect.reason != "total":
        is_sure = (suspect.is_sure or not amounts) and not _is_kind(row, bookings)
        return is_sure or _repeats_balance(row, amounts, balance)
    if not amounts or _leaves_balance(row, balance):
        return True
    return all(_is_sum(row, n) for n in amounts)


def _is_kind(row: int, bookings: Bookings) -> bool:
    """
    Whether a row amid the others has one of the kinds of bookings that a column is called after: a German "Übertrag" carries
    a balance forward, but may be a transfer as well.
    """
    if not 0 < row < bookings.count - 1:
        return False
    for column in bookings.facts.columns:
        levels = bookings.levels_of(column) if column.role("sign") >= NAMED_KIND else None
        if levels is not None and levels.codes[row] >= 0:
            others = np.bincount(levels.codes[levels.codes >= 0])
            return len(others) > 1 and int(others.max()) > 1
    return False


def settling(suspects: list[Suspect], bookings: Bookings, moving: list[Amounts]) -> set[int]:
    """
    The places of bookings that settle something, though each is called a balance: Italians write "saldo" when they pay the
    rest of an invoice. There are several, no balance is opened beside them, and what lies between two of them does not add
    up to the step.
    """
    closing = [s.place for s in suspects if s.reason == "closing_balance"]
    opening = sum(s.reason == "opening_balance" for s in suspects)
    rows = np.searchsorted(bookings.places, closing)
    rows = rows[np.isin(closing, bookings.places)] if len(closing) else rows
    for amount in moving:
        moved = rows[amount.moves[rows]]
        if len(moved) >= MIN_BALANCES and 2 * opening < len(moved) and not _are_steps(amount.values, moved):
            return {int(place) for place in bookings.places[rows]}
    return set()


def is_turnover(suspect: Suspect, bookings: Bookings, values: Int64 | None, doubtful: Mask) -> bool:
    """Whether a total is what all movements add up to with their signs, or those of one side. `values` has the signs."""
    row = int(np.searchsorted(bookings.places, suspect.place))
    if values is None or suspect.reason != "total" or row >= bookings.count or not values[row]:
        return False
    rest = values[~doubtful]
    sums = (int(rest.sum()), int(rest[rest > 0].sum()), int(rest[rest < 0].sum()))
    size = abs(int(values[row]))
    if size in {abs(total) for total in sums}:
        return True
    # Of totals below totals, each is what some rows directly above or below it add up to without the other totals.
    above, below = values[:row][~doubtful[:row]][::-1], values[row + 1 :][~doubtful[row + 1 :]]
    return any(bool((np.abs(np.cumsum(rows))[MIN_SECTION - 1 :] == size).any()) for rows in (above, below))


def _leaves_balance(row: int, balance: Amounts | None) -> bool:
    """Whether a row repeats the balance of the row above it, as those of this month's and this year's turnover do."""
    if balance is None or row == 0 or not bool(balance.valid[row - 1 : row + 1].all()):
        return False
    return int(balance.values[row]) == int(balance.values[row - 1]) != 0


def _repeats_balance(row: int, amounts: list[Amounts], balance: Amounts | None) -> bool:
    if balance is None or not balance.valid[row]:
        return False
    return any(abs(int(n.values[row])) == abs(int(balance.values[row])) for n in amounts)


def _is_sum(row: int, amount: Amounts) -> bool:
    value = int(amount.values[row])
    values = amount.values
    above, below = values[:row], values[row + 1 :]
    sums = {int(part.sum()) for part in (above, below)} | {int(np.abs(part).sum()) for part in (above, below)}
    sums.add(int(values.sum()) - value)
    back = np.cumsum(above[::-1])
    return value in sums or bool((np.abs(back) == abs(value))[1:].any())


def repeated_balances(facts: Facts, rows: Mask) -> list[Int64]:
    """The places of each text that names a balance and stands in several of these rows."""
    places = np.flatnonzero(rows)
    found = []
    for column in facts.columns:
        # A balance may say of which day it is, so texts that differ only by digits are one.
        codes = column.wordings.codes[places]
        counts = np.bincount(codes[codes >= 0], minlength=len(column.wordings.texts))
        often = np.argsort(-counts, kind="stable")[:MAX_BALANCES]
        for code in often[counts[often] >= MIN_BALANCES].tolist():
            text = column.wordings.texts[code]
            if len(text) <= LONGEST_NAMED and roles_of(text).get("balance", 0) > 0:
                found.append(places[codes == code])
    return found


def balances_between(bookings: Bookings, repeated: list[Int64]) -> list[int]:
    """
    The places at which a balance stands in the column of the amounts: what lies between two of its rows adds up to the
    step from one to the other. `repeated` are the places of texts that name a balance.
    """
    for number in (n for n in bookings.numbers[:MAX_TRIED] if not n.is_identifier):
        for places in repeated:
            if _are_steps(number.values, np.searchsorted(bookings.places, places)):
                return [int(place) for place in places]
    return []


def balances_around(bookings: Bookings) -> list[tuple[int, Literal["opening_balance", "closing_balance"]]]:
    """
    The first and the last row of the amounts, by their places, if their texts name a balance in any words and all between
    them lead from one to the other.
    """
    for number in (n for n in bookings.numbers[:MAX_TRIED] if not n.is_identifier):
        rows = np.flatnonzero(number.moves)
        if len(rows) <= MIN_AROUND:
            continue
        if not all(_speaks_of_balance(bookings.facts, int(bookings.places[row])) for row in (rows[0], rows[-1])):
            continue
        first, last = int(number.values[rows[0]]), int(number.values[rows[-1]])
        between = int(number.values[rows[1:-1]].sum())
        top, bottom = int(bookings.places[rows[0]]), int(bookings.places[rows[-1]])
        if between and first + between == last:
            return [(top, "opening_balance"), (bottom, "closing_balance")]
        if between and last + between == first:
            return [(top, "closing_balance"), (bottom, "opening_balance")]
    return []


def may_lie_between_balances(facts: Facts, rows: Mask) -> bool:
    """Whether some text names a balance in one of the first of these rows, and in one of the last."""
    places = np.flatnonzero(rows)
    ends = places[:MAX_ABOVE].tolist(), places[-MAX_ABOVE:].tolist()
    return all(any(_speaks_of_balance(facts, place) for place in end) for end in ends)


def _speaks_of_balance(facts: Facts, place: int) -> bool:
    texts = (column.text(place).strip() for column in facts.columns if column.wordings.codes[place] >= 0)
    return any(len(text) <= LONGEST_NAMED and roles_of(text).get("balance", 0) > 0 for text in texts)


def _are_steps(values: Int64, rows: Int64) -> bool:
    """Whether the values in some rows are balances, which differ by the sums of the rows between them in either order."""
    sums = np.cumsum(values) - values
    moved = np.diff(sums[rows]) - values[rows][:-1]
    steps = np.diff(values[rows])
    return bool((moved != 0).any()) and (bool((steps == moved).all()) or bool((-steps == moved).all()))


def sum_rows(values: Int64) -> list[int]:
    """
    The rows that may be totals though no word says so: each is the sum of the rows of its section, and the sections
    make up the whole table; or it is the first or the last row, and the sum of all others. `values` has shape (rows,).
    """
    if len(values) <= MIN_SUMMED or not bool((values != 0).all()):
        return []
    found, added, first = [], 0, 0
    for row, value in enumerate(values.tolist()):
        if value == added and row - first >= MIN_SECTION:
            found.append(row)
            added, first = 0, row + 1
        else:
            added += value
    if len(found) > 1 and first == len(values):
        return found
    if len(values) <= MAX_NESTED:
        if nested := _nested_sums(values.tolist()):
            return nested
        if nested := _nested_sums(values[::-1].tolist()):
            return [len(values) - 1 - row for row in reversed(nested)]
    whole = int(values.sum())
    return [row for row in (0, len(values) - 1) if 2 * int(values[row]) == whole]


def _nested_sums(values: list[int]) -> list[int]:
    """
    The rows that are sums, where there are sums of sums: each adds up the last rows and sums before it that no other one
    has added up, and the last one adds up all that are left. Empty if that does not explain the whole table.
    """
    sums = [0]  # of the rows and sums that are left, up to each of them
    places: dict[int, list[int]] = {0: [0]}  # where each of these sums is
    found: list[int] = []
    for row, value in enumerate(values):
        before = places.get(sums[-1] - value)
        first = next((place for place in reversed(before or ()) if len(sums) - 1 - place >= MIN_SECTION), None)
        if first is not None:
            for place in range(first + 1, len(sums)):
                places[sums[place]].remove(place)
            del sums[first + 1 :]
            found.append(row)
        sums.append(sums[-1] + value)
        places.setdefault(sums[-1], []).append(len(sums) - 1)
    is_whole = bool(found) and found[-1] == len(values) - 1 and len(sums) == 2
    return found if is_whole and len(found) > 2 else []


def undated_sums(facts: Facts, bookings: Mask, mapping: dict[str, Any]) -> list[int]:
    """
    The rows outside the bookings whose amounts are the sums of the bookings, or of those in the same currency.

    `bookings` has shape (rows,); `mapping` says which columns are the amounts and the currency.
    """
    spec = mapping.get("amount", {})
    columns = [c for key in ("column", "debit", "credit") if (c := facts.named(spec.get(key))) is not None]
    rest = np.flatnonzero(~bookings & np.logical_or.reduce([c.numbers.ok for c in columns] or [~bookings & False]))
    if not columns or not 0 < len(rest) <= MAX_LOOKED:
        return []
    mark = spec.get("decimal", ".")
    scale = min(MAX_SCALE, max(c.numbers.max_decimals(mark) for c in columns))
    read = [c.numbers.integers(mark, scale) for c in columns]
    currency = facts.named(mapping.get("currency", {}).get("column"))
    levels = currency.levels(np.ones(facts.count, np.bool_)) if currency is not None else None
    groups = [bookings]
    if levels is not None:
        groups += [bookings & (levels.codes == code) for code in range(len(levels.values))]
    sums = [[_sum_of(values[group]) for values, _ in read] for group in groups]
    found = []
    for place in rest.tolist():
        filled = [number for number, (_, valid) in enumerate(read) if valid[place]]
        code = -1 if levels is None else int(levels.codes[place])
        for group in (sums[0], *([sums[code + 1]] if code >= 0 else [])):
            if filled and all(group[n] == abs(int(read[n][0][place])) for n in filled):
                found.append(place)
                break
    return found


def _sum_of(values: Int64) -> int | None:
    """The size of a sum, or None if too few rows move or they come to nothing."""
    return abs(int(values.sum())) or None if int((values != 0).sum()) >= MIN_SECTION else None


def header_rows(facts: Facts, rows: Mask) -> dict[int, Reason]:
    """
    The rows among these that repeat the header, and those of another table: a line of names that is no header begins
    it, and the header ends it.
    """
    names = [column.name.strip().casefold() for column in facts.columns]
    found: dict[int, Reason] = {}
    other_since: int | None = None
    for place in word_places(facts, rows):
        cells = [column.text(place) for column in facts.columns]
        filled = [(cell, name) for cell, name in zip(cells, names, strict=True) if cell]
        if len(filled) < 2:
            continue
        same = sum(cell.casefold() == name for cell, name in filled)
        if same >= HEADER_SHARE * len(filled) and same >= 2:
            found[place] = "header"
            if other_since is not None:
                found |= dict.fromkeys(range(other_since, place), "other_table")
            other_since = None
        elif other_since is None and (_names_columns([cell for cell, _ in filled]) or _is_header_too(filled, names)):
            other_since = place
    if other_since is not None:
        found |= dict.fromkeys(range(other_since, facts.count), "other_table")
    return found


def _is_header_too(filled: list[tuple[str, str]], names: list[str]) -> bool:
    """Whether half of the cells are names of columns, in other places: the header of a table of another layout."""
    known = sum(cell.casefold() in names for cell, _ in filled)
    has_digits = any(any(c.isdigit() for c in cell) for cell, _ in filled)
    return len(filled) >= 3 and not has_digits and known >= 2 and 2 * known >= len(filled)


def _names_columns(cells: list[str]) -> bool:
    if len(cells) < 3 or any(any(c.isdigit() for c in cell) for cell in cells):
        return False
    return sum(max(roles_of(cell).values(), default=0) >= 0.99 for cell in cells) >= HEADER_SHARE * len(cells)
