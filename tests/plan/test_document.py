"""How a document that is not a plan is refused."""

import copy
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from core.ids import uuid7
from core.problems import Invalid
from matching.plan import KINDS
from models.plan import Plan
from server.plan.actions import parse_document
from server.plan.schemas import PlanView
from tests.matching.tables import AMOUNT


def test_the_pointer_of_a_fault_in_a_pass_fits_the_document_that_was_sent() -> None:
    document = copy.deepcopy(AMOUNT)
    document["passes"][0]["where"][0]["compare"] = "nothing"

    with pytest.raises(Invalid) as caught:
        parse_document(document)

    # With a union of kinds, pydantic would include the kind of the pass in the pointer. The lists around the fault are
    # not reported as too short.
    assert [fault.pointer for fault in caught.value.errors] == ["/document/passes/0/where/0/compare"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_pointer_names_the_kind_of_the_pass(kind: str) -> None:
    document = {**AMOUNT, "passes": [{"name": "first", "kind": kind, "accept": "perhaps", "unknown": 1}]}

    with pytest.raises(Invalid) as caught:
        parse_document(document)

    pointers = {fault.pointer for fault in caught.value.errors}
    assert {"/document/passes/0/accept", "/document/passes/0/unknown"} <= pointers
    assert not [pointer for pointer in pointers if f"/{kind}" in pointer]


def test_an_unknown_kind_is_answered_with_all_that_there_are() -> None:
    with pytest.raises(Invalid) as caught:
        parse_document({**AMOUNT, "passes": [{"name": "first", "kind": "magic"}]})

    assert all(kind in caught.value.errors[0].message for kind in KINDS)


@pytest.mark.parametrize(
    ("column", "pointers"),
    [
        ({"from": "memo", "extract": "("}, ["/extract"]),
        ({"from": "memo", "extract": r"(a)\1"}, ["/extract"]),  # RE2 has no such references
        ({"from": 5, "extract": ""}, ["/from", "/extract"]),
        ({"columm": "a"}, ["/columm", "/column"]),
        (5, [""]),
    ],
    ids=str,
)
def test_a_column_that_cannot_be_used_is_refused_where_it_stands(column: object, pointers: list[str]) -> None:
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["right"] = column

    with pytest.raises(Invalid) as caught:
        parse_document(document)

    assert {fault.pointer for fault in caught.value.errors} == {
        f"/document/fields/amount/right{pointer}" for pointer in pointers
    }


def test_a_pass_without_a_kind_is_told_so() -> None:
    with pytest.raises(Invalid) as caught:
        parse_document({**AMOUNT, "passes": [{"name": "first"}]})

    assert [(fault.pointer, fault.message) for fault in caught.value.errors] == [
        ("/document/passes/0", "It does not say of which kind it is.")
    ]


def test_all_faults_of_a_document_are_told_by_their_pointers() -> None:
    document = copy.deepcopy(AMOUNT)
    document["passes"][0]["where"] = [
        {"field": "nobody", "compare": "equal", "method": "ratio"},
        {"field": "who", "compare": "within", "absolute": "1"},
    ]

    with pytest.raises(Invalid) as caught:
        parse_document(document)

    where = "/document/passes/0/where"
    assert {(fault.pointer, fault.code) for fault in caught.value.errors} == {
        (f"{where}/0/field", "invalid_plan"),
        (f"{where}/0/method", "invalid_plan"),
        (f"{where}/1/compare", "invalid_plan"),
    }


def test_what_earlier_versions_have_stored_is_shown_as_it_can_be_sent_back() -> None:
    stored = copy.deepcopy(AMOUNT)
    stored["passes"][0]["where"][0] |= {"method": "token_set", "weight": 1.0}
    at = datetime(2026, 1, 5, tzinfo=UTC)
    row = {"id": uuid7(), "project_id": uuid7(), "name": "p", "hash": "h", "origin": "written", "version": 1}
    row |= {"created_at": at, "updated_at": at}

    shown, unreadable = (
        PlanView.of(cast(Plan, SimpleNamespace(**row, document=one))) for one in (stored, {"fields": 5})
    )

    assert shown.document["passes"][0]["where"] == AMOUNT["passes"][0]["where"]
    assert (shown.hash, len(shown.sentences)) == ("h", 1)
    assert parse_document(shown.document)
    assert (unreadable.document, unreadable.sentences) == ({"fields": 5}, [])
