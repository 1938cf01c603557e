"""
The books of the demo: what a trading company invoiced in March, and the bank statement that pays it.

Nearly all of it matches by itself. Six cases are left for the reader of docs/tour.md, the same ones for any number of
rows: a payment that came twice, a fee, a payment in two parts, a typo, an invoice that nobody has paid, and three
invoices paid at once.
"""

import random
from datetime import date, timedelta
from typing import NamedTuple

from server.demo import data


class Invoice(NamedTuple):
    """A row of the ledger."""

    number: str
    customer: str
    day: date
    amount: str


class Payment(NamedTuple):
    """A row of the bank statement."""

    day: date
    payer: str
    memo: str
    amount: str


def _march(day: int) -> date:
    return date(2026, 3, day)


INVOICES = (
    Invoice("INV-100001", "Fjord Optics Turku Oy", _march(2), "640.00"),
    Invoice("INV-100002", "Kestrel Garden Leeds Ltd", _march(2), "860.00"),
    Invoice("INV-100003", "Lumen Energy Basel AG", _march(2), "2400.00"),
    Invoice("INV-100004", "Granite Printing Turin SpA", _march(3), "1275.30"),
    Invoice("INV-100005", "Borealis Foods Gent BV", _march(3), "312.40"),
    Invoice("INV-100006", "Borealis Foods Gent BV", _march(4), "189.90"),
    Invoice("INV-100007", "Borealis Foods Gent BV", _march(5), "447.10"),
    Invoice("INV-100008", "Fjord Optics Espoo Oy", _march(9), "640.00"),
)
PAYMENTS = (
    # It came twice. A sister company has not paid INV-100008, which has the same amount, so the engine offers the second
    # payment there. A person sees that it is another customer's and names another invoice.
    Payment(_march(5), "Fjord Optics Turku Oy", "INV-100001", "640.00"),
    Payment(_march(12), "Fjord Optics Turku Oy", "INV-100001", "640.00"),
    # A card processor passed on what the customer had paid, less its fee.
    Payment(_march(5), "Example Cards Ltd", "INV-100002 less fee 2.5 %", "838.50"),
    # Paid in two parts. The second one names no invoice.
    Payment(_march(9), "Lumen Energy Basel AG", "INV-100003 part 1 of 2", "1500.00"),
    Payment(_march(23), "Lumen Energy Basel AG", "part 2 of 2", "900.00"),
    # Two digits changed places: there is no INV-100040.
    Payment(_march(9), "GRANITE PRINTING TORINO", "INV-100040", "1275.30"),
    # Three invoices at once, none of them named.
    Payment(_march(11), "Borealis Foods Gent BV", "deliveries of 3 to 5 March", "949.40"),
)
FIRST_NUMBER = 100101  # of the other invoices
DAYS = 26  # in which the other invoices were written, from 2 March on
WITHOUT_NUMBER = 0.1  # share of the other payments that name no invoice; each is found by its amount and customer
MEMOS = ("Payment {}", "{} thank you", "{}", "your invoice {}")


def books(rows: int, seed: int = 7) -> tuple[bytes, bytes]:
    """The ledger and the statement as CSV, with `rows` rows each besides the story. The same seed gives the same bytes."""
    chance = random.Random(seed)  # noqa: S311 - example data, not a secret
    customers = data.customers(chance)
    invoices, payments = list(INVOICES), list(PAYMENTS)
    # An amount that occurs often would not be certain enough to be confirmed without a number.
    taken = {*data.ROUND_AMOUNTS, *(row.amount for row in (*INVOICES, *PAYMENTS))}
    for number in range(rows):
        day = _march(2) + timedelta(days=number * DAYS // rows)
        invoice = Invoice(f"INV-{FIRST_NUMBER + number}", chance.choice(customers), day, data.amount(chance))
        memo = chance.choice(MEMOS).format(invoice.number)
        if chance.random() < WITHOUT_NUMBER:
            invoice = invoice._replace(amount=_not_in(taken, invoice.amount))
            memo = "invoice"
        payer = invoice.customer.upper() if chance.random() < 0.5 else invoice.customer
        paid_on = day + timedelta(days=chance.choice((0, 1, 1, 2, 2, 3, 4, 5)))
        invoices.append(invoice)
        payments.append(Payment(paid_on, payer, memo, invoice.amount))
    invoices.sort(key=lambda invoice: (invoice.day, invoice.number))
    chance.shuffle(payments)
    payments.sort(key=lambda payment: payment.day)
    return _ledger(invoices), _statement(payments)


def _not_in(taken: set[str], amount: str) -> str:
    """This amount or the next higher one that no other payment without a number has. From now on it is taken."""
    cents = int(amount.replace(".", ""))
    while (found := f"{cents // 100}.{cents % 100:02}") in taken:
        cents += 1
    taken.add(found)
    return found


def _ledger(invoices: list[Invoice]) -> bytes:
    rows = ((one.number, one.customer, one.day.isoformat(), one.amount, "EUR") for one in invoices)
    return data.as_csv(("invoice_no", "customer", "booked_on", "amount", "currency"), rows)


def _statement(payments: list[Payment]) -> bytes:
    rows = ((f"{one.day:%d.%m.%Y}", one.payer, one.memo, data.german(one.amount), "EUR") for one in payments)
    return data.as_csv(("value_date", "payer", "memo", "credit", "ccy"), rows, delimiter=";")
