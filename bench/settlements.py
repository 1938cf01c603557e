"""
A generated ledger and bank statement with batches, fees, parts, refunds, reserves, reversals and duplicates.

Amounts come from price lists and from a long tail, names are cut off, references follow no order, and what is rounded is
rounded for each part. So nothing that a public set has can be learned by heart from it.
"""

import csv
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

FIRST = (
    "Anna",
    "Bruno",
    "Clara",
    "Dario",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaya",
    "Luca",
    "Mira",
    "Noor",
)
LAST = (
    "Albrecht",
    "Brandt",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fontana",
    "Gruber",
    "Haddad",
    "Ivanov",
    "Jansen",
    "Keller",
)
FORMS = ("GmbH", "Ltd", "AG", "BV", "SARL", "Trading", "Logistics", "Holding")
PRICES = (990, 1490, 1990, 2900, 4900, 4990, 7900, 9900, 12000, 19900, 24900, 49000)
PERCENT, FIXED, RESERVE = 290, 30, 500  # hundredths of a percent, cents, hundredths of a percent
NAME_LIMIT = 18  # characters of a name that the bank keeps


@dataclass
class Settlements:
    """Both tables, by row, and which rows belong together: kind, rows on the left and rows on the right."""

    ledger: list[tuple[str, ...]] = field(default_factory=list)  # date, amount, party, reference, memo
    bank: list[tuple[str, ...]] = field(default_factory=list)  # date, amount, memo
    truth: list[tuple[str, frozenset[int], frozenset[int]]] = field(default_factory=list)


def settlements(groups: int, seed: int, parties: int = 900) -> Settlements:
    """So many groups. The rows are shuffled."""
    made = _Maker(random.Random(seed), parties)
    for kind in made.chance.choices(*zip(*_KINDS.items(), strict=True), k=groups):  # type: ignore[arg-type]  # names and weights
        getattr(made, f"_{kind}")()
    made.strangers(groups // 20)
    return made.shuffled()


def write(found: Settlements, folder: Path) -> None:
    """Write the two tables as left.csv and right.csv."""
    headers = (("Date", "Amount", "Customer", "Document", "Text"), ("Value date", "Amount", "Purpose"))
    for name, header, rows in zip(("left", "right"), headers, (found.ledger, found.bank), strict=True):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])


_KINDS = {
    "single": 50,
    "single_fee": 9,
    "batch": 8,
    "batch_fee": 7,
    "refund": 3,
    "reserve": 3,
    "parts": 7,
    "reversal": 4,
    "twice": 3,
}


