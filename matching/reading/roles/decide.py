"""The amount of a table's bookings, its sign and its currency: what proves them, or what has to be asked."""

from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow.compute as pc

from core.money import NO_CURRENCY
from matching.reading.cells.multiples import multiple_in
from matching.reading.roles import between, compounds, conversions, falls, money, products, proof, totals, unproved
from matching.reading.roles.amounts import MONEY, Amounts, Bookings
from matching.reading.roles.choice import (
    Choice,
    amount_question,
    fee_question,
    mark_question,
    sign_by_hand,
    sign_question,
    unsigned_in,
)
from matching.reading.roles.doubts import doubtful_rows, left_over, rows_about_account, rows_of_both_balances
from matching.reading.roles.facts import Facts
from matching.reading.roles.found import Understanding
from matching.reading.roles.gross import net_of_triples
from matching.reading.roles.instalments import counted_instalments, instalments_of
from matching.reading.roles.movements import Movement, with_partner
from matching.reading.roles.overdrawn import words_agree
from matching.reading.roles.sales import lists_customers
from matching.reading.roles.signs import with_sign
from matching.reading.roles.stages import stages_of
from matching.reading.roles.takings import ways_of_payment
from matching.reading.roles.triples import Triple, triples_of
from matching.reading.roles.words import is_deducted, is_sales_tax, names_minor_unit

NAMED = 0.5  # of a column's name that must say what it is
MIN_CHANGES = 2  # steps of a balance from one currency to another, by which the currency is not that of the account
SURE_NAME = 0.9  # of a column's name that must mean an amount, so that a product beside it is no rival
# Numbers of which so many are no multiples of five, as prices in whole units mostly are.
MIN_UNEVEN, UNEVEN_SHARE = 4, 0.5
WHOLE_MINOR = 100  # whole numbers from here on may count the smallest unit, if a program wrote the file


