"""
Generated books of a trading company: a ledger of invoices and the bank statement that pays them.

The demo's books are in story.py. These have more that does not match, for benchmarks and tests.

They are realistic where it matters for matching: payments arrive 0 to 5 days later, many memos name the invoice,
payers' names are cut off or in capitals, amounts repeat, some invoices are unpaid and some payments have no invoice.
"""

import csv
import io
import random
from collections.abc import Iterator
from datetime import date, timedelta

FIRST = (
    "Acme",
    "Borealis",
    "Cobalt",
    "Delta",
    "Ember",
    "Fjord",
    "Granite",
    "Harbour",
    "Indigo",
    "Juniper",
    "Kestrel",
    "Lumen",
)
SECOND = (
    "Trading",
    "Logistics",
    "Foods",
    "Textiles",
    "Energy",
    "Optics",
    "Printing",
    "Marine",
    "Tools",
    "Garden",
    "Paper",
)
FORMS = ("GmbH", "Ltd", "BV", "AG", "SARL", "Inc", "Oy", "SpA")
PLACES = (
    "Hamburg",
    "Lyon",
    "Leeds",
    "Gent",
    "Turin",
    "Porto",
    "Graz",
    "Aarhus",
    "Malmo",
    "Cork",
    "Bergen",
    "Utrecht",
    "Basel",
)
START = date(2026, 1, 2)
UNPAID = 0.03
UNKNOWN_PAYMENTS = 0.02
ROUND_AMOUNTS = ("19.90", "49.00", "99.00", "120.00", "250.00", "1200.00")


def books(rows: int, seed: int = 7) -> tuple[bytes, bytes]:
    """The ledger and the bank statement as CSV, each with about `rows` rows. The same seed gives the same bytes."""
    chance = random.Random(seed)  # noqa: S311 - example data, not a secret
    names = customers(chance)
    invoices = [_invoice(chance, number, names) for number in range(rows)]
    payments = [_payment(chance, invoice) for invoice in invoices if chance.random() >= UNPAID]
    payments += [_unknown(chance) for _ in range(int(rows * UNKNOWN_PAYMENTS))]
    chance.shuffle(payments)
    payments.sort(key=lambda payment: payment[0])
    ledger = as_csv(("invoice_no", "customer", "booked_on", "amount", "currency"), iter(invoices))
    numbered = ((f"{day:%d.%m.%Y}", payee, memo, amount, "EUR") for day, payee, memo, amount in payments)
    bank = as_csv(("value_date", "payer", "memo", "credit", "ccy"), numbered, delimiter=";")
    return ledger, bank


def customers(chance: random.Random) -> list[str]:
    """The names of the customers, in random order."""
    found = [f"{a} {b} {place} {chance.choice(FORMS)}" for a in FIRST for b in SECOND for place in PLACES]
    chance.shuffle(found)
    return found


def amount(chance: random.Random) -> str:
    """What an invoice comes to. Some amounts are round, so they occur many times."""
    return chance.choice(ROUND_AMOUNTS) if chance.random() < 0.12 else f"{chance.lognormvariate(5.5, 1.2):.2f}"


def _invoice(chance: random.Random, number: int, names: list[str]) -> tuple[str, str, str, str, str]:
    day = START + timedelta(days=int(number / 450) % 300)
    comes_to = amount(chance)
    return (f"INV-{100000 + number}", chance.choice(names), day.isoformat(), comes_to, "EUR")


def _payment(chance: random.Random, invoice: tuple[str, str, str, str, str]) -> tuple[date, str, str, str]:
    number, customer, booked, amount, _ = invoice
    day = date.fromisoformat(booked) + timedelta(days=chance.choice((0, 1, 1, 2, 2, 3, 4, 5)))
    payer = customer.upper() if chance.random() < 0.5 else customer
    payer = payer[: chance.randint(10, 24)].rstrip() if chance.random() < 0.4 else payer
    memo = (
        f"Payment {number}" if chance.random() < 0.4 else f"{number} thank you" if chance.random() < 0.45 else "invoice"
    )
    return (day, payer, memo, german(amount))


def _unknown(chance: random.Random) -> tuple[date, str, str, str]:
    day = START + timedelta(days=chance.randint(0, 90))
    return (day, f"Private payer {chance.randint(1, 400)}", "refund", german(f"{chance.uniform(5, 900):.2f}"))


def german(number: str) -> str:
    """An amount as it is written in Germany: 1.275,30."""
    whole, _, cents = number.partition(".")
    return f"{int(whole):,}".replace(",", ".") + f",{cents}"


def as_csv(header: tuple[str, ...], rows: Iterator[tuple[str, ...]], delimiter: str = ",") -> bytes:
    """The rows as a CSV file in UTF-8."""
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return sink.getvalue().encode()
