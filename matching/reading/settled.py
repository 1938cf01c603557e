"""Which states of rows people have decided about, so that a state that nobody has seen yet is still asked about."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from matching.reading.cells.kinds import are_any
from matching.reading.mapping import MAX_VALUE, MAX_VALUES
from matching.reading.roles.found import Understanding

Piece = dict[str, Any]


def with_new_states(found: Understanding, said: list[Piece]) -> tuple[list[Piece], Understanding]:
    """
    The answers about states, with the values that were found beside theirs and that are left out by their words, and what was
    found, in which only those others are asked about. An empty list decides about all values, whatever they are.
    """
    question = asked_in(found)
    if question is None or not said:
        return said, found
    settled: list[str] = []
    given = next((piece for piece in said if piece["column"] == question["column"]), None)
    if given is not None:
        settled = [*given["values"], *(given.get("counted") or ())]
    new = _others(question["choices"], settled)
    rest = [q for q in found.questions if q is not question]
    if not new:
        return said, replace(found, questions=rest, unknown_states=None)
    column = question["column"]
    left = given["values"] if given is not None else []
    unknown = _others(found.unknown_states[1], settled) if found.unknown_states is not None else []
    out = [value for value in new if value not in unknown]
    here = [value for value in question["choices"] if value not in new and not _others([value], left)]
    asked = {**question, "choices": [*here, *new], "examples": new[:4]}
    whole = [piece for piece in said if piece is not given]
    if left or out or given is not None:
        whole.append({**(given or {"column": column}), "values": [*left, *out]})
    states = (column, tuple(unknown)) if unknown else None
    return whole, replace(found, questions=[*rest, asked], unknown_states=states)


def asked_in(found: Understanding) -> Piece | None:
    """The question about states that a file asks by itself, if there is one."""
    return next((question for question in found.questions if question["kind"] == "skip"), None)


def with_counted(said: list[Piece], asked: Piece, earlier: Sequence[Piece] = ()) -> list[Piece]:
    """
    An answer that says of each value that was asked about whether its rows count. Those that it does not leave out do, and so
    do those that an earlier answer about the column spoke of.
    """
    column = asked["column"]
    given = next((piece for piece in said if piece["column"] == column), {"column": column, "values": []})
    before = [
        value
        for piece in earlier
        if piece["column"] == column
        for value in (*piece["values"], *(piece.get("counted") or ()))
    ]
    known = dict.fromkeys([*(given.get("counted") or ()), *asked["choices"], *before])
    counted = [value for value in known if value not in given["values"] and len(value) <= MAX_VALUE][:MAX_VALUES]
    rest = [piece for piece in said if piece["column"] != column]
    return [*rest, {**given, "counted": counted}] if counted else said


def _others(values: Sequence[str], settled: Sequence[str]) -> list[str]:
    """The values that are none of these, nor of their kinds."""
    known = are_any(pa.array(values, pa.string()), settled).to_pylist()
    return [
        value for value, is_known in zip(values, known, strict=True) if not is_known and value.strip() not in settled
    ]
