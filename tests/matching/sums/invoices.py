"""Books of invoices of few prices, and payments for one or several of them that seldom say which."""

import random
from dataclasses import dataclass

from matching.sums import naming
from matching.sums.find import CONFIRMED_ERROR, prefix
from matching.sums.solve import Group, Options, Solver
from tests.matching.sums.test_solve import Row, rows

Truth = set[tuple[tuple[int, ...], tuple[int, ...]]]


@dataclass(frozen=True)
class Shape:
    """What books are like."""

    prices: tuple[int, ...] = (2_990, 4_900, 7_900, 9_900, 14_900, 19_900, 24_900)
    own: int = 0  # prices of each party; 0: it buys at any
    parties: int = 24
    invoices: int = 700
    named: float = 0.35  # share of payments that say what they are for
    most: int = 4  # invoices of a payment
    late: int = 14  # days
    unpaid: float = 0.0
    unknown: float = 0.0  # payments for what is not in the books, as a share of all invoices


@dataclass(frozen=True)
class Books:
    """Invoices, payments, and which belong together."""

    invoices: list[Row]
    payments: list[Row]
    truth: Truth


def books(shape: Shape, seed: int) -> Books:
    """Books of a year. Whoever pays several invoices pays those that are due first."""
    chance = random.Random(seed)
    names = [f"{chance.choice('BDFGKLMNPRSTVWZ')}{n:02}orvik Ltd" for n in range(shape.parties)]
    own = {name: chance.sample(shape.prices, shape.own) if shape.own else shape.prices for name in names}
    invoices: list[Row] = []
    for n in range(shape.invoices):
        name = chance.choice(names)
        invoices.append((chance.choice(own[name]), chance.randrange(360), f"R{70_000 + 7 * n}", name))
    payments: list[Row] = []
    truth: Truth = set()

    def pay(amount: int, day: int, text: str, paid: tuple[int, ...]) -> None:
        truth.update({(paid, (len(payments),))} if paid else ())
        payments.append((amount, day, "", text))

    for name in names:
        due = sorted((n for n, row in enumerate(invoices) if row[3] == name), key=lambda n: invoices[n][1])
        for _ in range(round(shape.unknown * len(due))):
            pay(chance.choice(own[name]), chance.randrange(360), name.upper(), ())
        while due:
            size = chance.choice((*(1,) * 8, *range(2, shape.most + 1)))
            some, due = due[:size], due[size:]
            if chance.random() < shape.unpaid:
                continue
            day = max(invoices[n][1] for n in some) + chance.randint(0, shape.late)
            said = [invoices[n][2] for n in some] if chance.random() < shape.named else []
            pay(sum(invoices[n][0] for n in some), day, " ".join([name.upper(), *said]), tuple(sorted(some)))
    return Books(invoices, payments, truth)


def confirmed(given: Books) -> list[Group]:
    """The groups that are sure enough to be confirmed."""
    left, right = rows(given.invoices), rows(given.payments)
    read = naming.read(left.reference, left.party, (right.party, right.party))
    found = sorted(Solver(left, right, read, Options()).solve(), key=lambda group: group.error_at_most)
    return found[: prefix([group.error_at_most for group in found], CONFIRMED_ERROR)]


def wrong(given: Books, found: list[Group]) -> list[Group]:
    """The groups that have rows which do not belong to all others."""
    partners = {pair for a, b in given.truth for row in a for pair in ((row, line) for line in b)}
    return [group for group in found if any((row, line) not in partners for row in group.a for line in group.b)]
