"""What is said about a plan that somebody wrote: every fault, in its place, at once."""

import copy
import json
from typing import Any

import pytest

from matching.faults import MOST_FAULTS, plan_of, read_plan
from matching.plan import Plan, PlanInvalid
from tests.matching.tables import AMOUNT

EQUAL = {"field": "amount", "compare": "equal"}


def faults(document: Any) -> dict[str, str]:
    """What is said, by pointer."""
    with pytest.raises(PlanInvalid) as caught:
        read_plan(document)
    return {pointer: message for pointer, _, message in caught.value.faults}


def with_gates(*gates: dict[str, Any]) -> dict[str, Any]:
    return {**AMOUNT, "passes": [{"name": "p", "kind": "rules", "where": list(gates)}]}


def with_field(**field: Any) -> dict[str, Any]:
    document = copy.deepcopy(AMOUNT)
    document["fields"]["who"] |= field
    return document


@pytest.mark.parametrize(
    ("gate", "key"),
    [
        ({**EQUAL, "method": "token_set"}, "method"),
        ({**EQUAL, "percent": "5"}, "percent"),
        ({**EQUAL, "minimum": 0.5}, "minimum"),
        ({"field": "amount", "compare": "within", "percent": "1", "from": 0}, "from"),
        ({"field": "day", "compare": "days", "from": 0, "to": 1, "absolute": "1"}, "absolute"),
        ({"field": "who", "compare": "similarity", "to": 1}, "to"),
    ],
)
def test_what_a_comparison_does_not_use_is_refused_where_it_stands_and_read_from_what_is_stored(gate, key):
    document = with_gates(gate, EQUAL)
    document["fields"] = {**AMOUNT["fields"], "day": {"type": "date", "left": "d", "right": "d"}}

    assert faults(document) == {f"/passes/0/where/0/{key}": f"{gate['compare']} does not use it; leave {key} out"}
    written = Plan.model_validate(document).model_dump(mode="json", by_alias=True, exclude_none=True)
    assert key not in written["passes"][0]["where"][0]
    assert read_plan(written)


def test_all_faults_are_told_at_once_each_in_its_place():
    document = with_gates(
        {"field": "nobody", "compare": "equal", "typo": 1},
        {"field": "who", "compare": "days", "from": 3, "to": 1},
        {"field": "who", "compare": "within", "percent": "0,5"},
        {"field": "amount", "compare": "days", "from": 0},
        {"field": "amount", "compare": "near"},
    )
    document["passes"] += [
        {"name": "p", "kind": "sums", "amount": "who", "party": "nobody"},
        {"name": "q", "kind": "probabilistic", "fields": ["who", "who"]},
        {"name": "r", "kind": "runs", "total": "left", "amount": "amount", "date": "amount", "by": ["who", "nobody"]},
        {"name": "s", "kind": "rules", "where": [{"field": "amount", "compare": "days", "from": 0, "to": 1}]},
    ]

    found = faults(document)

    assert list(found) == list(dict.fromkeys(found))
    assert set(found) == {
        "/passes/0/where/0/field",
        "/passes/0/where/0/typo",
        "/passes/0/where/1/compare",
        "/passes/0/where/1/from",
        "/passes/0/where/2/compare",
        "/passes/0/where/2/percent",
        "/passes/0/where/3/to",
        "/passes/0/where/3/compare",
        "/passes/0/where/4/compare",
        "/passes/1/name",
        "/passes/1/amount",
        "/passes/1/party",
        "/passes/2/fields/1",
        "/passes/3/date",
        "/passes/3/by/1",
        "/passes/4/where",
        "/passes/4/where/0/compare",
    }
    assert found["/passes/0/where/2/percent"] == 'must be a percentage as a text with a decimal point, such as "0.5"'
    assert found["/passes/0/where/0/typo"] == "is not a key that a plan has here; correct its name, or leave it out"
    assert "only one of type date" in found["/passes/0/where/1/compare"]


@pytest.mark.parametrize(
    ("document", "pointer", "said"),
    [
        (5, "", "must be an object"),
        ({}, "/fields", "is missing"),
        ({**AMOUNT, "passes": []}, "/passes", "needs at least 1 item"),
        ({**AMOUNT, "passes": [5]}, "/passes/0", "must be"),
        (with_field(type="words"), "/fields/who/type", "must be 'money', "),
        ({**AMOUNT, "fields": {"1st": AMOUNT["fields"]["who"]}}, "/fields/1st", "must be a name that begins with"),
    ],
)
def test_faults_of_the_form_are_told_in_plain_words(document, pointer, said):
    assert said in faults(document)[pointer]


@pytest.mark.parametrize(
    ("field", "pointer", "said"),
    [
        ({"currency": {"left": "c", "right": "c"}}, "currency", "a field of type text has no currency"),
        ({"left": {"column": "a", "negate": True}}, "left/negate", "a field of type text has no sign"),
        ({"type": "number", "left": {"column": "a", "negate": True}}, "left/negate", "of type number has no sign"),
        (
            {"type": "money", "currency": {"left": {"value": "QQQ"}, "right": "c"}},
            "currency/left/value",
            "QQQ is no currency; give a code of ISO 4217",
        ),
        ({"right": {"from": "a", "extract": "x*"}}, "right/extract", "also finds a text of no characters"),
        ({"type": "date", "right": {"from": "a", "extract": "x"}}, "right/extract", "of type date is read whole"),
    ],
)
def test_what_cannot_mean_anything_is_refused_and_read_from_what_is_stored(field, pointer, said):
    document = with_field(**field) | {"passes": [{"name": "p", "kind": "rules", "where": [EQUAL]}]}

    assert [(place, said in message) for place, message in faults(document).items()] == [
        (f"/fields/who/{pointer}", True)
    ]
    assert Plan.model_validate(document)


@pytest.mark.parametrize(
    "field",
    [
        {"type": "money", "currency": {"left": {"value": "XXX"}, "right": {"value": "EUR"}}},
        {"type": "money", "left": {"column": "a", "negate": True}},
        {"left": {"column": "a", "negate": False}, "right": {"from": "a", "extract": "x+"}},
        {"currency": None},
    ],
)
def test_what_means_something_is_taken(field):
    assert read_plan(with_field(**field) | {"passes": [{"name": "p", "kind": "rules", "where": [EQUAL]}]})


def test_at_most_a_hundred_faults_are_told_however_long_a_document_is():
    steps = [{"name": "p", "kind": "rules", "where": [{**EQUAL, "percent": "1"}] * 3000}] * 300

    with pytest.raises(PlanInvalid) as caught:
        read_plan({**AMOUNT, "passes": steps})

    assert len(caught.value.faults) == MOST_FAULTS


def test_a_plan_is_read_from_itself_from_its_document_and_from_a_file(tmp_path):
    plan = read_plan(AMOUNT)
    (tmp_path / "plan.json").write_text(json.dumps(AMOUNT))
    (tmp_path / "other.json").write_text("{")

    assert plan_of(plan) is plan
    assert plan_of(AMOUNT) == plan == plan_of(tmp_path / "plan.json")
    with pytest.raises(PlanInvalid, match="it is no JSON"):
        plan_of(str(tmp_path / "other.json"))


def test_of_what_is_too_long_only_the_beginning_is_looked_at():
    found = faults(with_gates(*[{**EQUAL, "percent": "1"}] * 3000))

    assert found["/passes/0/where"] == "may have at most 20 items"
    assert len(found) == 21
