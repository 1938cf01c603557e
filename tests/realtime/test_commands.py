"""The registry of commands: the socket accepts what the document says."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from realtime.commands import COMMANDS
from tests.realtime.wire import Wire

DOCUMENT = json.loads((Path(__file__).resolve().parents[2] / "docs/asyncapi.json").read_text())


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_and_its_answer_are_described(name: str) -> None:
    messages = DOCUMENT["components"]["messages"]
    options = messages[f"answer.{name}"]["payload"]["oneOf"]

    assert DOCUMENT["operations"][name]["action"] == "receive"
    assert messages[f"command.{name}"]["summary"] == COMMANDS[name].body.__doc__
    assert {"$ref": f"#/components/schemas/{COMMANDS[name].answer}"} in options
    assert COMMANDS[name].answer in DOCUMENT["components"]["schemas"]


async def test_the_answer_to_an_unknown_command_lists_all_commands(http: ClientSession, alice: Any) -> None:
    wire = await Wire.open(http, alice.token)

    answer = await wire.call("job.cancel", {})
    await wire.ws.close()

    assert answer["ok"] is False
    assert answer["problem"]["code"] == "unknown_command"
    assert answer["problem"]["detail"] == f"The commands are: {', '.join(COMMANDS)}."


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_refuses_unknown_fields(http: ClientSession, alice: Any, name: str) -> None:
    wire = await Wire.open(http, alice.token)

    answer = await wire.call(name, {"stream": "x", "token": "x", "more": 1})
    await wire.ws.close()

    assert answer["ok"] is False
    assert ("/more", "unknown_field") in {(fault["pointer"], fault["code"]) for fault in answer["problem"]["errors"]}
