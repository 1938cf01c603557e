"""Plans: which ones are refused, by themselves and for two tables, and the hash that identifies a plan."""

import copy
import json

import pyarrow as pa
import pytest
from pydantic import ValidationError

from matching import engine
from matching.plan import Extracted, Plan, PlanInvalid, Signed, column_of, distinct_names
from matching.suggest import suggest
from tests.matching.tables import AMOUNT, table

SCORE = {"field": "who", "compare": "similarity"}


def with_gate(**gate) -> dict:
    document = copy.deepcopy(AMOUNT)
    document["passes"][0]["where"] = [gate]
    return document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (with_gate(field="amount", compare="within"), "within needs absolute, percent or both"),
        (with_gate(field="amount", compare="days", **{"from": 3, "to": 1}), "must not be greater than to"),
        (with_gate(field="amount", compare="days", to=1), "days needs from and to"),
        (with_gate(field="nothing", compare="equal"), "which is not in fields"),
        (with_gate(field="who", compare="within", absolute="1"), "within cannot compare the field 'who' of type text"),
        (with_gate(field="amount", compare="similarity"), "similarity cannot compare the field 'amount' of type money"),
        ({**AMOUNT, "passes": AMOUNT["passes"] * 2}, "two passes must not have the same name"),
        ({**AMOUNT, "passes": []}, "at least 1 item"),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(document, message):
    with pytest.raises(ValidationError, match=message):
        Plan.model_validate(document)


@pytest.mark.parametrize(
    ("key", "value"),
    [("weight", "5"), ("weight", True), ("minimum", "0.5"), ("from", "5"), ("from", True), ("to", 5.0)],
)
def test_a_number_in_a_plan_is_a_number(key, value):
    document = copy.deepcopy(with_gate(field="amount", compare="equal"))
    document["passes"][0]["where"][0][key] = value

    with pytest.raises(ValidationError, match="Input should be a valid"):
        Plan.model_validate(document)


def test_the_hash_depends_on_what_a_plan_means_and_not_on_how_it_is_written():
    shuffled = {"passes": AMOUNT["passes"], "fields": dict(reversed(AMOUNT["fields"].items()))}
    spelled_out = json.loads(json.dumps(AMOUNT))
    spelled_out["passes"][0]["accept"] = "confirm_if_unambiguous"
    other = copy.deepcopy(AMOUNT)
    other["passes"][0]["accept"] = "suggest"
    plan = Plan.model_validate(AMOUNT)

    assert {Plan.model_validate(document).hash for document in (shuffled, spelled_out)} == {plan.hash}
    assert Plan.model_validate(other).hash != plan.hash


def test_every_column_that_a_plan_names_must_exist():
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"] |= {
        "left": {"column": "amount", "negate": True},
        "right": {"from": "memo", "extract": "[0-9]+"},
        "currency": {"left": {"value": "EUR"}, "right": "ccy"},
    }

    with pytest.raises(PlanInvalid) as caught:
        Plan.model_validate(document).bind(["amount", "who"], ["text", "who"])

    assert {pointer for pointer, _, _ in caught.value.faults} == {
        "/fields/amount/right",
        "/fields/amount/currency/right",
    }


def test_the_column_of_a_side_is_found_in_every_notation():
    specs = ("a", Signed(column="b", negate=True), Extracted(from_="c", extract="x"))

    assert [column_of(spec) for spec in specs] == ["a", "b", "c"]


def test_of_columns_that_differ_only_in_case_the_first_can_be_used():
    assert distinct_names(["Ref", "", "REF", "Amount", "straße", "STRASSE"]) == ["Ref", "Amount", "straße"]


def test_a_plan_that_does_not_fit_names_the_column():
    with pytest.raises(PlanInvalid) as caught:
        list(engine.run(pa.table({"x": ["1"]}), table([]), Plan.model_validate(AMOUNT)))

    assert ("/fields/amount/left", "invalid_plan") in [(p, c) for p, c, _ in caught.value.faults]