class _Maker:
    def __init__(self, chance: random.Random, parties: int) -> None:
        self.chance = chance
        self.names = [
            f"{chance.choice(FIRST)} {chance.choice(LAST)} {chance.choice(FORMS)} {chance.choice('ABCDEFGHKLMNPRST')}{n}"
            if n % 3
            else f"{chance.choice(LAST)} & {chance.choice(LAST)} {chance.choice(FORMS)}"
            for n in range(parties)
        ]
        self.made = Settlements()
        self.start = date(2025, 1, 6)

    # -- rows -------------------------------------------------------------------------------------------------------------

    def _amount(self) -> int:
        if self.chance.random() < 0.3:
            return self.chance.choice(PRICES)
        return max(150, round(self.chance.lognormvariate(9.2, 1.1)))

    def _day(self) -> date:
        return self.start + timedelta(days=self.chance.randrange(240))

    def _entry(self, day: date, amount: int, party: str, reference: str | None = None, memo: str = "") -> int:
        reference = reference or f"{self.chance.choice('ABCD')}{self.chance.randrange(100_000, 999_999)}/25"
        self.made.ledger.append((day.isoformat(), _money(amount), party, reference, memo or f"Invoice {reference}"))
        return len(self.made.ledger) - 1

    def _line(self, day: date, amount: int, memo: str) -> int:
        self.made.bank.append((day.isoformat(), _money(amount), memo))
        return len(self.made.bank) - 1

    def _group(self, kind: str, ledger: list[int], bank: list[int]) -> None:
        self.made.truth.append((kind, frozenset(ledger), frozenset(bank)))

    def _cut(self, name: str) -> str:
        return name[:NAME_LIMIT].strip() if self.chance.random() < 0.5 else name

    def _memo(self, party: str, rows: list[int], *, named: float = 0.4, who: str | None = None) -> str:
        """The party, and in some memos the references of up to three rows."""
        some = rows[:3] if self.chance.random() < named else []
        return " ".join([who or self._cut(party), *(self.made.ledger[row][3] for row in some)])

    # -- kinds ------------------------------------------------------------------------------------------------------------

    def _single(self, kind: str = "single", fee: bool = False) -> None:
        party, day, amount = self.chance.choice(self.names), self._day(), self._amount()
        row = self._entry(day, amount, party)
        paid = amount - (_fee([amount]) if fee else 0)
        line = self._line(day + timedelta(days=self.chance.randint(0, 4)), paid, self._memo(party, [row]))
        self._group(kind, [row], [line])

    def _single_fee(self) -> None:
        self._single("single_fee", fee=True)

    def _batch(self, kind: str = "batch", *, fee: bool = False, refund: bool = False, reserve: bool = False) -> None:
        day, parts = self._day(), self.chance.randint(2, 7)
        party = self.chance.choice(self.names)
        is_payout = self.chance.random() < 0.35
        amounts = [self._amount() for _ in range(parts)]
        if refund:
            amounts.append(-self.chance.choice(amounts) // 2)
        # A payout is for the sales of a week to anybody.
        rows = [
            self._entry(
                day + timedelta(days=self.chance.randint(0, 6 if is_payout else 2)),
                amount,
                self.chance.choice(self.names) if is_payout else party,
                memo="Refund" if amount < 0 else "",
            )
            for amount in amounts
        ]
        paid = sum(amounts) - (_fee(amounts) if fee else 0) - (_percent(sum(amounts), RESERVE) if reserve else 0)
        who = "CARDPAY PAYOUT" if is_payout else None
        last = date.fromisoformat(max(self.made.ledger[row][0] for row in rows))
        line = self._line(
            last + timedelta(days=self.chance.randint(1, 3)), paid, self._memo(party, rows, named=0.6, who=who)
        )
        self._group(kind, rows, [line])

    def _batch_fee(self) -> None:
        self._batch("batch_fee", fee=True)

    def _refund(self) -> None:
        self._batch("refund", fee=True, refund=True)

    def _reserve(self) -> None:
        self._batch("reserve", fee=True, reserve=True)

    def _parts(self) -> None:
        party, day, amount = self.chance.choice(self.names), self._day(), max(self._amount(), 5000)
        row = self._entry(day, amount, party)
        cuts = sorted(self.chance.sample(range(100, amount - 100), self.chance.randint(1, 2)))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, amount], strict=True)]
        lines = []
        for size in sizes:
            day += timedelta(days=self.chance.randint(1, 5))
            lines.append(self._line(day, size, self._memo(party, [row], named=0.75)))
        self._group("parts", [row], lines)

    def _reversal(self) -> None:
        party, day, amount = self.chance.choice(self.names), self._day(), self._amount()
        row = self._entry(day, amount, party)
        back = self._entry(
            day + timedelta(days=self.chance.randint(0, 5)), -amount, party, self.made.ledger[row][3], "Reversal"
        )
        self._group("reversal", [row, back], [])

    def _twice(self) -> None:
        party, day, amount = self.chance.choice(self.names), self._day(), self._amount()
        row = self._entry(day, amount, party)
        paid = day + timedelta(days=self.chance.randint(0, 4))
        memo = self._memo(party, [row], named=0.7)
        self._group("twice", [row], [self._line(paid, amount, memo), self._line(paid, amount, memo)])

    def strangers(self, count: int) -> None:
        """Rows that belong to nothing: unpaid invoices, interest, card fees."""
        for _ in range(count):
            self._entry(self._day(), self._amount(), self.chance.choice(self.names))
            self._line(
                self._day(), -self.chance.randrange(100, 3000), self.chance.choice(("INTEREST", "ACCOUNT FEE", "CASH"))
            )

    def shuffled(self) -> Settlements:
        """The same with the rows in another order."""
        made, places = self.made, []
        sides: list[list[tuple[str, ...]]] = []
        for rows in (made.ledger, made.bank):
            order = self.chance.sample(range(len(rows)), len(rows))
            places.append({old: new for new, old in enumerate(order)})
            sides.append([rows[old] for old in order])
        truth = [
            (kind, frozenset(places[0][n] for n in a), frozenset(places[1][n] for n in b)) for kind, a, b in made.truth
        ]
        return Settlements(sides[0], sides[1], truth)


def _percent(amount: int, hundredths: int) -> int:
    return (2 * amount * hundredths + 10_000) // 20_000


def _fee(amounts: list[int]) -> int:
    return sum(_percent(amount, PERCENT) + FIXED for amount in amounts if amount > 0)


def _money(amount: int) -> str:
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"
