"""Totals of runs: payouts of all since the last one, and collective entries of one day and key, in small tables."""

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from matching import engine
from matching.plan import Plan
from matching.sentences import sentences_of
from matching.suggest import suggest
from matching.sums.read_runs import keyed, moments, totals_of
from matching.sums.runs import Options, Parts, Run, Solver

START = datetime(2025, 3, 3, tzinfo=UTC)
PAYOUTS, ADJOINING = 60, 2


def sales(seed: int, reserve: range = range(0)) -> tuple[list[tuple[datetime, int]], list[tuple[date, int]], list[int]]:
    """Sales, payouts of all that was taken until 21:00 of each day, and of each sale its payout. Some payouts keep 5 % back."""
    random_ = random.Random(seed)
    taken: list[tuple[datetime, int]] = []
    paid: list[tuple[date, int]] = []
    payout_of: list[int] = []
    for n in range(PAYOUTS):
        cut = START + timedelta(days=n)
        parts = [random_.randint(1_000, 60_000) for _ in range(random_.randint(2, 7))]
        if random_.random() < 0.3:
            parts.append(-random_.randint(500, 2_000))
        taken += [(cut - timedelta(minutes=random_.randint(1, 1_400)), part) for part in parts]
        payout_of += [n] * len(parts)
        kept = (sum(part for part in parts if part > 0) * 500 + 5_000) // 10_000 if n in reserve else 0
        paid.append(((cut + timedelta(days=random_.randint(1, 3))).date(), sum(parts) - kept))
    return taken, paid, payout_of


def days(dates: list[date]) -> Any:
    return np.array([(day - date(1970, 1, 1)).days for day in dates], np.float64)


def solved(
    taken: list[tuple[datetime, int]], paid: list[tuple[date, int]], texts: list[str], options: Options
) -> list[Run]:
    day = days([when.date() for when, _ in taken])
    amounts = np.array([amount for _, amount in taken], np.int64)
    moment = moments(day, [f"{when:%Y-%m-%d %H:%M:%S}" for when, _ in taken])
    parts = Parts(amounts, day, moment, np.zeros(len(taken), np.int64), amounts)
    totals = totals_of(
        np.array([amount for _, amount in paid], np.int64), days([when for when, _ in paid]), [()], texts
    )
    return Solver(parts, totals, options).solve()


def test_payouts_are_found_though_nothing_says_when_they_were_cut():
    taken, paid, payout_of = sales(1)

    runs = solved(taken, paid, ["PAYOUT"] * PAYOUTS, Options())

    assert sorted(run.total for run in runs) == list(range(PAYOUTS))
    assert all({payout_of[row] for row in run.rows} == {run.total} for run in runs)
    assert sum(run.chained == ADJOINING for run in runs) >= PAYOUTS - 2
    assert sum(run.error for run in runs) < 0.1


def test_a_reserve_is_learned_from_what_no_run_explains():
    taken, paid, payout_of = sales(2, reserve=range(20, 35))

    runs = solved(taken, paid, ["PAYOUT"] * PAYOUTS, Options(with_reserves=True))

    assert {run.total: run.reserve for run in runs} == {n: 500 if 20 <= n < 35 else 0 for n in range(PAYOUTS)}
    assert all({payout_of[row] for row in run.rows} == {run.total} for run in runs)


def test_other_totals_are_hardly_ever_runs():
    taken, paid, _ = sales(3)
    random_ = random.Random(4)
    others = [(when, random_.randint(10_000, 150_000)) for when, _ in paid]

    runs = solved(taken, others, ["RENT"] * PAYOUTS, Options())

    assert all(run.error > 0.0005 for run in runs)


def test_one_row_of_a_key_is_left_to_passes_that_compare_texts():
    taken = [(START + timedelta(days=n), 10_000 + 137 * n) for n in range(30)]

    assert solved(taken, [(when.date(), amount) for when, amount in taken], ["X"] * 30, Options(most_days=1)) == []


def test_too_many_runs_are_bounded_by_shorter_ones():
    taken, paid, _ = sales(5)

    assert len(solved(taken, paid, ["PAYOUT"] * PAYOUTS, Options(most_runs=2_000))) > 0
    assert solved(taken, paid, ["PAYOUT"] * PAYOUTS, Options(most_runs=10)) == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2025-03-03 14:09:39", 50_979),
        ("03.03.2025 9:05", 32_700),
        ("3/3/2025 12:30 AM", 1_800),
        ("3/3/2025 1:30 pm", 48_600),
        ("2025-03-03", 0),
        ("2025-03-03 29:99", 0),
        (None, 0),
    ],
)
def test_the_time_of_day_is_read(text, seconds):
    assert moments(days([START.date()]), [text])[0] % 86_400 == seconds


