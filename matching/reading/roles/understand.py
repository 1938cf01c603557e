"""
What a table means: which rows are bookings, which columns are their amount, date, currency and reference, and what only
a person can tell.

What arithmetic proves comes before what names suggest, and what neither decides is asked.
"""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from core.clock import now
from matching.reading.cells.days import order_of
from matching.reading.cells.kinds import are_any
from matching.reading.roles import money, proof, totals, unproved
from matching.reading.roles.amounts import Amounts, Bookings, bookings_of, marks_of, number_columns
from matching.reading.roles.complete import yearless_forms
from matching.reading.roles.dates import date_columns, main_date
from matching.reading.roles.decide import Decision
from matching.reading.roles.facts import Column, Facts, Mask
from matching.reading.roles.found import Understanding
from matching.reading.roles.movements import Movement
from matching.reading.roles.references import reference_of
from matching.reading.roles.scripts import writes_points
from matching.reading.roles.shared import meant_by, sign_of
from matching.reading.roles.states import States, states_of
from matching.reading.roles.totals import LeftOut, Suspect
from matching.reading.roles.words import says
from matching.reading.roles.writing import Dates, read_dates, weak_forms

YEARS_OFFERED = 3  # this one and those before, for days without one
MAX_NAMED = 8  # columns that are offered as dates
FULL_SHARE = 0.6  # of the usual number of filled cells, from which a row without a date is a booking that lacks it


def understand(
    facts: Facts,
    *,
    by_program: bool = False,
    only_records: bool = False,
    has_sums: bool = True,
    today: date | None = None,
    said: dict[str, Any] | None = None,
) -> Understanding:
    """
    What a table means. `by_program`: programs write such files, in which amounts may count the smallest unit.
    `only_records`: such files have no captions between their rows; `has_sums`: but there may be totals. `said` is what people said about the columns.
    """
    reader = _Reader(facts, by_program, only_records, today or now().date())
    reader.said = said or {}
    reader.has_sums = has_sums
    return reader.run()


