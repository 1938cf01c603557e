"""The shapes of what arrives on the socket, as docs/asyncapi.json describes them."""

from typing import Any

from .problem import DOCUMENT
from .shape import NONE, Maybe, fits

ENVELOPE = {
    "stream": str,
    "seq": int,
    "epoch": str,
    "id": str,
    "type": str,
    "at": str,
    "actor": dict,
    "request_id": Maybe(str),
    "data": dict,
}
STATE = {"stream": str, "key": str, "version": int, "value": dict}
REFUSED = {"ok": bool, "problem": DOCUMENT}
SUBSCRIBED = {"ok": bool, "mode": str, "epoch": str, "head": int, "events": [ENVELOPE], "more": (bool, NONE)}
RESET = {**SUBSCRIBED, "state": Maybe(dict)}


def is_answer(answer: Any, stream: str) -> bool:
    """Whether this is an answer to a `subscribe` for the stream."""
    if not fits(answer, {"ok": bool}):
        return False
    if not answer["ok"]:
        return fits(answer, REFUSED)
    shape = RESET if answer.get("mode") == "snapshot" else SUBSCRIBED
    return fits(answer, shape) and answer["head"] >= 0 and all(event["stream"] == stream for event in answer["events"])


def is_message(name: str, body: dict[str, Any]) -> bool:
    """Whether this is a message about a stream. One of a later version that has neither a state nor a number is."""
    if name == "state":
        return fits(body, STATE)
    return "seq" not in body or fits(body, ENVELOPE)
