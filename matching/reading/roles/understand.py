"""
What a table means: which rows are bookings, which columns are their amount, date, currency and reference, and what only
a person can tell.

What arithmetic proves comes before what names suggest, and what neither decides is asked.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from core.clock import now
from core.money import NO_CURRENCY
from matching.reading.roles import money, proof, totals, unproved
from matching.reading.roles.amounts import Amounts, Bookings, bookings_of, marks_of, number_columns
from matching.reading.roles.dates import Dates, date_columns, main_date, read_dates
from matching.reading.roles.facts import Column, Facts, Mask
from matching.reading.roles.movements import Movement, with_partner
from matching.reading.roles.references import reference_of
from matching.reading.roles.states import States, states_of
from matching.reading.roles.totals import LeftOut, Suspect
from matching.reading.roles.words import says, words_of

FULL_SHARE = 0.6  # of the usual number of filled cells, from which a row without a date is a booking that lacks it
WHOLE_MINOR = 100  # whole numbers from here on may count the smallest unit, if a program wrote the file


@dataclass
class Understanding:
    """
    What was found. `mapping` is the document that says it, `roles` has the role and its proof for each column that has
    one. `left_out` are the rows that are no bookings, `undecided` those whose state nobody knows.
    """

    mapping: dict[str, Any] = field(default_factory=dict)
    questions: list[dict[str, Any]] = field(default_factory=list)
    roles: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    undecided: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def understand(
    facts: Facts,
    *,
    by_program: bool = False,
    only_records: bool = False,
    today: date | None = None,
    said: dict[str, Any] | None = None,
) -> Understanding:
    """
    What a table means. `by_program`: programs write such files, in which amounts may count the smallest unit.
    `only_records`: such files have no captions between their rows. `said` is what people said about the columns.
    """
    reader = _Reader(facts, by_program, only_records, today or now().date())
    reader.said = said or {}
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
        self._decide(bookings)
        self._others(bookings)
        self.found.left_out.sort()
        return self.found

    def _given_date(self) -> Dates | None:
        """The date column that somebody pointed at, read by its values."""
        said = self.said.get("date")
        column = self.facts.named(said["column"]) if said else None
        if column is None:
            return None
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
        bookings = bookings_of(self.facts, rows, columns, marks_of(columns, rows, bare))
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
        return money.without_decimals({code for code in codes if code})

    def _without_totals(self) -> Bookings:
        """
        The bookings without totals and balances. They are first read without all rows whose words say so; those that
        the numbers bear out stay out, and everything is read again with the others.
        """
        suspects = totals.suspects_of(self.facts, totals.word_places(self.facts, self.rows))
        without = self.rows.copy()
        without[[s.place for s in suspects]] = False
        if not without.any():
            return self._stateless(self._typed(self.rows))
        first = self._stateless(self._typed(without))
        if not suspects:
            return first
        movement, proved_by = self._moving(first)
        whole = self._typed(self.rows)
        columns = {n.column.index: n for n in whole.numbers}
        read = movement.columns if movement is not None else ()
        moving = [columns[n.column.index] for n in read if n.column.index in columns]
        balance = columns.get(proved_by.column.index) if proved_by else None
        signed = proof.on_all(whole, movement, columns) if movement is not None and len(moving) == len(read) else None
        values = signed.values() if signed is not None else None
        doubtful = np.isin(whole.places, [s.place for s in suspects])
        confirmed = [
            s
            for s in suspects
            if totals.is_confirmed(s, whole, moving, balance) or totals.is_turnover(s, whole, values, doubtful)
        ]
        self._leave_out([LeftOut(s.place, s.reason) for s in confirmed])
        return first if len(confirmed) == len(suspects) else self._stateless(self._typed(self.rows))

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

    # The amount

    def _decide(self, bookings: Bookings) -> None:
        self._note_states(bookings)
        said = self.said.get("amount")
        if said and said.get("decimal"):
            given = [said.get(key) for key in ("column", "debit", "credit")]
            if amounts := tuple(n for n in bookings.numbers if n.name in given):
                self._currency(amounts, bookings)
            return
        choice, balance = self._given(said, bookings) if said else self._choice(bookings)
        self.found.questions += choice.questions
        movement = choice.movement
        if balance is not None:
            self._role(balance.balance.column, "balance", balance.says())
            self.found.mapping["balance"] = {"column": balance.balance.name}
        if movement is None:
            if not choice.questions and self.dates is None and not said:
                self.found.questions.append(_no_amount())
            return
        if self._asks_mark(movement) or self._asks_minor_units(movement, bookings):
            return
        self.found.mapping |= movement.spec()
        self._roles_of(movement, choice.proof)
        self._currency(movement.columns, bookings)

    def _given(self, said: dict[str, Any], bookings: Bookings) -> tuple[unproved.Choice, proof.Proof | None]:
        """The amount that somebody pointed at. What they did not say about it is found, or asked."""
        columns = {n.name: n for n in bookings.numbers}
        if said.get("debit") in columns and said.get("credit") in columns:
            return unproved.Choice(Movement("sides", columns[said["credit"]], columns[said["debit"]])), None
        number = columns.get(said.get("column", ""))
        if number is None:
            return unproved.Choice(), None
        if said.get("sign") or said.get("negate") is not None:
            return unproved.Choice(Movement("signed", number)), None
        return unproved.with_sign(bookings, number), None

    def _choice(self, bookings: Bookings) -> tuple[unproved.Choice, proof.Proof | None]:
        proofs = proof.proofs_of(bookings)
        triples = proof.triples_of(bookings)
        if proofs:
            best = proofs[0]
            return self._proved(bookings, best, proofs, triples), best
        nets = {t.net.column.index: t for t in triples}
        if nets:
            return self._by_triples(bookings, triples), None
        if (unsigned := proof.unsigned_walk(bookings)) is not None:
            return unproved.Choice(questions=[_sign_by_balance(unsigned)]), None
        taken = money.originals(self.facts, bookings.numbers, self.currencies)
        taken += [n for n in bookings.numbers if n.column.role("balance") >= 0.9 and n.column.role("amount") < 0.9]
        for total, parts in proof.sums_of(bookings).values():
            if (net := next((n for n in parts if n.column.role("net") >= 0.5), None)) is not None and not any(
                n.column.role("other_number") >= 0.5 for n in parts
            ):
                return replace(
                    unproved.with_sign(bookings, net), proof=f"{total.name} less {len(parts) - 1} columns"
                ), None
            if len(parts) > 2 or any(n.column.role("other_number") >= 0.5 for n in parts):
                taken += parts
                self._role(total.column, "amount", f"the sum of {len(parts)} columns in all rows")
        choice = unproved.choose(bookings, tuple(taken))
        fee = None if choice.movement is None else self._unproved_fee(bookings, choice.movement, None)
        if (
            fee is not None
            and choice.movement is not None
            and not self._counts_smallest(choice.movement.amount, bookings)
        ):
            return unproved.Choice(questions=[unproved.amount_question(bookings, [choice.movement.amount, fee])]), None
        return choice, None

    def _proved(
        self, bookings: Bookings, best: proof.Proof, proofs: list[proof.Proof], triples: list[proof.Triple]
    ) -> unproved.Choice:
        movement = best.movement
        if (money_column := _money_beside(bookings, best)) is not None:
            return unproved.Choice(questions=[unproved.amount_question(bookings, [money_column, movement.amount])])
        net = next((t.net for t in triples if t.gross is movement.amount and movement.kind == "signed"), None)
        if net is not None and any(p.movement.amount is net and p.movement.kind == "signed" for p in proofs):
            movement = Movement("signed", net)
        if movement.kind == "signed" and not movement.amount.is_signed:
            signed = unproved.with_sign(bookings, movement.amount)
            if signed.movement is None or signed.movement.kind != "signed":
                return signed
        if movement.kind == "signed" and not any(t.net is movement.amount for t in triples):
            fee = self._unproved_fee(bookings, movement, best)
            if fee is not None:
                return unproved.Choice(questions=[unproved.amount_question(bookings, [movement.amount, fee])])
        return unproved.Choice(movement, proof=best.says())

    def _by_triples(self, bookings: Bookings, triples: list[proof.Triple]) -> unproved.Choice:
        """The net amount of gross and fee, unless there are several or the names contradict."""
        grosses = {t.gross.column.index for t in triples}
        last = [t for t in triples if t.net.column.index not in grosses]
        nets = {t.net.column.index: t for t in last or triples}
        best = max(nets.values(), key=lambda t: t.net.column.role("net", "amount") - t.net.column.role("balance"))
        if not best.is_named:
            if says("total", best.gross.name) or best.fee.column.role("other_number") >= 0.5:
                # What is paid has the tax in it, whichever way round the three were found.
                whole = max((best.gross, best.net), key=lambda n: int(np.abs(n.values).sum()))
                return replace(unproved.with_sign(bookings, whole), proof=best.says())
            return unproved.Choice(questions=[unproved.amount_question(bookings, [best.gross, best.net, best.fee])])
        if len(nets) > 1 or best.net.column.role("balance", "gross", "fee", "other_number") >= 0.5:
            return unproved.Choice(
                questions=[unproved.amount_question(bookings, [best.net, best.gross, *(t.net for t in nets.values())])]
            )
        partner = with_partner(bookings, best.net)
        choice = unproved.Choice(partner) if partner is not None else unproved.with_sign(bookings, best.net)
        self._role(best.gross.column, "gross", best.says())
        self._role(best.fee.column, "fee", best.says())
        return replace(choice, proof=best.says())

    def _unproved_fee(self, bookings: Bookings, movement: Movement, best: proof.Proof | None) -> Amounts | None:
        """A column of fees that no arithmetic relates to the amount, so that nobody knows whether it is included."""
        for number in bookings.numbers:
            if number in movement.columns or number.is_identifier or not number.moves.any():
                continue
            if number.column.role("fee") < 0.5 or number.column.role("fee") < number.column.role(
                "amount", "net", "gross"
            ):
                continue
            rows = number.moves & movement.amount.moves
            if best is not None and best.walk.covered[rows].all():
                continue
            if rows.any():
                return number
        return None

    def _asks_mark(self, movement: Movement) -> bool:
        """Whether the decimal mark is open, or differs between the two sides. Then a person has to tell."""
        numbers = sorted(movement.columns, key=lambda number: number.column.index)
        marks = {number.mark for number in numbers if number.has_decimals and number.mark}
        number = next((n for n in numbers if n.mark is None or _has_leading_zeros(n)), None)
        if number is None and len(marks) > 1:
            number = numbers[0]
        if number is None:
            return False
        read = number.column.numbers
        texts = read.ok & ~read.exact
        rows = np.flatnonzero(texts if texts.any() else read.ok)[:4]
        self.found.questions.append(
            {
                "column": number.name,
                "columns": _side_names(movement),
                "kind": "decimal_mark",
                "choices": [".", ","],
                "examples": [number.column.text(int(row)) for row in rows],
                "amount": {key: part for key, part in movement.spec()["amount"].items() if key != "decimal"},
            }
        )
        return True

    def _asks_minor_units(self, movement: Movement, bookings: Bookings) -> bool:
        """Whether the amounts may count the smallest unit, such as cents. Then a person has to tell."""
        number = movement.amount
        if (self.said.get("amount") or {}).get("minor_units") is not None:
            return False
        if not self._counts_smallest(number, bookings):
            return False
        rows = np.flatnonzero(number.moves)[:4]
        self.found.questions.append(
            {
                "column": number.name,
                "columns": [],
                "kind": "minor_units",
                "choices": ["yes", "no"],
                "examples": [number.column.text(int(bookings.places[row])) for row in rows],
                "amount": movement.spec()["amount"],
            }
        )
        return True

    def _counts_smallest(self, number: Amounts, bookings: Bookings) -> bool:
        says_so = bool(unproved.MINOR & set(words_of(number.name)))
        return says_so or (self.by_program and self._looks_minor(number, bookings))

    def _looks_minor(self, number: Amounts, bookings: Bookings) -> bool:
        """Whether a program wrote whole numbers of some size beside a currency that has a smaller unit."""
        if number.has_decimals:
            return False
        if self.currencies and all(money.without_decimals(codes) for codes in self.currencies.values()):
            return False
        sizes = np.abs(number.values[number.moves])
        return len(sizes) > 0 and bool((sizes >= WHOLE_MINOR * 10**bookings.scale).all())

    def _currency(self, amounts: tuple[Amounts, ...], bookings: Bookings) -> None:
        found = money.currency_for(self.facts, amounts, bookings.places, self.currencies)
        if found.column is not None:
            self.found.mapping["currency"] = {"column": found.column}
            if all(found.column != n.name for n in amounts):
                self._role_named(found.column, "currency", found.proof)
        elif found.value is not None:
            self.found.mapping["currency"] = {"value": found.value}
        else:
            self.found.mapping["currency"] = {"value": NO_CURRENCY}
            self.found.questions.append(
                {"column": amounts[0].name, "columns": [], "kind": "currency", "choices": [], "examples": []}
            )

    # Everything else

    def _note_states(self, bookings: Bookings) -> None:
        states = self.states
        if states is None or states.column is None or not (states.skipped or states.unknown):
            return
        every = self._all_states(states)
        self.found.left_out += [LeftOut(place, "skipped", states.column.text(place)) for place in every]
        self.rows[every] = False
        if states.skipped:
            self.found.mapping["skip"] = [{"column": states.column.name, "values": list(states.skipped)}]
        self._role(states.column, "status", None)
        unknown = set(states.unknown)
        self.found.undecided = [
            int(place) for place in np.flatnonzero(self.rows) if unknown and states.column.text(int(place)) in unknown
        ]
        self.found.questions.append(states.question(bookings))

    def _all_states(self, states: States) -> list[int]:
        assert states.column is not None
        levels = states.column.levels(np.ones(self.facts.count, np.bool_), 200)
        if levels is None:
            return []
        codes = [number for number, value in enumerate(levels.values) if value in states.skipped]
        left = {row.place for row in self.found.left_out}
        return [int(place) for place in np.flatnonzero(np.isin(levels.codes, codes)) if int(place) not in left]

    def _others(self, bookings: Bookings) -> None:
        """The date, the reference, and the rows that are no bookings."""
        mapping = self.found.mapping
        if self.dates is not None:
            if self.dates.rivals:
                self.found.questions.append(self.dates.question())
            else:
                mapping["date"] = self.dates.spec()
                self._role(self.dates.column, "booked", None)
        taken = set(self.found.roles) | ({self.dates.column.name} if self.dates else set())
        reference = reference_of(self.facts, self.rows, taken)
        if reference is not None:
            mapping["reference"] = {"column": reference.name}
            self._role(reference, "reference", None)
        self._leave_out_rest(bookings)

    def _leave_out_rest(self, bookings: Bookings) -> None:
        """Rows without a date are captions, totals and the like, unless they are as full as a booking."""
        if self.only_records:
            return
        left = {row.place for row in self.found.left_out}
        rest = [int(place) for place in np.flatnonzero(~self.rows) if int(place) not in left]
        if not rest:
            return
        suspects = {s.place: s for s in totals.suspects_of(self.facts, rest[: totals.MAX_LOOKED])}
        counts = self.facts.filled_cells
        usual = int(np.median(counts[self.rows])) if self.rows.any() else 0
        for place in rest:
            reason = self._reason_of(place, suspects.get(place), usual)
            if reason is not None:
                self.found.left_out.append(reason)

    def _reason_of(self, place: int, suspect: Suspect | None, usual: int) -> LeftOut | None:
        if suspect is not None:
            return LeftOut(place, suspect.reason)
        if self.dates is not None:
            cell = self.dates.column.text(place)
            if cell and says("not_booked", cell, whole=True):
                return LeftOut(place, "not_booked", cell)
        least = 1 if usual < 3 else max(2, FULL_SHARE * usual)
        return None if self.facts.filled_cells[place] >= least else LeftOut(place, "caption")

    def _role(self, column: Column, role: str, why: str | None) -> None:
        self._role_named(column.name, role, why)

    def _role_named(self, name: str, role: str, why: str | None) -> None:
        self.found.roles[name] = (role, why)

    def _roles_of(self, movement: Movement, why: str | None) -> None:
        if movement.kind == "sides" and movement.other is not None:
            self._role(movement.other.column, "debit", why)
            self._role(movement.amount.column, "credit", why)
            return
        self._role(movement.amount.column, "amount", why)
        if movement.other is not None:
            self._role(movement.other.column, "fee", why)
        if movement.sign is not None:
            self._role(movement.sign, "sign", why)


def _side_names(movement: Movement) -> list[str]:
    """Debit and credit, in this order, if the amount has two sides."""
    if movement.kind != "sides" or movement.other is None:
        return []
    return [movement.other.name, movement.amount.name]


def _is_waiting(texts: list[str]) -> bool:
    return len(texts) == 1 and len(texts[0]) < 60 and says("not_booked", texts[0])


def _money_beside(bookings: Bookings, best: proof.Proof) -> Amounts | None:
    """A column of amounts beside a walk of whole numbers that are not called money, such as points."""
    proved = (best.balance, *best.movement.columns)
    named = any(n.column.role("amount", "in", "out", "net") >= 0.5 for n in best.movement.columns)
    if named or any(n.has_decimals for n in proved):
        return None
    return next((n for n in bookings.numbers if n not in proved and n.has_decimals and n.moves.any()), None)


def _has_leading_zeros(number: Amounts) -> bool:
    """Whether whole numbers begin with zeros, so that they may be anything."""
    return not number.has_decimals and bool(number.column.numbers.leading_zero[number.column.numbers.ok].any())


def _sign_by_balance(number: Amounts) -> dict[str, Any]:
    """The question which rows are money out, where only the balance says so."""
    rows = np.flatnonzero(number.column.numbers.ok)[:4]
    examples = [number.column.text(int(row)) for row in rows]
    return {"column": number.name, "columns": [], "kind": "sign", "choices": [], "examples": examples}


def _no_amount() -> dict[str, Any]:
    return {"column": None, "columns": [], "kind": "amount_column", "choices": [], "examples": []}