class _Reader:
    def __init__(self, facts: Facts, by_program: bool, only_records: bool, today: date) -> None:
        self.facts = facts
        self.only_records = only_records
        self.by_program = by_program
        self.today = today
        self.found = Understanding()
        self.dates: Dates | None = None
        self.rows: Mask = np.ones(facts.count, np.bool_)
        self.states: States | None = None
        self.currencies: dict[int, frozenset[str]] = {}
        self.said: dict[str, Any] = {}
        self.has_sums = True
        self._always: list[Column] | None = None  # the columns that each booking fills, but for amounts

    def run(self) -> Understanding:
        if not self.facts.count:
            return self.found
        self.dates = self._given_date() or main_date(self.facts, self.today)
        self.rows = self._bookings()
        headers = totals.header_rows(self.facts, ~self.rows)
        self._leave_out([LeftOut(place, reason) for place, reason in headers.items()])
        self._leave_out_waiting()
        self.currencies = money.currency_columns(self.facts, self.rows)
        bookings = self._without_totals()
        self._note_states()
        Decision(self.facts, self.found, self.currencies, self.said, self.by_program).make(bookings)
        self._others()
        self.found.left_out.sort()
        return self.found

    def _given_date(self) -> Dates | None:
        """The date column that somebody pointed at, read by its values."""
        said = self.said.get("date") or {}
        column = self.facts.named(said.get("column"))
        if column is None:
            return None
        if (year := said.get("year")) is not None and not said.get("form"):
            forms = yearless_forms(column, said.get("order"))
            read = [Dates(column, form, *column.days.days(form, year), year=year) for form in forms]
            if read:
                return replace(read[0], rivals=tuple(forms)) if len(forms) > 1 else read[0]
        strong = date_columns(self.facts)
        is_weak = not bool((column.days.ok & column.filled).any())
        return read_dates(column, column.filled, self.facts, strong, self.today, weak=is_weak)

    def _bookings(self) -> Mask:
        """The rows with a date; without a date column, the rows that are as full as most and have a number."""
        if self.dates is not None:
            return self.dates.valid.copy()
        counts = self.facts.filled_cells
        usual = int(np.median(counts[counts > 0])) if (counts > 0).any() else 0
        full = counts >= max(1, FULL_SHARE * usual)
        columns = number_columns(self.facts, full, [])
        has_number = np.zeros(self.facts.count, np.bool_)
        for column in columns:
            has_number |= column.numbers.ok
        return full & has_number if columns else full

    def _leave_out(self, rows: list[LeftOut]) -> None:
        self.found.left_out += rows
        self.rows[[row.place for row in rows]] = False

    def _leave_out_waiting(self) -> None:
        """Leave out rows that wait for their date, and those below a caption such as "Pending transactions"."""
        for column in date_columns(self.facts):
            words = column.filled & ~column.days.ok & self.rows
            places = [
                int(p)
                for p in np.flatnonzero(words)[: totals.MAX_LOOKED]
                if says("not_booked", column.text(int(p)), whole=True)
            ]
            self._leave_out([LeftOut(place, "not_booked", column.text(place)) for place in places])
        above = [line for line in self.facts.above if any(cell.strip() for cell in line.cells)]
        waits = bool(above) and _is_waiting([cell.strip() for cell in above[-1].cells if cell.strip()])
        captions = {} if self.only_records else self._captions()
        if not waits and not any(captions.values()):
            return
        for place in range(self.facts.count):
            waits = captions.get(place, waits)
            if waits and self.rows[place]:
                self._leave_out([LeftOut(place, "not_booked")])

    def _captions(self) -> dict[int, bool]:
        """The rows of one cell, and whether they say that the rows below are not booked."""
        single = (self.facts.filled_cells == 1) & ~self.rows
        found = {}
        for place in totals.word_places(self.facts, single):
            texts = [text for column in self.facts.columns if (text := column.text(place))]
            found[place] = _is_waiting(texts)
        return found

    def _typed(self, rows: Mask) -> Bookings:
        """The bookings among these rows, typed by these rows alone."""
        dates = date_columns(self.facts, rows)
        if self.dates is not None and self.dates.column not in dates:
            dates.append(self.dates.column)
        columns = number_columns(self.facts, rows, dates)
        bare = frozenset(column.index for column in columns if self._has_no_decimals(column, rows))
        marks = marks_of(columns, rows, bare, has_points=writes_points(self.facts))
        bookings = bookings_of(self.facts, rows, columns, marks)
        if self.dates is None:
            return bookings
        places = bookings.places
        return replace(bookings, days=self.dates.days[places].astype(np.int64), days_valid=self.dates.valid[places])

    def _has_no_decimals(self, column: Column, rows: Mask) -> bool:
        """Whether the currency of a column has no smaller unit, as far as its cells, its name or the table tell."""
        numbers = column.numbers
        codes = {numbers.currencies[code] for code in set(numbers.currency[numbers.ok & rows].tolist()) if code}
        if not codes and (named := money.in_header(column.name)):
            codes = {named}
        if not codes and len(self.currencies) == 1:
            codes = set(next(iter(self.currencies.values())))
        if codes == {money.SHARED}:
            sign = sign_of([column], rows)
            meant = meant_by(sign, self.facts, rows) if sign is not None else None
            codes = {meant} if meant else set(sign.meanings) if sign is not None else codes
        return money.without_decimals({code for code in codes if code})

    def _without_totals(self) -> Bookings:
        """
        The bookings without totals and balances. They are first read without all rows whose words say so; those that
        the numbers bear out stay out, and everything is read again with the others.
        """
        repeated = totals.repeated_balances(self.facts, self.rows) if not self.only_records else []
        places = totals.balances_between(self._typed(self.rows), repeated) if repeated else []
        self._leave_out([LeftOut(place, "closing_balance") for place in places])
        if not self.only_records and totals.may_lie_between_balances(self.facts, self.rows):
            around = totals.balances_around(self._typed(self.rows))
            self._leave_out([LeftOut(place, reason) for place, reason in around])
        suspects = totals.suspects_of(self.facts, totals.word_places(self.facts, self.rows))
        without = self.rows.copy()
        without[[s.place for s in suspects]] = False
        if not without.any():
            return self._stateless(self._typed(self.rows))
        first = self._stateless(self._typed(without))
        if not suspects:
            return first
        named = len(suspects)
        movement, proved_by = self._moving(first)
        if movement is None:
            # Without amounts nothing bears the words out: a row as full as the others may be of an address in Summer Hill.
            counts = self.facts.filled_cells
            usual = float(np.median(counts[without]))
            suspects = [s for s in suspects if counts[s.place] < FULL_SHARE * usual]
        whole = self._typed(self.rows)
        columns = {n.column.index: n for n in whole.numbers}
        read = movement.columns if movement is not None else ()
        moving = [columns[n.column.index] for n in read if n.column.index in columns]
        balance = columns.get(proved_by.column.index) if proved_by else None
        signed = proof.on_all(whole, movement, columns) if movement is not None and len(moving) == len(read) else None
        values = signed.values() if signed is not None else None
        doubtful = np.isin(whole.places, [s.place for s in suspects])
        settling = totals.settling(suspects, whole, moving)
        confirmed = [
            s
            for s in suspects
            if s.place not in settling
            if totals.is_confirmed(s, whole, moving, balance) or totals.is_turnover(s, whole, values, doubtful)
        ]
        self._leave_out([LeftOut(s.place, s.reason) for s in confirmed])
        return first if len(confirmed) == named else self._stateless(self._typed(self.rows))

    def _moving(self, bookings: Bookings) -> tuple[Movement | None, Amounts | None]:
        proofs = proof.proofs_of(bookings)
        if proofs:
            return proofs[0].movement, proofs[0].balance
        return unproved.choose(bookings).movement, None

    def _stateless(self, bookings: Bookings) -> Bookings:
        """The bookings without those whose state says that no money has moved."""
        self.states = states_of(bookings)
        if not self.states.left_out.any():
            return bookings
        keep = np.zeros(self.facts.count, np.bool_)
        keep[bookings.places[~self.states.left_out]] = True
        return self._typed(keep) if keep.any() else bookings

    # Everything else

    def _note_states(self) -> None:
        states = self.states
        if states is None or states.column is None or not (states.skipped or states.unknown):
            return
        every = self._all_states(states)
        self.found.left_out += [LeftOut(place, "skipped", states.column.text(place)) for place in every]
        self.rows[every] = False
        if states.skipped:
            self.found.mapping["skip"] = [{"column": states.column.name, "values": list(states.skipped)}]
        self.found.give(states.column, "status", None)
        if states.unknown:
            self.found.unknown_states = states.column.name, states.unknown
        self.found.questions.append(states.question())

    def _all_states(self, states: States) -> list[int]:
        assert states.column is not None
        if not states.skipped:
            return []
        left = {row.place for row in self.found.left_out}
        found = np.flatnonzero(are_any(states.column.texts, states.skipped).to_numpy())
        return [place for place in found.tolist() if place not in left]

    def _others(self) -> None:
        """The date, the reference, and the rows that are no bookings."""
        mapping = self.found.mapping
        if self.dates is not None:
            if self.dates.rivals or self.dates.columns:
                self.found.questions.append(self.dates.question())
            else:
                mapping["date"] = self.dates.spec()
                self.found.give(self.dates.column, "booked", None)
        elif unread := [c for c in self.facts.columns if self._may_be_dates(c)]:
            self.found.questions.append(_unread_dates(unread, self.rows, self.today))
        taken = set(self.found.roles) | ({self.dates.column.name} if self.dates else set())
        reference = reference_of(self.facts, self.rows, taken)
        if reference is not None:
            mapping["reference"] = {"column": reference.name}
            self.found.give(reference, "reference", None)
        self._leave_out_rest()

    def _may_be_dates(self, column: Column) -> bool:
        """Whether a column is called a date or holds some, though it was not taken for the one of the bookings."""
        filled = column.filled & self.rows
        is_called_so = column.role("booked") >= 0.5
        return bool(filled.any()) and (is_called_so or 2 * int((column.days.ok & filled).sum()) > int(filled.sum()))

    def _leave_out_rest(self) -> None:
        """Rows without a date are captions, totals and the like, unless they are as full as a booking."""
        if self.only_records and not (self.has_sums and self.dates is not None):
            return
        left = {row.place for row in self.found.left_out}
        rest = [int(place) for place in np.flatnonzero(~self.rows) if int(place) not in left]
        if not rest:
            return
        suspects = {s.place: s for s in totals.suspects_of(self.facts, rest[: totals.MAX_LOOKED])}
        counts = self.facts.filled_cells
        usual = int(np.median(counts[self.rows])) if self.rows.any() else 0
        sums = set(totals.undated_sums(self.facts, self.rows, self.found.mapping)) if self.dates is not None else set()
        if self.only_records:
            self.found.left_out += self._sums_among(rest, suspects, sums)
            return
        for place in rest:
            if place in sums:
                self.found.left_out.append(LeftOut(place, "total"))
                continue
            reason = self._reason_of(place, suspects.get(place), usual)
            if reason is not None:
                self.found.left_out.append(reason)

    def _sums_among(self, rest: list[int], suspects: dict[int, Suspect], sums: set[int]) -> list[LeftOut]:
        """
        The totals and balances among records without a date, which may also be bookings that nobody has booked yet: their
        words say nothing else, or they add up the others and have words for it or fewer cells than any booking.
        """
        found = []
        counts = self.facts.filled_cells
        least = int(counts[self.rows].min()) if self.rows.any() else 0
        for place in rest:
            suspect = suspects.get(place)
            if place in sums and (suspect is not None or counts[place] < least):
                found.append(LeftOut(place, "total"))
            elif suspect is not None and suspect.is_sure:
                found.append(LeftOut(place, suspect.reason))
        return found

    def _has_amount(self, place: int) -> bool:
        spec = self.found.mapping.get("amount", {})
        named = [self.facts.named(spec.get(key)) for key in ("column", "debit", "credit")]
        return any(column is not None and bool(column.numbers.ok[place]) for column in named)

    def _lacks_only_amounts(self, place: int) -> bool:
        """Whether a row has whatever each booking has, but for the amounts: at least a number and a name."""
        if self._always is None:
            amounts = self.found.mapping.get("amount", {}).values()
            texts = [c for c in self.facts.columns if c.name not in amounts]
            self._always = [c for c in texts if bool(c.filled[self.rows].all())]
        return len(self._always) > 1 and all(bool(column.filled[place]) for column in self._always)

    def _moves(self, place: int) -> bool:
        """Whether a row has an amount other than zero, as far as there are amounts at all."""
        spec = self.found.mapping.get("amount", {})
        named = [self.facts.named(spec.get(key)) for key in ("column", "debit", "credit")]
        columns = [column for column in named if column is not None]
        zeros = [set(column.text(place)) & set("123456789") == set() for column in columns if column.numbers.ok[place]]
        return not zeros or not all(zeros)

    def _reason_of(self, place: int, suspect: Suspect | None, usual: int) -> LeftOut | None:
        if suspect is not None:
            return LeftOut(place, suspect.reason)
        if self.dates is not None:
            cell = self.dates.column.text(place)
            if cell and says("not_booked", cell, whole=True):
                return LeftOut(place, "not_booked", cell)
            if any(c.isdigit() for c in cell) and cell != "0" and self._has_amount(place):
                return None  # a booking whose date cannot be read is a reject and no caption
            if not self._moves(place):
                return LeftOut(place, "caption")  # without a date and with an amount of zero, nothing has moved
        # Where no money moves on some day, a row that lacks cells is a record that lacks them: a person without a date of
        # birth, an article without a price.
        is_record = "amount" not in self.found.mapping or (self.dates is None and self._lacks_only_amounts(place))
        share = 0.0 if is_record else FULL_SHARE
        least = 1 if usual < 3 else max(2, share * usual)
        return None if self.facts.filled_cells[place] >= least else LeftOut(place, "caption")


def _unread_dates(columns: list[Column], rows: Mask, today: date) -> dict[str, Any]:
    """
    The question which column is the date, if some are called so and none can be read as one; or which year it is, if that is
    all that is missing.
    """
    names = [column.name for column in columns[:MAX_NAMED]]
    examples = [columns[0].text(int(row)) for row in np.flatnonzero(rows & columns[0].filled)[:4]]
    question = {"column": names[0], "columns": names, "kind": "date_column", "choices": names, "examples": examples}
    forms = {order_of(form): form for form in yearless_forms(columns[0]) if form in weak_forms(columns[0], rows)}
    if not forms:
        return question
    years = [today.year - back for back in range(YEARS_OFFERED)]
    return question | {"choices": names[1:], "forms": forms, "years": years}


def _is_waiting(texts: list[str]) -> bool:
    return len(texts) == 1 and len(texts[0]) < 60 and says("not_booked", texts[0])
