"""Currencies beside amounts and in columns of their own, in plans that name them and in plans that do not."""

import pytest

COMMON = {"date": {"column": "day", "order": "ymd"}, "reference": {"column": "ref"}}
BESIDE = {"amount": {"column": "amount", "decimal": "."}, "currency": {"column": "amount"}, **COMMON}
APART = {"amount": {"column": "amount", "decimal": "."}, "currency": {"column": "code"}, **COMMON}
MONEY = {"type": "money", "left": "amount", "right": "amount"}
REF = {"type": "reference", "left": "ref", "right": "ref"}
BY_NUMBER = {"name": "number", "kind": "rules", "where": [{"field": "ref", "compare": "equal"}], "accept": "confirm"}
ROWS = 30


def beside(form: str) -> tuple[str, dict]:
    rows = (f"INV-{100 + n},2026-03-{n % 28 + 1:02},{form.format(f'{50 + 7 * n}.50')}\n" for n in range(ROWS))
    return "ref,day,amount\n" + "".join(rows), BESIDE


def apart(code: str) -> tuple[str, dict]:
    rows = (f"INV-{100 + n},2026-03-{n % 28 + 1:02},{50 + 7 * n}.50,{code}\n" for n in range(ROWS))
    return "ref,day,amount,code\n" + "".join(rows), APART


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [(beside("€{}"), apart("EUR"), ROWS), (beside("EUR {}"), beside("USD {}"), 0), (apart("EUR"), apart("USD"), 0)],
    ids=["beside the amount", "two beside the amounts", "two in columns"],
)
async def test_a_suggested_plan_keeps_currencies_apart(load, run, left, right, found):
    job = await run({"left_source": await load("left", *left), "right_source": await load("right", *right)})

    assert job["status"] == "completed", job
    assert job["counts"]["confirmed"] + job["counts"]["suggested"] == found


@pytest.mark.parametrize(("code", "found"), [("EUR", ROWS), ("USD", 0)])
async def test_a_plan_without_currencies_does_not_mean_that_they_are_the_same(alice, project, load, run, code, found):
    document = {"fields": {"ref": REF, "amount": MONEY}, "passes": [BY_NUMBER]}
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "p", "document": document})
    sides = {"left_source": await load("left", *apart("EUR")), "right_source": await load("right", *apart(code))}

    job = await run({**sides, "plan": plan["id"]})

    assert job["counts"]["confirmed"] == found, job