@dataclass
class Decision:
    """
    Decides on the amount, and writes the result to `found`. `currencies` are the columns of currencies by index, `said`
    is what people said, `by_program` whether amounts may count the smallest unit.
    """

    facts: Facts
    found: Understanding
    currencies: dict[int, frozenset[str]]
    said: dict[str, Any]
    by_program: bool
    own_currency: str | None = field(default=None, init=False)  # of the account, if that of the payment varies

    def make(self, bookings: Bookings) -> None:
        """Decide on the amount of these bookings."""
        said = self.said.get("amount")
        if said and said.get("decimal"):
            given = [said.get(key) for key in ("column", "debit", "credit")]
            if amounts := tuple(n for n in bookings.numbers if n.name in given):
                self._currency(amounts, bookings)
                is_mark_alone = said.get("column") and not said.get("sign") and said.get("negate") is None
                if is_mark_alone and amounts[0].mark is None:
                    # Whoever answered what the decimal mark is has not said which way the money moves.
                    asked = with_sign(bookings, amounts[0]).questions
                    self.found.questions += [question for question in asked if question["kind"] == "sign"]
            return
        choice, balance = self._given(said, bookings) if said else self._choice(bookings)
        if not said and (taken := unsigned_in(choice)) is not None and (ways := ways_of_payment(bookings, taken)):
            choice = Choice(questions=[amount_question(bookings, [taken, *ways])])
        # An answer about the sign says which of two sides is which, so that it has to come last.
        self.found.questions += [*self._open_marks(choice.questions, bookings), *choice.questions]
        movement = choice.movement
        if balance is not None:
            self._take_proved(balance, bookings)
            self._drop_originals(balance, bookings)
            self.found.give(balance.balance.column, "balance", balance.says())
            self.found.mapping["balance"] = {"column": balance.balance.name}
        if movement is None:
            if not choice.questions and bookings.days is None and not said:
                self.found.questions.append(_no_amount())
            return
        if rest := left_over(bookings, movement):
            self.found.questions.append(amount_question(bookings, [*movement.columns, *rest]))
            return
        has_proof = balance is not None and balance.movement is movement
        is_point = has_proof and balance is not None and proof.proves_point(bookings, balance)
        if self._asks_mark(movement, is_point=is_point) or self._asks_minor_units(movement, bookings):
            return
        doubtful = doubtful_rows(movement, balance, bookings)
        about = rows_about_account(balance, doubtful) or rows_of_both_balances(balance)
        places = bookings.places[about].tolist()
        self.found.left_out += [totals.LeftOut(place, "opening_balance") for place in places]
        doubted = [row for row in doubtful if row not in about]
        if balance is None and self._says_less(doubted, bookings) and totals.sum_rows(movement.values()):
            self.found.left_out += [totals.LeftOut(place, "total") for place in bookings.places[doubted].tolist()]
        else:
            self._doubt(doubted, bookings)
        self.found.mapping |= movement.spec()
        self._roles_of(movement, choice.proof)
        if (multiple := _multiple_of(movement, self.facts)) is not None:
            self.found.mapping["amount"]["multiple"] = multiple
        self._currency(movement.columns, bookings)

    def _drop_originals(self, best: proof.Proof, bookings: Bookings) -> None:
        """
        Forget the columns of currencies across which one balance walks: the account has one currency, so that they are
        those of the payments.
        """
        if best.group is not None:
            return
        for index in list(self.currencies):
            levels = bookings.levels_of(self.facts.columns[index])
            if levels is None or len(levels.values) < 2:
                continue
            changes = np.diff(levels.codes) != 0
            covered = best.walk.covered[:-1] | best.walk.covered[1:]
            if int((changes & covered).sum()) >= MIN_CHANGES and not best.walk.broken:
                del self.currencies[index]

    def _take_proved(self, best: proof.Proof, bookings: Bookings) -> None:
        """Take the currency of the account, if the amount that proves its balance stands beside those of the payments."""
        for index in list(self.currencies) if best.group is None else ():
            if (own := conversions.own_currency_beside(bookings, best.movement, index)) is not None:
                del self.currencies[index]
                self.own_currency = own

    def _given(self, said: dict[str, Any], bookings: Bookings) -> tuple[Choice, proof.Proof | None]:
        """The amount that somebody pointed at. What they did not say about it is found, or asked."""
        columns = {n.name: n for n in bookings.numbers}
        if said.get("debit") in columns and said.get("credit") in columns:
            return Choice(Movement("sides", columns[said["credit"]], columns[said["debit"]])), None
        number = columns.get(said.get("column", ""))
        if number is None:
            return Choice(), None
        if (converted := self._conversion(bookings)) is not None and number in converted.columns:
            self._take_currency(converted, number)
        if said.get("sign") or said.get("negate") is not None:
            return Choice(Movement("signed", number)), None
        return with_sign(bookings, number), None

    def _choice(self, bookings: Bookings) -> tuple[Choice, proof.Proof | None]:
        proofs = proof.proofs_of(bookings)
        triples = triples_of(bookings)
        if not (proofs and _is_of_most(proofs[0], bookings)) and (stages := stages_of(bookings)):
            return Choice(questions=[amount_question(bookings, stages)]), None
        if proofs:
            best = proof.marked(bookings, proofs[0])
            sides = with_partner(bookings, best.movement.amount) if best.movement.kind == "signed" else None
            if sides is not None and all(n.moves.any() for n in sides.columns):
                return Choice(sides), None  # one side alone walks only where the other one is wrong
            return self._proved(bookings, best, proofs, triples), best
        if (union := compounds.union_of(bookings)) is not None:
            return replace(with_sign(bookings, union), proof="one of two other columns in all rows"), None
        if (instalments := instalments_of(bookings)) is not None:
            price, part = instalments
            return replace(with_sign(bookings, part), proof=f"all instalments together are {price.name}"), None
        if (instalments := counted_instalments(bookings)) is not None:
            return Choice(questions=[amount_question(bookings, list(instalments))]), None
        nets = {t.net.column.index: t for t in triples}
        if nets:
            return net_of_triples(bookings, triples, self.found), None
        if (found := between.between_balances(bookings)) is not None:
            return Choice(found.movement, proof=found.says()), found
        if (moved := falls.unsigned_walk(bookings)) is not None:
            return Choice(questions=[sign_by_hand(moved)]), None
        converted = self._conversion(bookings)
        taken = money.originals(self.facts, bookings.numbers, self.currencies)
        if converted is not None and converted.original is not None:
            taken = [converted.original, *converted.rates(bookings)]
        taken += [n for n in bookings.numbers if n.column.role("balance") >= 0.9 and n.column.role("amount") < 0.9]
        whole: Amounts | None = None
        for total, parts in compounds.sums_of(bookings).values():
            sides = _sides_in(bookings, (total, *parts))
            if sides is not None:
                return Choice(sides, proof=f"{len(parts)} columns add up to {total.name} in all rows"), None
            net = next((n for n in parts if n.column.role("net") >= NAMED), None)
            has_tax = any(n.column.role("other_number") >= NAMED for n in parts)
            if net is not None and (not has_tax or _are_wages(total, net, parts)):
                return replace(with_sign(bookings, net), proof=f"{total.name} less {len(parts) - 1} columns"), None
            if len(parts) > 2 and (left := _left_by_fees(total, parts)) is not None:
                return Choice(questions=[amount_question(bookings, [left, total])]), None
            if total.column.role("net") >= 0.5 and any(n.column.role("fee") >= 0.5 for n in parts):
                proved = f"{len(parts)} columns add up to {total.name} in all rows"
                return replace(with_sign(bookings, total), proof=proved), None
            if len(parts) > 2 and not total.is_signed and (unknown := _unknown_sides_in(parts)):
                return Choice(questions=[amount_question(bookings, [*unknown, total])]), None
            if len(parts) > 2 and _may_be_whole(total, parts):
                return Choice(questions=[amount_question(bookings, [parts[-1], total])]), None
            if len(parts) > 2 or any(n.column.role("other_number") >= 0.5 for n in parts):
                taken += parts
                self.found.give(total.column, "amount", f"the sum of {len(parts)} columns in all rows")
                whole = total if any(n.is_signed for n in parts) else None  # what is left, not a price with its tax
        taken += self._factors(bookings)
        choice = self._converted(unproved.choose(bookings, tuple(taken), whole), converted, bookings)
        unsigned = unsigned_in(choice)
        if unsigned is not None and (falls.falls_by(bookings, unsigned) or falls.rises_and_falls(bookings, unsigned)):
            return Choice(questions=[sign_by_hand(unsigned)]), None
        if rivals := _product_beside(choice, bookings):
            return Choice(questions=[amount_question(bookings, rivals)]), None
        fee = None if choice.movement is None else self._unproved_fee(bookings, choice.movement, None)
        if (
            fee is not None
            and choice.movement is not None
            and not self._counts_smallest(choice.movement.amount, bookings)
        ):
            return Choice(questions=[fee_question(bookings, choice.movement.amount, fee)]), None
        return choice, None

    def _conversion(self, bookings: Bookings) -> conversions.Conversion | None:
        originals = money.originals(self.facts, bookings.numbers, self.currencies)
        return conversions.conversion_of(bookings, self.currencies, originals)

    def _converted(self, choice: Choice, converted: conversions.Conversion | None, bookings: Bookings) -> Choice:
        """A choice between the amount in the currency of the account and that of the payment, if it is one."""
        if converted is None or choice.movement is None or choice.movement.amount not in converted.columns:
            return choice
        if converted.account is None:
            return Choice(questions=[amount_question(bookings, list(converted.columns))])
        self._take_currency(converted, converted.account)
        return replace(choice, proof=converted.why or choice.proof)

    def _take_currency(self, converted: conversions.Conversion, amount: Amounts) -> None:
        """Forget the currencies of the payments, unless the amount is theirs."""
        is_own = converted.is_in_own(amount)
        if is_own is not False:
            self.currencies.pop(converted.currency.index, None)
        self.own_currency = converted.own if is_own else None

    def _factors(self, bookings: Bookings) -> list[Amounts]:
        """The quantity and the price of which a column called amount is the product."""
        fees = [None, *(n for n in bookings.numbers if n.column.role("fee") >= 0.5)]
        for amount in bookings.numbers:
            if amount.column.role("amount", "net") < 0.5 or amount.column.role("other_number") >= 0.5:
                continue
            for fee in fees:
                factors = products.factors_of(bookings, amount, fee) if fee is not amount else ()
                # What moves in far more rows than its product is no factor of it, but has been converted in some.
                if factors and all(int(n.moves.sum()) <= 2 * int(amount.moves.sum()) for n in factors):
                    return list(factors)
        for product, *parts in products.products_of(bookings):
            if any(products.is_per_unit(n.name) for n in parts) and not products.is_per_unit(product.name):
                return parts
            # Miles at a rate are no money, whatever their product is called. But an amount at a rate is one in another currency.
            is_rated = any(n.column.role("other_number") >= NAMED for n in parts)
            if is_rated and not any(n.column.role(*MONEY) > 0 or money.in_header(n.name) for n in parts):
                return parts
        return []

    def _proved(
        self, bookings: Bookings, best: proof.Proof, proofs: list[proof.Proof], triples: list[Triple]
    ) -> Choice:
        movement = best.movement
        if best.may_be_turned or (not words_agree(movement) and any(p.is_debt_alone for p in proofs)):
            return Choice(questions=[sign_question(movement)])
        if (money_column := _money_beside(bookings, best)) is not None:
            return Choice(questions=[amount_question(bookings, [money_column, movement.amount])])
        if (money_column := self._priced(bookings, best)) is not None:
            return Choice(questions=[amount_question(bookings, [money_column, movement.amount])])
        net = next((t.net for t in triples if t.gross is movement.amount and movement.kind == "signed"), None)
        if net is not None and any(p.movement.amount is net and p.movement.kind == "signed" for p in proofs):
            movement = Movement("signed", net)
        if movement.kind == "signed" and not movement.amount.is_signed:
            signed = with_sign(bookings, movement.amount)
            if signed.movement is None or signed.movement.kind != "signed":
                return signed
        if movement.kind == "signed" and not any(t.net is movement.amount for t in triples):
            fee = self._unproved_fee(bookings, movement, best)
            if fee is not None:
                return Choice(questions=[fee_question(bookings, movement.amount, fee)])
        return Choice(movement, proof=best.says())

    def _priced(self, bookings: Bookings, best: proof.Proof) -> Amounts | None:
        """The money for goods or units whose stock walks like a balance, unless it is only in another currency."""
        if any(n.column.role("amount", "net") >= SURE_NAME for n in best.movement.columns) or self.currencies:
            return None
        found = products.priced(bookings, best.movement)
        if found is None or found.column.name == best.balance.name or found.column.role("balance", "original") >= 0.5:
            return None
        is_named = any(n.column.role("amount", "net", "in", "out") > 0 for n in best.movement.columns)
        if is_named and (found.column.role("fee", "other_number") >= NAMED or is_sales_tax(found.name)):
            return None  # a commission or a tax is a share of what moved
        return None if money.in_header(found.name) else found

    def _unproved_fee(self, bookings: Bookings, movement: Movement, best: proof.Proof | None) -> Amounts | None:
        """A column of fees that no arithmetic relates to the amount, so that nobody knows whether it is included."""
        if movement.kind == "sides" and all(n.column.role("net") >= 0.5 for n in movement.columns):
            return None
        if best is None and not movement.amount.is_signed and lists_customers(bookings):
            return None  # it is what customers paid, and the fee is the business of whoever was paid
        for number in bookings.numbers:
            if number in movement.columns or number.is_identifier or not number.moves.any():
                continue
            if (
                is_deducted(number.name)
                or number.column.role("fee") < 0.5
                or number.column.role("fee") < number.column.role("amount", "net", "gross")
            ):
                continue
            rows = number.moves & movement.amount.moves
            if best is not None and best.walk.covered[rows].any():
                continue  # the balance shows what a fee does, and the rows that no step tests are like those
            if rows.any() and not products.has_product(bookings, movement.amount, number):
                _, parts = compounds.sums_of(bookings).get(movement.amount.column.index, (number, ()))
                is_part = any(number is part for part in parts)
                if not is_part and not compounds.is_after(bookings, movement.amount, number):
                    return number  # otherwise the fee is in the amount already
        return None

    def _asks_mark(self, movement: Movement, *, is_point: bool) -> bool:
        """
        Whether the decimal mark is open, or differs between the two sides. Then a person has to tell. `is_point`: the
        balance shows that open marks are points.
        """
        numbers = sorted(movement.columns, key=lambda number: number.column.index)
        marks = {number.mark for number in numbers if number.has_decimals and number.mark}
        number = next((n for n in numbers if (n.mark is None and not is_point) or _has_leading_zeros(n)), None)
        if number is None and len(marks) > 1:
            number = numbers[0]
        if number is None:
            return False
        spec = {key: part for key, part in movement.spec()["amount"].items() if key != "decimal"}
        self.found.questions.append(mark_question(number, spec, _side_names(movement)))
        return True

    def _open_marks(self, questions: list[dict[str, Any]], bookings: Bookings) -> list[dict[str, Any]]:
        """The questions about the decimal mark of amounts whose sign is asked about, which are open as well."""
        found = []
        for question in questions if not (self.said.get("amount") or {}).get("decimal") else ():
            names = [question.get("amount", {}).get("column"), *question["columns"]]
            numbers = [n for n in bookings.numbers if n.name in names and n.mark is None]
            if question["kind"] == "sign" and numbers:
                sides = names[1:] if len(question["columns"]) == 2 else []
                found.append(mark_question(numbers[0], {} if sides else {"column": numbers[0].name}, sides))
        return found

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

    def _doubt(self, rows: list[int], bookings: Bookings) -> None:
        """Ask whether rows are no bookings, where the numbers say so and only their texts could tell."""
        if self.found.unknown_states is not None or any(q["kind"] == "skip" for q in self.found.questions):
            return
        if self.facts.joined not in (None, self.facts.count):
            return  # the rows are not all here
        places = bookings.places[rows].tolist()
        numbers = {n.column.index for n in bookings.numbers}
        for column in self.facts.columns if places else ():
            if column.index in numbers or bool(column.days.ok[places].any()):
                continue
            texts = pc.utf8_trim_whitespace(column.texts.take(bookings.places)).to_pylist()
            words = list(dict.fromkeys(column.text(place) for place in places))
            if all(words) and sum(text in words for text in texts) == len(places):
                self.found.unknown_states = column.name, tuple(words)
                question = {"column": column.name, "kind": "skip", "choices": words, "examples": words[:4]}
                self.found.questions.append(question)
                return

    def _says_less(self, rows: list[int], bookings: Bookings) -> bool:
        """Whether each of these rows has fewer cells than any other, as sums have, which are of nobody."""
        counts = self.facts.filled_cells[bookings.places]
        return 0 < len(rows) < len(counts) and int(counts[rows].max()) < int(np.delete(counts, rows).min())

    def _counts_smallest(self, number: Amounts, bookings: Bookings) -> bool:
        return names_minor_unit(number.name) or (self.by_program and self._looks_minor(number, bookings))

    def _looks_minor(self, number: Amounts, bookings: Bookings) -> bool:
        """Whether a program wrote whole numbers of some size beside a currency that has a smaller unit."""
        if number.has_decimals or number.name in self.facts.fractions:
            return False
        if self.currencies and all(money.without_decimals(codes) for codes in self.currencies.values()):
            return False
        sizes = np.abs(number.values[number.moves]) // 10**bookings.scale
        if self.currencies and len(sizes) >= MIN_UNEVEN and float((sizes % 5 != 0).mean()) > UNEVEN_SHARE:
            return True
        return len(sizes) > 0 and bool((sizes >= WHOLE_MINOR).all())

    def _currency(self, amounts: tuple[Amounts, ...], bookings: Bookings) -> None:
        found = money.currency_for(self.facts, amounts, bookings.places, self.currencies)
        if found == money.Found() and "balance" in self.found.mapping:
            code = money.in_header(self.found.mapping["balance"]["column"])
            found = found if code in (None, money.SHARED) else money.Found(value=code)
        if self.own_currency is not None and found.column is None and found.value is None:
            found = money.Found(value=self.own_currency)
        if found.column is not None:
            self.found.mapping["currency"] = {"column": found.column}
            if all(found.column != n.name for n in amounts):
                self.found.give(found.column, "currency", found.proof)
        elif found.value is not None:
            self.found.mapping["currency"] = {"value": found.value}
        else:
            self.found.mapping["currency"] = {"value": NO_CURRENCY}
            meanings = money.meanings_for(self.facts, amounts, bookings.places, self.currencies)
            self.found.questions.append(
                {"column": amounts[0].name, "columns": [], "kind": "currency", "choices": meanings, "examples": []}
            )

    def _roles_of(self, movement: Movement, why: str | None) -> None:
        if movement.kind == "sides" and movement.other is not None:
            self.found.give(movement.other.column, "debit", why)
            self.found.give(movement.amount.column, "credit", why)
            if movement.charge is not None:
                self.found.give(movement.charge.column, "fee", why)
            return
        self.found.give(movement.amount.column, "amount", why)
        if movement.other is not None:
            self.found.give(movement.other.column, "fee", why)
        if movement.sign is not None:
            self.found.give(movement.sign, "sign", why)


