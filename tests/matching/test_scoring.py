"""Evidence in bits: an agreement is worth more the less likely it is by chance."""

import copy
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from matching import normalise, scoring
from matching.candidates import Candidates
from matching.plan import Plan
from matching.scoring import FEW_ROWS, MILLI, Evidence
from matching.sides import Sides
from tests.matching.database import connected
from tests.matching.tables import AMOUNT

FIELDS = {
    "code": {"type": "code", "left": "code", "right": "code"},
    "amount": {"type": "money", "left": "amount", "right": "amount"},
    "day": {"type": "date", "left": "day", "right": "day"},
    "who": {"type": "text", "left": "who", "right": "who"},
}
CODE = {"field": "code", "compare": "equal"}
DAYS = {"field": "day", "compare": "days", "from": -1, "to": 2}
NEAR = {"field": "amount", "compare": "within", "absolute": "10"}
WHO = {"field": "who", "compare": "similarity"}


def rows_of(count: int, **columns: list[str | None]) -> pa.Table:
    given: dict[str, Any] = {
        "code": [f"C{n}" for n in range(count)],
        "amount": [f"{n}.50" for n in range(count)],
        "day": ["2026-01-15"] * count,
        "who": [f"name {n}" for n in range(count)],
    }
    return pa.table({name: pa.array(columns.get(name, values), pa.string()) for name, values in given.items()})


class Scored:
    """Scored pairs of equal row numbers, or only the first of them."""

    def __init__(
        self,
        left: pa.Table,
        right: pa.Table,
        *gates: dict[str, Any],
        score: tuple[dict[str, Any], ...] = (),
        first: int | None = None,
    ) -> None:
        step = {"name": "p", "kind": "rules", "where": list(gates), "score": list(score)}
        plan = Plan.model_validate({"fields": FIELDS, "passes": [step]})
        with connected() as connection:
            positions = []
            for name, table in (("l", left), ("r", right)):
                normalise.load(connection, name, table, plan)
                connection.execute(f"CREATE VIEW {name}_free AS SELECT * FROM {name}")
                positions.append(connection.execute(f"SELECT i FROM {name} ORDER BY _row_").fetchnumpy()["i"])
            count = first or min(left.num_rows, right.num_rows)
            pairs = Candidates(*(side[:count].astype(np.int32) for side in positions), 0, 0)
            sides = Sides(connection, plan, (left.num_rows, right.num_rows), 1)
            self.weight, self.evidence, self.keep = scoring.score(sides, plan.passes[0], pairs)
            self.loneliness = scoring.loneliness(sides, plan.passes[0], pairs, self.weight)


def only(found: Scored) -> Evidence:
    (evidence,) = found.evidence
    return evidence


def test_an_equal_value_weighs_more_the_fewer_rows_have_it():
    rows = rows_of(2048, code=["common"] * 1024 + [f"C{n}" for n in range(1024)])

    evidence = Scored(rows, rows, CODE, score=(WHO,)).evidence[0]

    assert evidence.bits[0] == pytest.approx(1.0)  # half of the rows
    assert evidence.bits[1024] == pytest.approx(11.0)  # one of 2,048
    assert evidence.rarity is not None
    assert evidence.rarity.tolist() == evidence.bits.tolist()


@pytest.mark.parametrize(
    ("twice", "more"),
    [(0, np.log2(2049 / 2)), (512, np.log2(1025 / 1026))],
    ids=["no code occurs twice", "as many codes occur twice as once"],
)
def test_an_equal_code_alone_weighs_more_the_fewer_codes_occur_twice(twice, more):
    rows = rows_of(2048, code=[f"C{n}" for n in [*range(twice), *range(2048 - twice)]])

    evidence = only(Scored(rows, rows, CODE))

    assert evidence.bits[-1] == pytest.approx(11.0 + max(more, 0.0))
    assert evidence.rarity is not None
    assert evidence.rarity[-1] == pytest.approx(11.0)


def test_rarity_is_taken_from_the_side_where_the_value_is_more_frequent():
    left, right = rows_of(2048), rows_of(2048, code=["C0"] * 1024 + [f"C{n}" for n in range(1024, 2048)])

    rarity = only(Scored(left, right, CODE)).rarity

    assert rarity is not None
    assert rarity[0] == pytest.approx(1.0)


def test_rarity_in_a_small_file_is_counted_as_if_it_had_a_thousand_rows():
    rarity = only(Scored(rows_of(2), rows_of(2), CODE)).rarity

    assert rarity is not None
    assert rarity.tolist() == pytest.approx([np.log2(FEW_ROWS)] * 2)


def test_the_weight_is_the_sum_of_the_evidence_and_the_prior():
    found = Scored(rows_of(2048), rows_of(1024), CODE, score=(WHO,))

    total = sum(evidence.bits for evidence in found.evidence) - 11  # one of 2,048 rows is the right one
    assert found.weight.tolist() == np.rint(total * MILLI).astype(int).tolist()


def test_a_comparison_is_multiplied_by_its_weight():
    plain, double = (only(Scored(rows_of(64), rows_of(64), {**CODE, "weight": w})).bits for w in (1.0, 2.0))

    assert (double == 2 * plain).all()


@pytest.mark.parametrize("gate", [DAYS, NEAR, WHO], ids=["days", "within", "similarity"])
def test_a_missing_value_is_no_evidence(gate):
    column = gate["field"]
    right = rows_of(64, **{column: [None, *rows_of(64)[column].to_pylist()[1:]]})

    bits = Scored(rows_of(64), right, CODE, score=(gate,)).evidence[1].bits

    assert bits[0] == 0.0
    assert (bits[1:] != 0.0).all()