def test_texts_name_keys_and_numbers():
    _, keys = keyed([["North", "South", None], ["A", "A", "A"]], 3)
    zeros = np.zeros(2, np.int64)

    totals = totals_of(zeros, zeros.astype(np.float64), keys, ["COLLECTED 16 ITEMS NORTH", "COLLECTED"])

    assert keys == [("", "A"), ("North", "A"), ("South", "A")]
    assert totals.names[0].tolist() == [[2, 1, 2], [0, 0, 0]]
    assert not totals.names[1].any()  # all have the same, and so it tells nothing
    assert totals.numbers[0] == {16}


def matches(left: pa.Table, right: pa.Table) -> tuple[Plan, set[tuple[tuple[int, ...], tuple[int, ...], str]]]:
    plan = suggest(left, right)
    chunks = [chunk for chunk in engine.run(left, right, plan) if isinstance(chunk, engine.Chunk)]
    rows = [row for chunk in chunks for row in chunk.matches.to_pylist() if chunk.pass_name.startswith("runs")]
    return plan, {(tuple(sorted(row["left"])), tuple(row["right"]), row["status"]) for row in rows}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def money(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2).quantize(Decimal("0.000000001"))


def test_a_suggested_plan_finds_payouts():
    taken, paid, payout_of = sales(6)
    left = table(
        [
            {
                "id": f"tx{n * 7919:x}",
                "at": f"{when:%Y-%m-%d %H:%M}",
                "gross": f"{(amount + 31) / 100:.2f}",
                "net": money(amount),
            }
            for n, (when, amount) in enumerate(taken)
        ]
    )
    nothing = [
        one | {"id": f"no{n}", "gross": "0.31", "net": Decimal("0.000000000")}
        for n, one in enumerate(left.to_pylist()[:40:2])
    ]
    left = pa.concat_tables([left, table(nothing).cast(left.schema)])
    right = table(
        [{"day": day, "memo": f"PAYMENT {n * 104_729 % 9_999}", "credit": money(v)} for n, (day, v) in enumerate(paid)]
    )

    plan, found = matches(left, right)

    assert [step.name for step in plan.passes if step.kind == "runs"] == ["runs"]
    assert {state for *_, state in found} == {"confirmed"}
    assert len(found) >= PAYOUTS - 1
    assert max(row for rows, *_ in found for row in rows) < len(taken)  # whatever is nothing is in none
    assert all([payout_of[row] for row in rows] == list(total) * len(rows) for rows, total, _ in found)


def test_a_suggested_plan_finds_collective_entries_by_their_key():
    random_ = random.Random(7)
    members, entries, entry_of = [], [], []
    for n in range(40):
        due = START.date() + timedelta(days=7 * (n // 4))
        fees = [random_.choice([1990, 2490, 2990, 3990]) for _ in range(random_.randint(4, 30))]
        branch = ("North", "South", "East", "West")[n % 4]
        members += [
            {"member": f"M{random_.randint(1_000, 9_999)}", "branch": branch, "due": due, "fee": money(fee)}
            for fee in fees
        ]
        entry_of += [n] * len(fees)
        text = f"COLLECTED {len(fees)} ITEMS {branch.upper() if n % 3 else ''}"
        entries.append({"day": due + timedelta(days=random_.randint(0, 2)), "text": text, "amount": money(sum(fees))})
    entries += [
        {"day": START.date() + timedelta(days=n), "text": f"CASH {n}", "amount": money(1990 * n)} for n in range(1, 40)
    ]

    plan, found = matches(table(members), table(entries))

    assert [plan.fields[name].left for step in plan.passes if step.kind == "runs" for name in step.by] == ["branch"]
    assert len(found) >= 38
    assert all([entry_of[row] for row in rows] == list(total) * len(rows) for rows, total, _ in found)


STEP = {
    "name": "payouts",
    "kind": "runs",
    "amount": "sum",
    "date": "day",
    "by": ["who"],
    "total": "right",
    "gross": "all",
}
FIELDS = {
    "sum": {"type": "money", "left": "net", "right": "credit"},
    "all": {"type": "money", "left": "gross", "right": "credit"},
    "day": {"type": "date", "left": "taken", "right": "valued"},
    "who": {"type": "text", "left": "branch", "right": "memo"},
}


def test_a_plan_with_runs_says_so_in_plain_words():
    (sentence,) = sentences_of(Plan.model_validate({"fields": FIELDS, "passes": [STEP]}))

    assert sentence == (
        "payouts: Open records on the left that follow each other within 7 days by “taken”, with the same “branch”, match one on the "
        "right if the sum of “net” is its “credit”, less a share of “gross” that is learned. Each run begins where the last one "
        "ended, wherever that explains most. A match is confirmed if there is no other reading; otherwise it is suggested."
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [({"date": None}, "needs date"), ({"by": ["sum"]}, "by 1 of the pass 'payouts'"), ({"gross": "who"}, "gross of")],
)
def test_runs_need_fields_that_fit(change, message):
    with pytest.raises(ValidationError, match=message):
        Plan.model_validate({"fields": FIELDS, "passes": [STEP | change]})