def _is_of_most(best: proof.Proof, bookings: Bookings) -> bool:
    """
    Whether most rows have the balance of the one account. In a report of stages, what goes in and out again leads from any
    one payment to the next.
    """
    return best.group is None and 2 * int(best.balance.valid.sum()) > bookings.count


def _multiple_of(movement: Movement, facts: Facts) -> int | None:
    """What one in the columns of an amount stands for, by their names or by one of the lines around the table."""
    named = {multiple_in(n.name) for n in movement.columns}
    if named != {None}:
        return named.pop() if len(named) == 1 else None
    said = {found for line in facts.above for cell in line.cells if (found := multiple_in(cell)) is not None}
    return said.pop() if len(said) == 1 else None


def _sides_in(bookings: Bookings, numbers: tuple[Amounts, ...]) -> Movement | None:
    """
    Two sides by their names, one of which moves in each row, among columns that add up: then these are what moved, and
    the others say what it is made of.
    """
    for number in numbers:
        sides = with_partner(bookings, number)
        if sides is not None and all(n in numbers for n in sides.columns):
            one, other = sides.columns
            if bool((one.moves ^ other.moves).all()) and one.moves.any() and other.moves.any():
                return sides
    return None


def _are_wages(total: Amounts, net: Amounts, parts: tuple[Amounts, ...]) -> bool:
    """Whether taxes and the like are taken off a gross amount that stands first, and what is left stands last."""
    is_first = total.column.index < min(n.column.index for n in parts)
    return len(parts) > 2 and is_first and net is max(parts, key=lambda n: n.column.index)


