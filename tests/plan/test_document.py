"""How a document that is not a plan is refused."""

import copy

import pytest

from core.problems import Invalid
from server.plan.actions import parse_document
from tests.matching.tables import AMOUNT


def test_the_pointer_of_a_fault_in_a_pass_fits_the_document_that_was_sent() -> None:
    document = copy.deepcopy(AMOUNT)
    document["passes"][0]["where"][0]["compare"] = "nothing"

    with pytest.raises(Invalid) as caught:
        parse_document(document)

    # With a union of kinds, pydantic would include the kind of the pass in the pointer. The lists around the fault are
    # not reported as too short.
    assert [fault.pointer for fault in caught.value.errors] == ["/document/passes/0/where/0/compare"]