def test_a_value_that_need_not_be_equal_speaks_for_a_pair_or_against_it_or_says_nothing():
    right = rows_of(100, code=[None, "other", *rows_of(100)["code"].to_pylist()[2:]])

    evidence = Scored(rows_of(100), right, NEAR, score=(CODE,)).evidence[1]

    assert evidence.bits[0] == 0.0
    assert evidence.bits[1] < -5.0
    assert evidence.bits[2:].tolist() == pytest.approx([np.log2(FEW_ROWS)] * 98)
    assert evidence.rarity is not None
    assert evidence.rarity[:2].tolist() == [0.0, 0.0]


def test_where_true_pairs_often_differ_it_says_little():
    code = [f"C{n}" if n % 2 else "other" for n in range(100)]

    bits = Scored(rows_of(100), rows_of(100, code=code), NEAR, score=(CODE,)).evidence[1].bits

    assert -2.0 < bits[0] < 0.0


def test_lags_weigh_more_the_rarer_they_are_among_unrelated_pairs():
    days = [f"2026-{1 + n % 12:02}-{1 + n % 28:02}" for n in range(300)]
    later = [f"2026-{1 + n % 12:02}-{min(28, 1 + n % 28 + (n % 10 == 0)):02}" for n in range(300)]
    left, right = rows_of(300, day=days), rows_of(300, day=later)

    bits = Scored(left, right, CODE, score=(DAYS,)).evidence[1].bits

    same_day, next_day = bits[1], bits[20]
    assert same_day > next_day > 0


def test_a_day_outside_the_window_speaks_against_a_pair():
    right = rows_of(64, day=["2026-06-01", *["2026-01-15"] * 63])

    assert Scored(rows_of(64), right, CODE, score=(DAYS,)).evidence[1].bits[0] == -8.0


def test_close_amounts_weigh_more_the_fewer_others_are_as_close():
    left = rows_of(2000, amount=[f"{n}" for n in range(2000)])
    right = rows_of(2000, amount=["0", *(f"{n + 5}" for n in range(1, 2000))])

    bits = only(Scored(left, right, NEAR)).bits

    assert bits[0] == pytest.approx(np.log2(2000))  # the amount itself and no other
    assert bits[1000] == pytest.approx(np.log2(2000 / 11))  # five on either side are as close


def test_a_similarity_below_its_minimum_makes_no_pair():
    right = rows_of(4, who=["name 0", "somebody else", "name 2", None])

    found = Scored(rows_of(4), right, {**WHO, "minimum": 0.8}, CODE)

    assert found.keep.tolist() == [True, False, True, False]


def test_a_higher_similarity_is_never_weaker_evidence():
    chance = np.random.default_rng(3)
    words = ["acme", "borea", "cobalt", "delta", "ember", "fjord", "granit", "hafen"]
    names = [" ".join(chance.choice(words, 3)) for _ in range(400)]
    cut = [name if n % 3 else name.split()[0] + " x" for n, name in enumerate(names)]

    evidence = Scored(
        rows_of(400, who=names), rows_of(400, who=cut), CODE, score=({**WHO, "method": "ratio"},)
    ).evidence[1]

    assert evidence.similarity is not None
    order = np.argsort(evidence.similarity)
    assert (np.diff(evidence.bits[order]) >= 0).all()
    assert evidence.bits[order][0] < 0 < evidence.bits[order][-1]


@pytest.mark.integration
def test_a_pass_by_amount_needs_more_evidence_if_few_rows_have_a_partner():
    # Of 3,000 open rows per side, twenty have an equal amount and 8 bits of a name. The share s of rows with a partner
    # is the solution of 20 / 3,000 * 256 s / (1 + 255 s).
    left = rows_of(3000)
    lonely = rows_of(3000, amount=[f"{n}.50" for n in range(20)] + [f"{n}.75" for n in range(20, 3000)])
    by_amount = {"field": "amount", "compare": "equal"}
    share = (20 / 3000 * 256 - 1) / 255

    asked = Scored(left, lonely, by_amount, score=(WHO,), first=20).loneliness

    assert asked == pytest.approx(-np.log2(share / (1 - share)) * MILLI, abs=10)
    assert Scored(left, left, by_amount, score=(WHO,)).loneliness == 0
    assert Scored(left, lonely, CODE, score=(WHO,), first=20).loneliness == 0  # equal codes are not a coincidence


def test_an_amount_of_an_unknown_currency_is_as_frequent_as_in_all_of_them():
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}
    plan = Plan.model_validate(document)
    codes = ["EUR"] * 512 + ["USD"] * 256 + [""] * 256
    rows = pa.table({"amount": ["9.99"] * 1024, "who": ["x"] * 1024, "ccy": codes})
    with connected() as connection:
        for side in "lr":
            normalise.load(connection, side, rows, plan)
        place = connection.execute("SELECT i FROM l ORDER BY _row_").fetchnumpy()["i"].astype(np.int32)
        some = place[[0, 512, 1023]]
        sides = Sides(connection, plan, (1024, 1024), 1)
        bits = scoring.score(sides, plan.passes[0], Candidates(some, some, 0, 0))[1][0].bits

    # EUR and USD count their own rows and the unknown ones; the unknown one counts all.
    assert bits.tolist() == pytest.approx([np.log2(1024 / 768), np.log2(1024 / 512), 0.0])