def _size(number: Amounts) -> int:
    return int(np.abs(number.values).sum())


def _left_by_fees(total: Amounts, parts: tuple[Amounts, ...]) -> Amounts | None:
    """The column of what fees leave of a total before them, or of what has been paid of it, if names say so of the others."""
    left = max(parts, key=_size)
    others = [n for n in parts if n is not left]
    if _size(left) >= _size(total):
        return None  # fees with a minus are taken off it
    is_fee = any(n.column.role("fee") >= NAMED for n in others) and left.column.role("fee", "other_number") < NAMED
    is_paid = any(n.column.role("balance") >= NAMED for n in others) and left.column.role("in", "out", "net") >= NAMED
    return left if total.column.index < left.column.index and (is_fee or is_paid) else None


def _may_be_whole(total: Amounts, parts: tuple[Amounts, ...]) -> bool:
    """Whether a column of no known name before its parts may be what all deductions are taken from, as that of wages is."""
    is_first = total.column.index < min(n.column.index for n in parts)
    is_gross = total.column.role("gross") >= NAMED and not any(n.column.role("net") >= NAMED for n in parts)
    return is_first and (is_gross or total.column.role("amount", "gross", "net", "in", "out") < NAMED)


def _unknown_sides_in(parts: tuple[Amounts, ...]) -> list[Amounts]:
    """Two of the columns that add up to a total of which exactly one moves in each row, as money out and in do."""
    for one, other in combinations(parts, 2):
        if min(int(one.moves.sum()), int(other.moves.sum())) and bool((one.moves ^ other.moves).all()):
            return [one, other]
    return []


def _product_beside(choice: Choice, bookings: Bookings) -> list[Amounts]:
    """The chosen amount and a product that may be meant instead, such as a price and what all pieces cost together."""
    if choice.movement is None or choice.movement.kind == "sides":
        return []
    amount = choice.movement.amount
    found = products.products_of(bookings)
    if any(amount is product for product, *_ in found):
        return []
    for product, *factors in found:
        # An amount with signs times a rate is the same amount in another currency.
        is_price = amount in factors and not (amount.is_signed and all(n.has_decimals for n in factors))
        if is_price or (amount not in factors and amount.column.role("amount", "net") < SURE_NAME):
            return [amount, product]
    return []


def _side_names(movement: Movement) -> list[str]:
    """Debit and credit, in this order, if the amount has two sides."""
    if movement.kind != "sides" or movement.other is None:
        return []
    return [movement.other.name, movement.amount.name]


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


def _no_amount() -> dict[str, Any]:
    return {"column": None, "columns": [], "kind": "amount_column", "choices": [], "examples": []}
