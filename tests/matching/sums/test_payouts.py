"""Payouts: payments of all rows of a branch since the last one, less fees, that no row names."""

import random
from collections import defaultdict
from datetime import date, timedelta

import pyarrow as pa
import pytest
from pydantic import ValidationError

from matching import engine
from matching.groups import Budget
from matching.plan import PayoutsPass, Plan
from matching.sentences import sentences_of
from matching.suggest import suggest
from matching.sums.fees import Fee
from matching.sums.find import CONFIRMED_ERROR, prefix
from matching.sums.payouts import Solver
from matching.sums.rows import Rows
from matching.sums.schedules import Book, learn, tied_by_chance
from tests.matching.sums import invoices
from tests.matching.sums.invoices import Shape
from tests.matching.sums.test_solve import rows

pytestmark = pytest.mark.integration

FIRST = date(2025, 3, 3)  # a Monday
FEES = {"debit": 80, "credit": 165}  # hundredths of a percent
SHOPS = {"Harbour": "ACQUIRER 88123 HRB", "Old Mill": "ACQUIRER 90417"}

Groups = dict[int, list[int]]


def half_up(value: int) -> int:
    return (value + 5_000) // 10_000


def books(days: int = 84, late: float = 0.0, seed: int = 4) -> tuple[list[tuple], list[tuple], Groups]:
    """Sales a day by shop and kind of card, payments on the next working day, and which sales each of these pays."""
    chance = random.Random(seed)
    sales, payments, truth = [], [], {}
    for shop, text in SHOPS.items():
        waiting: list[int] = []
        coming: list[int] = []
        for n in range(days):
            for kind in FEES:
                for _ in range(chance.randrange(3)):
                    sales.append((chance.randrange(1_000, 90_000), n, shop, kind))
                    (coming if late and chance.random() < late else waiting).append(len(sales) - 1)
            if n % 7 not in (4, 5) and waiting:  # what is sold from Friday to Sunday is paid on Monday
                net = sum(sales[k][0] - half_up(sales[k][0] * FEES[sales[k][3]]) for k in waiting)
                truth[len(payments)] = waiting
                payments.append((net, n + 1, f"{text} {chance.randrange(10**6):06d}", ""))
                waiting, coming = coming, []
    for _ in range(40):
        payments.append(
            (chance.randrange(1_000, 90_000), chance.randrange(days), f"TRANSFER {chance.randrange(999)}", "")
        )
    return sales, payments, truth


def as_rows(given: list[tuple]) -> Rows:
    return rows([(amount, (FIRST - date(1970, 1, 1)).days + day, by, kind) for amount, day, by, kind in given])


def solved(sales: list[tuple], payments: list[tuple]):
    book = Book(as_rows(sales), as_rows(payments), 100)
    learned = learn(book, lambda: None)
    return book, learned, Solver(book, learned, Budget()).solve()


def test_fees_by_kind_and_who_pays_which_shop_are_learned_from_amounts_alone():
    sales, payments, truth = books()

    book, learned, found = solved(sales, payments)

    kinds = {int(book.kind[n]): sales[n][3] for n in range(len(sales))}
    assert {(kinds[kind], fee) for one in learned for kind, fee in one.fees.items()} == {
        (kind, Fee(percent, rounded_by_part=True)) for kind, percent in FEES.items()
    }
    assert {one.line: sorted(one.rows) for one in found if one.error < 0.01} == truth


def test_a_sale_that_comes_late_is_missing_from_its_payout_and_found_in_the_next():
    sales, payments, truth = books(late=0.05)

    _, _, found = solved(sales, payments)

    right = [one for one in found if sorted(one.rows) == sorted(truth.get(one.line, ()))]
    assert len(right) >= 0.9 * len(truth)
    assert all(one in right for one in found if one.error < 1e-3 and one.alike == 1)


def test_nothing_is_learned_from_payments_of_other_amounts():
    sales, payments, _ = books()
    chance = random.Random(8)

    _, learned, _ = solved(sales, [(amount + chance.randrange(1, 400), *rest) for amount, *rest in payments])

    assert learned == []


