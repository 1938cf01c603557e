"""
An exchange with the socket as it is on the wire, for the page /docs/events.

It was recorded from a real one. tests/realtime/test_exchange.py repeats it with each client's line as it stands here,
and compares what the server answers.
"""

from dataclasses import dataclass
from typing import Literal

TOKEN = "YOUR_TOKEN"  # noqa: S105 - what stands on the page in place of a token
PROJECT = "01a22422-2073-7cce-8409-2208ffedef1c"
EPOCH = "899eddd0d15e"
CLIENT: Literal["client"] = "client"
SERVER: Literal["server"] = "server"


@dataclass(frozen=True)
class Step:
    """Packets that belong together: what they do, and who sends which text."""

    name: str
    title: str
    says: str
    packets: tuple[tuple[Literal["client", "server"], str], ...]


STEPS = (
    Step(
        "connect",
        "Connect",
        "Open a WebSocket to `/socket.io/?EIO=4&transport=websocket`. The server greets, the client opens `/live` with "
        "its token. From now on, answer each `2` (ping) with a `3` (pong).",
        (
            (
                SERVER,
                '0{"sid":"AT7CR-G5DJa1KafGAAAA","upgrades":[],"pingTimeout":20000,"pingInterval":25000,"maxPayload":65536}',
            ),
            (CLIENT, '40/live,{"token":"YOUR_TOKEN"}'),
            (SERVER, '40/live,{"sid":"7faSyT95c369YbkGAAAB"}'),
        ),
    ),
    Step(
        "subscribe",
        "Subscribe",
        "The number after `42/live,` is the client's own; the acknowledgement carries it. Without `after`, events follow "
        "from `head` on. Keep `epoch`, and `head` as the position.",
        (
            (CLIENT, '42/live,1["subscribe",{"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c"}]'),
            (
                SERVER,
                '43/live,1[{"ok":true,"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","epoch":"899eddd0d15e","head":0,"mode":"live","events":[]}]',
            ),
        ),
    ),
    Step(
        "event",
        "An event",
        "Somebody has renamed the project. Its `seq` is the new position.",
        (
            (
                SERVER,
                '42/live,["project.updated",{"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","seq":1,"epoch":"899eddd0d15e","id":"01a22422-2084-7d5c-aa2a-2ab1a86db4d0","type":"project.updated","at":"2026-11-28T21:49:06.050166Z","actor":{"id":"01a22416-16d0-71ad-9ac1-af3a127a6a5d","type":"user"},"request_id":"01a22422-2080-763f-8992-8f1a5e24b383","data":{"changed":["name"],"version":2}}]',
            ),
        ),
    ),
    Step(
        "replay",
        "Resume",
        "The connection was lost, and the project was renamed again in the meantime. Connect as before, and subscribe "
        "with the position and the epoch. The answer contains what was missed, and live events follow it without a gap.",
        (
            (
                CLIENT,
                '42/live,1["subscribe",{"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","after":1,"epoch":"899eddd0d15e"}]',
            ),
            (
                SERVER,
                '43/live,1[{"ok":true,"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","epoch":"899eddd0d15e","head":2,"mode":"replay","events":[{"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","seq":2,"epoch":"899eddd0d15e","id":"01a22422-2092-7f1e-9b0c-5c1e2f4a7d11","type":"project.updated","at":"2026-11-28T21:49:06.066077Z","actor":{"id":"01a22416-16d0-71ad-9ac1-af3a127a6a5d","type":"user"},"request_id":"01a22422-2090-7a53-8b1d-90d2c4e8f6a7","data":{"changed":["name"],"version":3}}]}]',
            ),
        ),
    ),
    Step(
        "snapshot",
        "When there is nothing to replay from",
        "The epoch is another one, as after a database was restored. The answer is the present state of what the stream is "
        "about, true at `head`. Events older than those kept are answered in the same way.",
        (
            (
                CLIENT,
                '42/live,2["subscribe",{"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","after":2,"epoch":"0123456789ab"}]',
            ),
            (
                SERVER,
                '43/live,2[{"ok":true,"stream":"project:01a22422-2073-7cce-8409-2208ffedef1c","epoch":"899eddd0d15e","head":2,"mode":"snapshot","events":[],"state":{"id":"01a22422-2073-7cce-8409-2208ffedef1c","name":"October 2026","description":"","my_role":"owner","timezone":"UTC","reason_codes":[{"code":"fee","label":"Fee","account":null},{"code":"fx","label":"Exchange rate difference","account":null},{"code":"rounding","label":"Rounding","account":null},{"code":"discount","label":"Discount","account":null},{"code":"duplicate","label":"Duplicate","account":null},{"code":"bad_debt","label":"Bad debt","account":null},{"code":"other","label":"Other","account":null}],"write_off_limit":null,"four_eyes_over":null,"auto_confirm_up_to":null,"counts":{"sources":0,"jobs_running":0,"to_review":0,"open_left":0,"open_right":0},"created_at":"2026-11-28T21:49:06.035545Z","updated_at":"2026-11-28T21:49:06.066077Z","version":3}}]',
            ),
        ),
    ),
    Step(
        "refusal",
        "A command that is refused",
        "The stream does not exist, or you may not see it. The socket stays open.",
        (
            (CLIENT, '42/live,3["subscribe",{"stream":"job:01a22422-209f-7b2a-8c8e-3f5d1a9b7c64"}]'),
            (
                SERVER,
                '43/live,3[{"ok":false,"problem":{"type":"/docs/problems#not_found","title":"Not found","status":404,"code":"not_found","detail":"Not found","request_id":"01a22422-20a1-730e-a397-ec361f08af6e","errors":[]}}]',
            ),
        ),
    ),
    Step(
        "token",
        "A token that is refused",
        "On a new connection, after the greeting. The server then closes the connection.",
        (
            (CLIENT, '40/live,{"token":"not a token"}'),
            (SERVER, '44/live,{"message":"unauthorized","data":{"code":"token_invalid"}}'),
        ),
    ),
)
