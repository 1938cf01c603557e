"""What people are told about a document that is not a plan."""

import copy

import pytest

from core.problems import Invalid
from server.plan.actions import parse_document
from tests.matching.tables import AMOUNT


def test_a_fault_in_a_pass_is_named_by_its_place_in_the_document_that_was_sent() -> None:
    document = copy.deepcopy(AMOUNT)
    document["passes"][0]["where"][0]["compare"] = "nothing"

    with pytest.raises(Invalid) as caught:
        parse_document(document)

    # A union of kinds would have pydantic put the kind of the pass into the pointer.
    # Nor is anything said of the lists around it, which are not too short.
    assert [fault.pointer for fault in caught.value.errors] == ["/document/passes/0/where/0/compare"]
