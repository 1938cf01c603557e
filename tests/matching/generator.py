"""Generated books for tests: a ledger and a bank statement with known partners."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

WORDS = (
    "acme",
    "borea",
    "cobalt",
    "delta",
    "ember",
    "fjord",
    "granit",
    "hafen",
    "indigo",
    "juno",
    "kestrel",
    "lumen",
    "maris",
    "nova",
)
FORMS = ("GmbH", "Ltd", "BV", "AG", "SARL", "Inc")


@dataclass(frozen=True)
class Books:
    """Two tables, and which rows on the left belong to which rows on the right."""

    left: pa.Table
    right: pa.Table
    truth: set[tuple[int, int]]


def books(
    rows: int = 20_000,
    seed: int = 1,
    *,
    unpaid: float = 0.05,
    unknown: float = 0.05,
    named: float = 2 / 3,
    german: bool = False,
    negated: bool = False,
) -> Books:
    """
    Payments arrive 0 to 5 days later; a share `named` of the memos contains the reference; names are cut off and in
    capitals.
    """
    chance = random.Random(seed)
    start = date(2026, 1, 1)
    left, payments = [], []
    for number in range(rows):
        name = f"{chance.choice(WORDS)} {chance.choice(WORDS)} {chance.choice(FORMS)}".title()
        day = start + timedelta(days=chance.randrange(180))
        amount = (
            chance.choice(("19.90", "49.00", "120.00", "999.00"))
            if chance.random() < 0.1
            else f"{chance.lognormvariate(5, 1):.2f}"
        )
        reference = f"RE{2026000000 + number * 7}"
        left.append((reference, name, day.isoformat(), amount))
        if chance.random() < unpaid:
            continue
        paid = day + timedelta(days=chance.randint(0, 5))
        payer = name.upper() if chance.random() < 0.5 else name
        payer = payer[: chance.randint(6, 14)] if chance.random() < 0.4 else payer
        memo = f"payment {reference}" if chance.random() < named else "transfer"
        payments.append((number, payer, paid, amount, memo))
    for _ in range(int(rows * unknown)):
        day = start + timedelta(days=chance.randrange(185))
        payments.append(
            (None, f"Private {chance.randrange(500)}", day, f"{chance.lognormvariate(5, 1):.2f}", "transfer")
        )
    chance.shuffle(payments)
    truth = {(p[0], row) for row, p in enumerate(payments) if p[0] is not None}

    def money(text: str) -> str:
        text = text.replace(".", ",") if german else text
        return f"-{text}" if negated else text

    def day_text(day: date) -> str:
        return f"{day:%d.%m.%Y}" if german else day.isoformat()

    names = (
        ("invoice", "customer", "booked", "amount") if not german else ("Rechnung", "Kunde", "Buchungstag", "Betrag")
    )
    right_names = ("payer", "value_date", "credit", "memo") if not german else ("Zahler", "Valuta", "Umsatz", "Zweck")
    return Books(
        pa.table({n: pa.array([r[i] for r in left], pa.string()) for i, n in enumerate(names)}),
        pa.table(
            {
                right_names[0]: pa.array([p[1] for p in payments], pa.string()),
                right_names[1]: pa.array([day_text(p[2]) for p in payments], pa.string()),
                right_names[2]: pa.array([money(p[3]) for p in payments], pa.string()),
                right_names[3]: pa.array([p[4] for p in payments], pa.string()),
            }
        ),
        truth,
    )