@pytest.mark.integration
def test_columns_that_differ_only_in_case_are_not_confused():
    left = pa.table({"ref": ["A1", "B2"], "REF": ["x", "y"], "amount": ["1.00", "2.00"]})
    right = pa.table({"ref": ["A1", "B2"], "amount": ["1.00", "2.00"]})
    document = {
        "fields": {"reference": {"type": "reference", "left": "REF", "right": "ref"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "reference", "compare": "equal"}]}],
    }

    with pytest.raises(PlanInvalid, match="differs from 'REF' only in upper and lower case"):
        list(engine.run(left, right, Plan.model_validate(document)))
    document["fields"]["reference"]["left"] = "ref"
    found = [
        item for item in engine.run(left, right, Plan.model_validate(document)) if isinstance(item, engine.Finished)
    ]

    assert found[0].matches == 2
    assert "REF" not in {field.left for field in suggest(left, right).fields.values()}


def test_a_pass_that_compares_only_days_is_refused_by_pointer():
    days = {"field": "day", "compare": "days", "from": -3, "to": 3}
    similar = {"field": "who", "compare": "similarity"}
    document = {
        "fields": {
            "day": {"type": "date", "left": "day", "right": "day"},
            "who": {"type": "text", "left": "who", "right": "who"},
        },
        "passes": [
            {"name": "alike", "kind": "rules", "where": [similar, days]},
            {"name": "days", "kind": "rules", "where": [days, days], "score": [similar]},
        ],
    }
    rows = pa.table({"day": ["2026-01-05"], "who": ["acme"]})

    with pytest.raises(PlanInvalid) as caught:
        list(engine.run(rows, rows, Plan.model_validate(document)))

    assert [(pointer, code) for pointer, code, _ in caught.value.faults] == [("/passes/1/where", "invalid_plan")]


GROUPS = {"name": "sums", "kind": "sums", "amount": "amount"}


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (GROUPS, "needs reference, party or both"),
        (GROUPS | {"party": "nobody"}, "compares the field 'nobody', which is not in fields"),
        (GROUPS | {"party": "amount"}, "party of the pass 'sums' cannot be the field 'amount' of type money"),
        (
            GROUPS | {"amount": "who", "party": "who"},
            "amount of the pass 'sums' cannot be the field 'who' of type text",
        ),
        (GROUPS | {"party": "who", "max_parts": 40}, "less than or equal to 12"),
        (GROUPS | {"party": "who", "fees": [{"percent": "100"}]}, "String should match pattern"),
        (GROUPS | {"party": "who", "kind": "within_side", "find": []}, "at least 1 item"),
    ],
)
def test_a_pass_for_groups_that_contradicts_itself_is_refused(step, message):
    with pytest.raises(ValidationError, match=message):
        Plan.model_validate({**AMOUNT, "passes": [step]})


def test_a_plan_with_passes_for_groups_reads_its_own_json():
    fees = [{"percent": "1.4", "fixed": "0.25", "per": "part", "rounded": "total"}]
    steps = [GROUPS | {"party": "who", "name": "twice", "kind": "within_side"}, GROUPS | {"party": "who", "fees": fees}]
    plan = Plan.model_validate({**AMOUNT, "passes": steps})

    assert Plan.model_validate_json(plan.model_dump_json(by_alias=True, exclude_none=True)).hash == plan.hash


def test_a_document_holds_only_what_its_comparisons_use_and_the_hash_does_not_change():
    gates = [
        {"field": "amount", "compare": "equal", "method": "token_set", "weight": 1.0},
        {"field": "amount", "compare": "within", "percent": "5", "method": "token_set", "weight": 2.0},
    ]
    plan = Plan.model_validate({**AMOUNT, "passes": [{"name": "p", "kind": "rules", "where": gates, "score": [SCORE]}]})

    (step,) = plan.model_dump(mode="json", by_alias=True, exclude_none=True)["passes"]

    assert step["where"] == [
        {"field": "amount", "compare": "equal"},
        {"field": "amount", "compare": "within", "percent": "5", "weight": 2.0},
    ]
    assert step["score"] == [{**SCORE, "method": "token_set"}]
    # The hashes of plans that are stored, with all matches that they made.
    assert plan.hash == "b1f89baee2ad99c10811413276662b628126d92a4a92f492d6104cd6da92a8ab"
    assert Plan.model_validate({**AMOUNT, "passes": [step]}).hash == plan.hash
    assert Plan.model_validate(AMOUNT).hash == "7c95e409a5a77c1140dfe6ff0e42eac1e6461cc47d160ff9e92eac18fec5036d"
