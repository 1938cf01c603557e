"""The amount that was chosen, and the questions that decide it where nothing tells."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matching.reading.roles.amounts import Amounts, Bookings
from matching.reading.roles.facts import Column, Levels
from matching.reading.roles.movements import Movement


@dataclass
class Choice:
    """The amount that was chosen, or the questions that decide it."""

    movement: Movement | None = None
    questions: list[dict[str, Any]] = field(default_factory=list)
    proof: str | None = None


def unsigned_in(choice: Choice) -> Amounts | None:
    """The chosen amount, if nothing says which way it moves."""
    movement = choice.movement
    is_plain = movement is not None and movement.kind == "signed" and not movement.amount.is_signed
    return movement.amount if movement is not None and is_plain else None


def amount_question(bookings: Bookings, numbers: list[Amounts]) -> dict[str, Any]:
    """The question which column is the amount, with what each would sum to."""
    numbers = numbers[:8]
    unit = 10**bookings.scale
    sums = [f"{n.name}: {int(n.values.sum()) / unit:.2f}" for n in numbers]
    return {
        "column": numbers[0].name,
        "columns": [n.name for n in numbers],
        "kind": "amount_column",
        "choices": [n.name for n in numbers],
        "examples": sums[:4],
    }


def fee_question(bookings: Bookings, amount: Amounts, fee: Amounts) -> dict[str, Any]:
    """
    The question whether the amount is what moves, or the amount less a fee. `fee` is the part of a mapping that takes
    the fee off.
    """
    values = fee.values[fee.moves]
    is_negative = 2 * int((values < 0).sum()) > len(values)
    piece = {"column": fee.name} | ({"signed": True} if is_negative else {})
    return amount_question(bookings, [amount, fee]) | {"fee": piece}


def mark_question(number: Amounts, amount: dict[str, Any], sides: list[str]) -> dict[str, Any]:
    """
    The question what begins the decimals of a column. `amount` is what is known of the amount besides, and `sides` are the
    debit and the credit, if it has two.
    """
    read = number.column.numbers
    texts = read.ok & ~read.exact
    rows = np.flatnonzero(texts if texts.any() else read.ok)[:4]
    return {
        "column": number.name,
        "columns": sides,
        "kind": "decimal_mark",
        "choices": [".", ","],
        "examples": [number.column.text(int(row)) for row in rows],
        "amount": amount,
    }


def sign_question(movement: Movement) -> dict[str, Any]:
    """The question which values or which side of a movement mean money out, where the arithmetic fits both ways."""
    if movement.levels is None and movement.other is not None:
        return side_question(movement.amount, movement.other)
    assert movement.levels is not None
    return words_question(movement.amount, movement.sign or movement.amount.column, movement.levels)


def side_question(one: Amounts, other: Amounts) -> dict[str, Any]:
    first, second = sorted((one, other), key=lambda n: n.column.index)
    return {
        "column": first.name,
        "columns": [first.name, second.name],
        "kind": "sign",
        "choices": [first.name, second.name],
        "examples": _examples(first) + _examples(second),
    }


def words_question(amount: Amounts, column: Column, levels: Levels) -> dict[str, Any]:
    values = [value for value in levels.values if value] or list(levels.values)
    return {
        "column": column.name,
        "columns": [amount.name] if column is not amount.column else [],
        "kind": "sign",
        "choices": values,
        "examples": values[:4],
        "amount": {"column": amount.name},
    }


def sign_by_hand(number: Amounts) -> dict[str, Any]:
    """The question whether the numbers of a column are money in or out, where no column can be named that says so."""
    rows = np.flatnonzero(number.column.numbers.ok)[:4]
    examples = [number.column.text(int(row)) for row in rows]
    amount = {"column": number.name} | ({"decimal": number.mark} if number.mark else {})
    question = {"column": number.name, "columns": [], "kind": "sign", "examples": examples, "amount": amount}
    return question | {"choices": ["in", "out"], "negate": True}


def _examples(number: Amounts) -> list[str]:
    rows = np.flatnonzero(number.column.filled)[:2]
    return [number.column.text(int(row)) for row in rows]
