import json

import numpy as np
import pyarrow as pa
import pytest

from matching import engine
from matching.probabilistic import search
from matching.results import Barred, Chunk, PassFinished
from tests.matching.probabilistic.tables import PLAN, SYLLABLES, People, people, plan
from tests.matching.tables import matched

pytestmark = pytest.mark.integration  # whole passes


@pytest.fixture(scope="module")
def given() -> People:
    return people(900)


def chunks(given: People, **options) -> list[Chunk]:
    return [one for one in engine.run(given.left, given.right, plan(), **options) if isinstance(one, Chunk)]


def test_partners_are_found_without_rules_and_hardly_any_other(given):
    found = matched(given.left, given.right, plan())

    pairs, sure = {pair[:2] for pair in found}, {pair[:2] for pair in found if pair[2] == "confirmed"}
    assert 2 * len(pairs & given.truth) / (len(pairs) + len(given.truth)) > 0.96
    assert len(sure) > 0.5 * len(given.truth)
    assert len(sure - given.truth) <= 1


def test_the_score_is_the_prior_and_the_weights_of_the_fields_to_the_digit(given):
    rows = [row for chunk in chunks(given) for row in chunk.matches.to_pylist()]
    priors = set()
    for row in rows:
        fields = json.loads(row["fields"])
        priors.add(round(row["score"] - sum(field["weight"] for field in fields), 3))
        assert {field["field"] for field in fields} == {"who", "day", "amount"}
        if row["runner_up"]:
            other = json.loads(row["runner_up"])
            priors.add(round(other["score"] - sum(field["weight"] for field in other["fields"]), 3))

    assert len(priors) == 1
    assert all(row["margin"] >= engine.AMBIGUOUS_BELOW_BITS for row in rows if row["status"] == "confirmed")


@pytest.mark.long
def test_the_order_of_rows_and_the_number_of_threads_make_no_difference(given):
    expected = set(matched(given.left, given.right, plan()))
    orders = [np.random.default_rng(n).permutation(900) for n in (1, 2)]
    left, right = (table.take(pa.array(order)) for table, order in zip((given.left, given.right), orders, strict=True))

    found = matched(left, right, plan(), options=engine.Options(threads=1))

    assert {(int(orders[0][i]), int(orders[1][j]), status) for i, j, status in found} == expected


@pytest.mark.long
def test_a_rejected_pair_is_not_proposed_again(given):
    first = sorted({pair[:2] for pair in matched(given.left, given.right, plan())} & given.truth)[:5]
    sets = pa.table({"left": [[i] for i, _ in first], "right": [[j] for _, j in first]})

    found = matched(given.left, given.right, plan(), barred=Barred(rejected=sets))

    assert not {pair[:2] for pair in found} & set(first)


def test_rows_of_other_currencies_are_never_candidates(given):
    document = {**PLAN, "fields": {**PLAN["fields"], "amount": {**PLAN["fields"]["amount"]}}}
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": {"value": "EUR"}}
    left = given.left.append_column("ccy", pa.array(["EUR" if n % 2 else "USD" for n in range(900)]))

    found = matched(left, given.right, type(plan()).model_validate(document))

    assert found
    assert all(i % 2 for i, _, _ in found)


def test_too_few_rows_to_learn_from_are_left_alone(given):
    found = list(engine.run(given.left.slice(0, 20), given.right, plan()))

    assert [one.matches for one in found if isinstance(one, PassFinished)] == [0]


def test_tables_without_anything_to_compare_are_left_open():
    empty = pa.table({name: pa.array([None] * 50, pa.string()) for name in ("who", "day", "amount")})
    other = empty.rename_columns(["payee", "day", "credit"])

    assert matched(empty, other, plan()) == []


def test_equal_rows_are_suggested_as_one_group():
    row = {"who": ["jane doe"] * 60, "day": ["2026-01-02"] * 60, "amount": ["5.00"] * 60}
    left, right = pa.table(row), pa.table(row).rename_columns(["payee", "day", "credit"])

    found = matched(left, right, plan())

    assert all(status == "suggested" for *_, status in found)


def test_too_many_rows_are_left_out_and_that_is_said(given, monkeypatch):
    monkeypatch.setattr(search, "MAX_ROWS", 1000)

    finished = [one for one in engine.run(given.left, given.right, plan()) if isinstance(one, PassFinished)]

    assert [(one.matches, one.skipped_blocks, one.skipped_pairs) for one in finished] == [(0, 1800, 810_000)]


def test_a_run_stops_while_it_looks_for_candidates(given):
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 3

    with pytest.raises(engine.Stopped):
        list(engine.run(given.left, given.right, plan(), options=engine.Options(should_stop=should_stop)))


def test_sizes_of_one_product_are_told_apart_though_their_units_differ():
    names = [f"{a} {b}" for a in SYLLABLES[:20] for b in SYLLABLES[20:25]]
    wares = [(name, size) for name in names for size in (25, 50, 75, 150)]
    document = {"fields": {"ware": {"type": "text", "left": "ware", "right": "article"}}}
    document["passes"] = [{**PLAN["passes"][0], "fields": ["ware"]}]
    left = [f"{name} {size} cl" if n % 3 else f"{name} {size * 10}ml" for n, (name, size) in enumerate(wares)]
    right = [f"{name} {size / 100} l" if n % 2 else f"{name} {size * 10} ml" for n, (name, size) in enumerate(wares)]

    found = matched(pa.table({"ware": left}), pa.table({"article": right}), type(plan()).model_validate(document))

    assert len({(i, j) for i, j, _ in found if i == j}) > 0.98 * len(wares)