def test_payments_that_single_rows_come_to_prove_no_payouts():
    chance = random.Random(7)
    sales = [(chance.randrange(1_000, 90_000), n // 3, ("Harbour", "Old Mill")[n % 2], "debit") for n in range(240)]
    payments = [(amount, day + 1, SHOPS[shop], "") for amount, day, shop, _ in sales]

    assert learn(Book(as_rows(sales), as_rows(payments), 100), lambda: None) == []


def test_payouts_are_suggested_confirmed_and_explained():
    sales, payments, truth = books()
    left = table(sales, ("shop", "card"))
    right = table(payments, ("text", "note")).drop(["note"])

    plan = suggest(left, right)

    assert plan.passes[0].kind == "payouts"
    found, confirmed, fields = defaultdict(list), 0, ""
    for item in engine.run(left, right, plan):
        if isinstance(item, engine.Chunk) and item.pass_index == 0:
            for match in item.matches.to_pylist():
                found[match["right"][0]] = sorted(match["left"])
                confirmed += match["status"] == "confirmed"
                fields = match["fields"]
    assert {line: found[line] for line in found} == truth
    assert confirmed >= 0.95 * len(truth)
    assert "0.80 % of each part of debit" in fields
    assert Plan.model_validate_json(plan.model_dump_json(by_alias=True, exclude_none=True)).hash == plan.hash


def table(given: list[tuple], names: tuple[str, str]) -> pa.Table:
    return pa.table(
        {
            "day": [(FIRST + timedelta(days=row[1])).isoformat() for row in given],
            names[0]: [row[2] for row in given],
            names[1]: [row[3] for row in given],
            "amount": [f"{row[0] / 100:.2f}" for row in given],
        }
    )


Sale = tuple[int, int, str]  # amount, day, kind or shop
Paid = tuple[int, int, str]  # amount, day, text


def marketplace(chance: random.Random) -> tuple[list[Sale], list[Paid], Groups]:
    """Orders of three shops, paid by the week less 12 % of each, which returns get back. The text has the shop and the week."""
    sales: list[Sale] = []
    paid: list[Paid] = []
    truth: Groups = {}
    for shop in ("AT", "BE", "CH"):
        for week in range(16):
            first = len(sales)
            for day in range(7):
                sales.append((chance.randrange(800, 15_000), 7 * week + day, shop))
                if chance.random() < 0.2:
                    sales.append((-chance.randrange(800, 9_000), 7 * week + day, shop))
            truth[len(paid)] = list(range(first, len(sales)))
            net = sum(amount - half_up(abs(amount) * 1_200) * (1 if amount > 0 else -1) for amount, *_ in sales[first:])
            paid.append((net, 7 * week + 8, f"BAZAAR {shop} WK{week + 10}"))
    return sales, paid, truth


def courier(chance: random.Random) -> tuple[list[Sale], list[Paid], Groups]:
    """
    Cash that a courier took, paid twice a week less 1.50 for each parcel. The text has the number of parcels. Some parcels were
    paid before.
    """
    sales: list[Sale] = []
    paid: list[Paid] = []
    truth: Groups = {}
    waiting: list[int] = []
    for day in range(120):
        for _ in range(chance.randrange(1, 6)):
            waiting.append(len(sales))
            amount = chance.choice((2_990, 4_990, chance.randrange(1_500, 40_000)))
            sales.append((amount, day, f"C{chance.randrange(900)}"))
        if chance.random() < 0.2:
            sales.append((0, day, f"C{chance.randrange(900)}"))
        if day % 7 in (1, 4):
            truth[len(paid)] = waiting
            net = sum(sales[n][0] - 150 for n in waiting)
            text = f"CASH LIST {4_711 + 13 * day} PARCELS {len(waiting)}"
            paid.append((net, day + chance.choice((2, 3)), text))
            waiting = []
    return sales, paid, truth


def processor(chance: random.Random) -> tuple[list[Sale], list[Paid], Groups]:
    """Card sales of a day less 1.90 % and 0.20 of each, and a tenth of the day that is kept for 90 days."""
    sales: list[Sale] = []
    paid: list[Paid] = []
    truth: Groups = {}
    later = []
    for day in range(220):
        first = len(sales)
        sales += [(chance.randrange(500, 60_000), day, "sale") for _ in range(chance.randrange(2, 7))]
        gross = sum(amount for amount, *_ in sales[first:])
        kept = half_up(gross * 1_000)
        truth[len(paid)] = list(range(first, len(sales)))
        paid.append(
            (sum(amount - half_up(amount * 190) - 20 for amount, *_ in sales[first:]) - kept, day + 2, "PAYMENT")
        )
        if day < 130:
            later.append((kept, day + 92))
    for kept, day in later:
        truth[len(paid)] = [len(sales)]
        sales.append((kept, day, "release"))
        paid.append((kept, day, "RELEASE"))
    return sales, paid, truth


@pytest.mark.parametrize(
    ("made", "by", "fee", "least"),
    [
        (marketplace, True, "12.00 % of each part", 0.97),
        (courier, False, "1.50 for each part", 1.0),
        (processor, True, "1.90 % of each part and 0.20 for each part and a reserve of 10.00 %", 1.0),
    ],
)
def test_commissions_fees_by_parcel_and_reserves_are_learned(made, by, fee, least):
    sales, paid, truth = made(random.Random(6))

    def ordered(number: int, day: int) -> str:
        return (FIRST + timedelta(days=day - 1 - 7 * number % 5)).isoformat()

    left, right = (
        pa.table(
            {
                "no": [f"{name}{10_000 + 17 * n}" for n in range(len(some))],
                **({"ordered": [ordered(n, row[1]) for n, row in enumerate(some)]} if name == "S" else {}),
                "day": [(FIRST + timedelta(days=row[1])).isoformat() for row in some],
                "text": [row[2] for row in some],
                "amount": [f"{row[0] / 100:.2f}" for row in some],
            }
        )
        for name, some in (("S", sales), ("P", paid))
    )

    plan = suggest(left, right)

    (step,) = [one for one in plan.passes if isinstance(one, PayoutsPass)]
    assert (step.by is not None) is by
    assert plan.fields[step.date].left == "day"
    assert by or plan.fields["date"].left == "ordered"
    found: Groups = {}
    confirmed, fees = set(), ""
    for item in engine.run(left, right, plan):
        if isinstance(item, engine.Chunk):
            for match in item.matches.to_pylist():
                found |= {line: sorted(match["left"]) for line in match["right"]}
                confirmed |= set(match["right"]) if match["status"] == "confirmed" else set()
                fees = match["fields"] if item.pass_index == 0 else fees
    right_ones = {line for line, some in found.items() if truth.get(line) == some}
    assert len(right_ones) >= least * len(truth)
    assert confirmed <= right_ones
    assert fee in fees


def test_a_pass_for_payouts_is_told_either_a_branch_or_a_text():
    fields = {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "day": {"type": "date", "left": "day", "right": "day"},
        "text": {"type": "text", "left": "no", "right": "text"},
    }
    step = {"name": "payouts", "kind": "payouts", "amount": "amount", "date": "day", "parts": "left"}

    (sentence,) = sentences_of(Plan.model_validate({"fields": fields, "passes": [step | {"text": "text"}]}))

    assert sentence == (
        "payouts: All open records on the left, of some days in a row (“day”), match a record on the right if their amounts come "
        "to its amount (“amount” on the left and “amount” on the right), less fees that are learned. A match is confirmed if there "
        "is no other reading; otherwise it is suggested."
    )
    for wrong in ({}, {"text": "text", "by": "text"}):
        with pytest.raises(ValidationError, match="needs by, or text"):
            Plan.model_validate({"fields": fields, "passes": [step | wrong]})


PRICES = (2_990, 4_900, 7_900, 9_900, 14_900)


def priced(seed: int, prices: tuple[int, ...], *, is_paid: bool) -> tuple[list[tuple], list[tuple]]:
    """One sale a day by some customers, of few prices, and payments of one to four sales: of these, or of none of them."""
    chance = random.Random(seed)
    sales, payments = [], []
    for n in range(4):
        waiting = 0
        for day in range(120):
            amount = chance.choice(prices)
            sales.append((amount, day, f"customer {n}", ""))
            waiting += amount
            if chance.random() < 0.4:
                total = waiting if is_paid else sum(chance.choices(prices, k=chance.randint(2, 4)))
                payments.append((total, day + 1, f"PAYER {'ABCD'[n]}", ""))
                waiting = 0
    return sales, payments


def test_sums_of_few_prices_that_tie_by_chance_prove_no_payouts():
    sales, payments = priced(1, PRICES, is_paid=False)

    assert learn(Book(as_rows(sales), as_rows(payments), 100), lambda: None) == []


def test_how_often_sums_of_few_prices_tie_by_chance_counts_against_payouts():
    sales, payments = priced(2, tuple(range(1_990, 9_990, 130)), is_paid=True)

    book, learned, found = solved(sales, payments)

    shares = tied_by_chance(book, learned)
    assert shares
    assert min(shares.values()) > 0.05
    assert min(one.error for one in found) > 0.005
    by_fees = [books()[n] for n in (0, 1)]
    assert tied_by_chance(*solved(*by_fees)[:2]) == {}


@pytest.mark.parametrize(("shape", "seed"), [(Shape(named=0, parties=8), 1), (Shape(own=1, named=0, parties=12), 1)])
def test_no_payout_of_few_prices_is_confirmed_if_other_rows_may_come_to_it(shape, seed):
    given = invoices.books(shape, seed)

    _, learned, found = solved(
        [(amount, day, party, "") for amount, day, _, party in given.invoices],
        [(amount, day, text, "") for amount, day, _, text in given.payments],
    )

    found.sort(key=lambda one: one.error)
    sure = found[: prefix([one.error for one in found], CONFIRMED_ERROR)]
    assert learned
    assert {(tuple(sorted(one.rows)), (one.line,)) for one in sure} <= given.truth
