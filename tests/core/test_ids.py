"""Identifiers are UUIDs of version 7, in the order in which they were made."""

from uuid import RFC_4122

from core.ids import uuid7


def test_identifiers_made_one_after_the_other_are_in_increasing_order() -> None:
    made = [uuid7() for _ in range(1_000)]

    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
