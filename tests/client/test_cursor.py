"""The table of cases in docs/stream-cases.json, against the cursor of the Python client."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallyroom_client.cursor import Action, Cursor, Deliver, End, Replace, Subscribe, Unsubscribe, Wait, after_closing
from tallyroom_client.position import Position

TABLE = json.loads((Path(__file__).parents[2] / "docs/stream-cases.json").read_text())


def written(action: Action) -> list[Any]:
    """An action as the table writes it."""
    match action:
        case Subscribe(position=position):
            return [
                "subscribe",
                *([] if position is None else [part for part in place(position) or [] if part is not None]),
            ]
        case Unsubscribe():
            return ["unsubscribe"]
        case Deliver(event=event):
            return ["deliver", event["seq"]]
        case Replace(position=position):
            return ["snapshot", *(place(position) or [])]
        case Wait(failures=failures):
            return ["wait", failures]
        case End(problem=problem):
            return ["end", problem["code"]]


def place(position: Position | None) -> list[Any] | None:
    """A position as the table writes it."""
    return None if position is None else [position.seq, position.epoch]


def envelope(event: list[Any]) -> dict[str, Any]:
    return {"stream": "project:1", "seq": event[0], "epoch": event[1], "type": "project.updated", "data": {}}


class Played:
    """A cursor that a case is played to."""

    def __init__(self, start: list[Any] | None) -> None:
        self.cursor = Cursor(None if start is None else Position(*start))
        self.turns = [0]

    def play(self, step: dict[str, Any]) -> list[list[Any]]:
        """Lets a step happen. Returns: what the client does."""
        actions = self._happens()[step["happens"]](step)
        self.turns += [action.turn for action in actions if isinstance(action, Subscribe)]
        return [written(action) for action in actions]

    def _happens(self) -> dict[str, Callable[[dict[str, Any]], list[Action]]]:
        cursor = self.cursor
        return {
            "connected": lambda _: cursor.connected(),
            "lost": lambda _: cursor.lost(),
            "again": lambda _: cursor.again(),
            "reset": lambda _: cursor.reset(),
            "revoked": lambda _: cursor.revoked(),
            "pause": lambda _: cursor.pause(),
            "resume": lambda _: cursor.resume(is_connected=True),
            "resume offline": lambda _: cursor.resume(is_connected=False),
            "event": lambda step: cursor.event(envelope(step["event"])),
            "answer": lambda step: cursor.answered(self.turns[step.get("turn", 0) - 1], _answer(step["answer"])),
        }


def _answer(written: dict[str, Any] | None) -> dict[str, Any] | None:
    if written is None or not written["ok"]:
        return written
    return {**written, "events": [envelope(event) for event in written["events"]]}


@pytest.mark.parametrize("case", TABLE["streams"], ids=lambda case: case["name"])
def test_the_client_does_what_the_table_says(case: dict[str, Any]) -> None:
    played = Played(case["from"])

    for number, step in enumerate(case["steps"]):
        does = played.play(step)
        stands = (does, place(played.cursor.position), played.cursor.phase.value)
        assert stands == (step["does"], step["at"], step["phase"]), f"step {number}: {step}"


@pytest.mark.parametrize("case", TABLE["closings"], ids=lambda case: str(case["code"]))
def test_what_to_do_after_a_connection_has_ended(case: dict[str, Any]) -> None:
    assert after_closing(case["code"]) == case["does"]
