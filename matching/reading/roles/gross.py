"""Which of gross, fee and net is the amount that moved."""

from dataclasses import replace

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.bills import are_bills
from matching.reading.roles.choice import Choice, amount_question, sign_question
from matching.reading.roles.compounds import sums_of
from matching.reading.roles.found import Understanding
from matching.reading.roles.movements import are_sides, pairs_of_sides, with_partner
from matching.reading.roles.signs import with_sign
from matching.reading.roles.taxes import is_added
from matching.reading.roles.triples import Triple
from matching.reading.roles.words import is_sales_tax, says

NAMED = 0.5  # of a column's name that must say what it is


def net_of_triples(bookings: Bookings, triples: list[Triple], found: Understanding) -> Choice:
    """The net amount of gross and fee, unless there are several or the names contradict."""
    grosses = {t.gross.column.index for t in triples}
    last = [t for t in triples if t.net.column.index not in grosses]
    nets = {t.net.column.index: t for t in last or triples}
    best = max(nets.values(), key=lambda t: t.net.column.role("net", "amount") - t.net.column.role("balance"))
    if len(nets) == 1 and (further := _left_of(bookings, best)) is not None:
        total, parts = further
        if total.column.role("net", "amount") >= NAMED or any(n.column.role("fee") >= NAMED for n in parts):
            return replace(with_sign(bookings, total), proof=f"{len(parts)} columns add up to {total.name} in all rows")
        return Choice(questions=[amount_question(bookings, [total, *parts])])
    # Of the same amount twice, what is left of the one by a charge is the other one less it.
    is_charge = best.is_charge and len(triples) == 1
    if not best.is_named and not is_charge:
        if (settled := _settled(bookings, best)) is not None:
            return replace(_of_sides(bookings, settled), proof=best.says())
        # What is paid has the tax in it, whichever way round the three were found.
        whole, part = sorted((best.gross, best.net), key=_size, reverse=True)
        is_tax = is_sales_tax(best.fee.name) or is_added(bookings, part, best.fee, whole)
        if is_tax or says("total", best.gross.name) or best.fee.column.role("other_number") >= 0.5:
            if not is_tax and (not _has_tax(whole, best.fee, part) or _may_be_withheld(whole, best.fee, part)):
                return Choice(questions=[amount_question(bookings, [part, whole])])
            return replace(_of_bills(_of_sides(bookings, whole)), proof=best.says())
        return Choice(questions=[amount_question(bookings, [best.gross, best.net, best.fee])])
    if len(nets) > 1 or best.net.column.role("balance", "gross", "fee", "other_number") >= 0.5:
        return Choice(questions=[amount_question(bookings, [best.net, best.gross, *(t.net for t in nets.values())])])
    partner = with_partner(bookings, best.net)
    if partner is None and (others := _other_sides(bookings, best)):
        return Choice(questions=[amount_question(bookings, [best.net, *others])])
    choice = Choice(partner) if partner is not None else _of_sides(bookings, best.net)
    found.give(best.gross.column, "gross", best.says())
    found.give(best.fee.column, "fee", best.says())
    return replace(choice, proof=best.says())


def _left_of(bookings: Bookings, triple: Triple) -> tuple[Amounts, tuple[Amounts, ...]] | None:
    """The column that is left of what three columns lead to, such as sales with postage, when more is taken off it."""
    mine = (triple.gross, triple.fee, triple.net)
    made = (max(mine, key=_size), triple.net if triple.adds_fee else triple.gross)  # of the two others
    for total, parts in sums_of(bookings).values():
        largest = max(parts, key=_size)
        others = [n for n in parts if n is not largest]
        inside = [n for n in parts if n in mine]
        is_whole = inside == [largest] or (len(inside) == 2 and any(n not in inside for n in made))
        if total not in mine and is_whole and len(inside) < len(parts):
            return total, parts
        is_left = total in mine and not any(n in mine for n in parts)
        if is_left and all(n.column.role("fee") >= NAMED for n in others):
            return largest, (total, *others)
    return None


def _of_bills(choice: Choice) -> Choice:
    """A choice among bills, of which those that come in are paid: the way of a document is asked about, and is no sign."""
    movement = choice.movement
    if movement is None or movement.kind != "sign":
        return choice
    is_way = any(says("way", value, whole=True) for value in movement.negative | movement.positive)
    return Choice(questions=[sign_question(movement)]) if is_way else choice


def _size(number: Amounts) -> int:
    return int(np.abs(number.values).sum())


def _of_sides(bookings: Bookings, number: Amounts) -> Choice:
    """An amount, or the two sides of it by their names, one of which repeats it in each row: these say its sign."""
    for one, other in pairs_of_sides([n for n in bookings.numbers if n is not number and n.moves.any()]):
        repeats = np.abs(one.values) + np.abs(other.values) == np.abs(number.values)
        if bool(repeats.all()) and (sides := with_partner(bookings, one)) is not None and other in sides.columns:
            return Choice(sides)
    return with_sign(bookings, number)


def _settled(bookings: Bookings, triple: Triple) -> Amounts | None:
    """What bills come to, if two columns say how much of each has been paid and how much is still open."""
    whole, *parts = sorted((triple.gross, triple.fee, triple.net), key=_size, reverse=True)
    is_all = [int((n.moves & (n.values == whole.values)).sum()) for n in parts]
    if 0 in is_all or 2 * sum(is_all) < int(whole.moves.sum()) or any(n.column.role("in", "out") >= 1 for n in parts):
        return None
    return whole if are_bills(bookings) else None


def _other_sides(bookings: Bookings, triple: Triple) -> list[Amounts]:
    """The columns that move only where the net amount does not, so that they may be the other side of it."""
    mine = (triple.gross, triple.fee, triple.net)
    return [
        n
        for n in bookings.numbers
        if n not in mine
        and n.has_decimals
        and n.moves.any()
        and are_sides(n, triple.net)
        and n.column.role("fee", "balance", "original", "other_number") < 0.5
    ]


def _has_tax(whole: Amounts, between: Amounts, part: Amounts) -> bool:
    """Whether two amounts differ by a tax, and not by a discount or what is unpaid: the whole stands last, or names say it."""
    named = whole.column.role("gross") >= 0.5 or part.column.role("net") >= 0.5
    named = named or (says("total", whole.name) and between.column.role("other_number") >= 0.5)
    return named or whole.column.index > part.column.index


def _may_be_withheld(whole: Amounts, between: Amounts, part: Amounts) -> bool:
    """Whether a tax may be taken off before somebody is paid, as off wages and dividends: what is left stands last."""
    is_last = whole.column.index < between.column.index < part.column.index
    return is_last and part.column.role("net") >= NAMED and not is_sales_tax(between.name)
