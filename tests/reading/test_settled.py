"""An answer about states is about those that people saw: others are still asked about."""

import pytest

from matching.reading.mapping import MAX_VALUE, MAX_VALUES, Mapping
from matching.reading.settled import with_counted

SETTLED = [{"column": "State", "values": ["pending"]}]


def _month(*states: str) -> str:
    rows = ["2024-01-05,Rent,booked,-1250.00", "2024-01-16,Hotel,pending,-300.00", "2024-01-28,Sale,booked,2500.00"]
    rows += [f"2024-01-2{n},Shop {n},{state},{n + 1}.00" for n, state in enumerate(states)]
    return "\n".join(["Date,Text,State,Amount,Currency", *(f"{row},EUR" for row in rows)]) + "\n"


def test_the_states_of_the_answer_are_not_asked_about_again(load):
    found = load(_month(), mapping={"skip": SETTLED})

    assert (found.questions, found.amounts) == ([], ["-1250", "2500"])


@pytest.mark.parametrize(("state", "amounts"), [("declined", []), ("frobbed", [None])])
def test_a_state_that_nobody_has_decided_about_is_asked_about_and_does_not_count(load, state, amounts):
    found = load(_month(state), mapping={"skip": SETTLED})

    assert found.questions == [("State", "skip")]
    assert found.amounts == ["-1250", "2500", *amounts]


@pytest.mark.parametrize("state", ["declined", "frobbed"])
def test_a_state_that_is_said_to_count_counts(load, state):
    found = load(_month(state), mapping={"skip": [{"column": "State", "values": ["pending"], "counted": [state]}]})

    assert (found.questions, found.amounts) == ([], ["-1250", "2500", "1"])


def test_a_state_that_counts_is_not_left_out_because_another_one_is_asked_about(load):
    skip = [{"column": "State", "values": [], "counted": ["pending"]}]

    found = load(_month("declined"), mapping={"skip": skip})

    assert found.questions == [("State", "skip")]
    assert found.amounts == ["-1250", "-300", "2500"]


def test_an_empty_list_decides_about_all_states(load):
    found = load(_month("declined"), mapping={"skip": []})

    assert (found.questions, len(found.amounts)) == ([], 4)


def test_an_answer_about_another_column_says_nothing_about_states(load):
    found = load(_month(), mapping={"skip": [{"column": "Text", "values": ["Rent"]}]})

    assert (found.questions, found.amounts) == ([("State", "skip")], ["2500"])


def test_a_kind_of_state_settles_each_of_the_kind(load):
    text = (
        _month()
        .replace("pending", "denied 05")
        .replace("2500.00,EUR\n", "2500.00,EUR\n2024-01-29,X,denied 51,3.00,EUR\n")
    )

    found = load(text, mapping={"skip": [{"column": "State", "values": ["denied #"]}]})

    assert (found.questions, found.amounts) == ([], ["-1250", "2500"])


def test_an_answer_settles_as_much_as_a_mapping_can_hold():
    choices = ["x" * (MAX_VALUE + 1), *(f"state {n}" for n in range(MAX_VALUES + 1))]

    whole = with_counted(SETTLED, {"column": "State", "choices": choices})

    assert Mapping.model_validate({"skip": whole}).named()
    assert len(whole[0]["counted"]) == MAX_VALUES
