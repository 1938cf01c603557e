"""AsyncAPI 3, built from the event catalogue, the states and the socket commands."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from core.settings import Settings
from realtime.commands import COMMANDS
from realtime.events import CATALOGUE
from realtime.events.state import STATES
from realtime.guest import TOKENS_TOGETHER
from realtime.presence import LEAVE_S, MOST_SHOWN
from realtime.relay import PAGE, STATE_INTERVAL_S
from realtime.streams import NOUNS
from realtime.subscribing import MAX_PAGE_BYTES
from server import VERSION

REF = "#/components/schemas/{model}"
_SHARED: dict[str, dict[str, Any]] = {
    "Envelope": {
        "type": "object",
        "description": "The envelope of every durable event. An event on two streams has one id and two seq.",
        "required": ["stream", "seq", "epoch", "id", "type", "at", "actor", "request_id", "data"],
        "properties": {
            "stream": {"type": "string"},
            "seq": {"type": "integer", "minimum": 1},
            "epoch": {"type": "string"},
            "id": {"type": "string", "format": "uuid"},
            "type": {"type": "string"},
            "at": {"type": "string", "format": "date-time"},
            "actor": {
                "type": "object",
                "required": ["type", "id"],
                "properties": {
                    "type": {"type": "string", "enum": ["user", "token", "system"]},
                    "id": {"type": ["string", "null"], "format": "uuid"},
                },
            },
            "request_id": {"type": ["string", "null"]},
            "data": {"type": "object"},
        },
    },
    "Subscribed": {
        "type": "object",
        "description": "Live events begin right after the last event of the answer without `more`.",
        "required": ["ok", "stream", "epoch", "head", "mode", "events"],
        "properties": {
            "ok": {"const": True},
            "stream": {"type": "string"},
            "epoch": {"type": "string"},
            "head": {"type": "integer", "minimum": 0},
            "mode": {"type": "string", "enum": ["live", "replay", "snapshot"]},
            "events": {"type": "array", "items": {"$ref": "#/components/schemas/Envelope"}},
            "more": {"const": True, "description": "The stream is not live yet; subscribe again after the last event."},
            "state": {"type": "object", "description": "In mode snapshot, the REST view of what the stream is about."},
        },
    },
    "Done": {"type": "object", "required": ["ok"], "properties": {"ok": {"const": True}}},
    "TokenAccepted": {
        "type": "object",
        "required": ["ok", "expires_at"],
        "properties": {"ok": {"const": True}, "expires_at": {"type": "string", "format": "date-time"}},
    },
    "Refused": {
        "type": "object",
        "description": "The refusal of a command, with the same problem document that REST would send.",
        "required": ["ok", "problem"],
        "properties": {"ok": {"const": False}, "problem": {"type": "object"}},
    },
}
_TEXT = {"type": "string"}
_INSTANT = {"type": "string", "format": "date-time"}
# What the socket says about itself, outside the streams.
_NOTICES: dict[str, tuple[str, dict[str, Any]]] = {
    "stream.revoked": ("The right to a stream has ended; no more of its events follow.", {"stream": _TEXT}),
    "stream.reset": (
        "The stream cannot be continued; subscribe again.",
        {"stream": _TEXT, "reason": {"type": "string", "enum": ["behind", "epoch"]}},
    ),
    "presence": (
        "Everybody who is here on a stream that is followed, and who came and went since the last time. "
        f"Of more than {MOST_SHOWN} people the first are listed, and `total` counts all.",
        {
            "stream": _TEXT,
            "users": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["user_id", "since", "state", "visible"],
                    "properties": {
                        "user_id": _TEXT,
                        "since": _INSTANT,
                        "state": {
                            "type": ["object", "null"],
                            "additionalProperties": {"type": ["string", "integer", "boolean", "null"]},
                        },
                        "visible": {"type": "boolean"},
                    },
                },
            },
            "total": {"type": "integer"},
            "joined": {"type": "array", "items": _TEXT},
            "left": {"type": "array", "items": _TEXT},
        },
    ),
    "closing": (
        "The server is closing the socket; `reconnect` says whether to come back.",
        {"code": _TEXT, "reconnect": {"type": "boolean"}},
    ),
    "server.draining": (
        "The server is about to stop; reconnect after this time.",
        {"reconnect_in_ms": {"type": "integer"}},
    ),
    "auth.expiring": (
        "The token expires in a minute; send auth.refresh with a newer access token.",
        {"expires_at": _INSTANT},
    ),
    "auth.expired": ("The token has expired; `closing` follows.", {"expires_at": _INSTANT}),
    "auth.revoked": ("The session has ended or the API token was revoked; `closing` follows.", {"code": _TEXT}),
}


def _default(name: str) -> Any:
    return Settings.model_fields[name].default


_DESCRIPTION = f"""
Socket.IO 4 (protocol 5) at `/socket.io`, namespace `/live`. Clients may begin with polling and then upgrade; CONNECT is
answered once the transport is WebSocket.

**CONNECT** carries `auth: {{"token": ...}}`, an access token from POST /api/v1/auth/login, or an API token from
POST /api/v1/me/api-tokens with the scope `events`. Streams of projects and jobs need the scope `read` too, those of a vault `vault:list`, and the stream of a person is
not for API tokens. One API token may open many sockets. The namespace `/` is not served: a
client that opens it first gets `Invalid namespace` and goes on with `/live` on the same connection.

**Refusals of CONNECT** have the message `unauthorized` and a code in `data.code`: `token_missing`, `token_in_query`,
`token_invalid`, `token_expired`, `token_revoked`, `password_expired`, `forbidden` (an API token without the scope `events`, or from
another network), `websocket_required`. With `token_expired` refresh the access token and connect again. With `websocket_required` try
again later: the network in between may let WebSockets through by then. With the others do not come back by yourself. A connection
that closes without a refusal may be tried again at once, and later with longer pauses. docs/stream-cases.json lists case by case what a
client must do. Before CONNECT a request may get 429 `too_many_connections` or 503 `busy`, as a problem
with `Retry-After`.

**A token that ends.** `auth.expiring` comes a minute before. An API token has no successor: its sockets close when it expires or is
revoked. For an access token, send `auth.refresh` with a newer one, and the socket goes on;
otherwise it closes with the code `token_expired`. A token that is refreshed over REST does not reach open sockets by itself.

**Refusals of commands** are `{{"ok": false, "problem": ...}}`, with the codes of REST and `unknown_command`, `too_many_subscriptions`,
`rate_limited`. `unavailable` and `busy` are temporary. After as many commands refused with `rate_limited` as a burst has, less those
that might have been sent since, the socket closes with that code.

**Limits**, unless this server is set up otherwise: {_default("max_sockets_per_user")} sockets per person and as many per API token (the
oldest is closed with `too_many_connections`), {TOKENS_TOGETHER} times as many for all API tokens of a person, {_default("max_sockets_per_address"):,} sockets per address, {_default("max_pending_per_address")} of them that have not sent CONNECT,
{_default("socket_connect_s"):.0f} s to send it, {_default("max_subscriptions")} subscriptions per socket, {_default("max_commands_per_s"):.0f} commands per second with bursts of
{_default("max_command_burst")}, {_default("max_socket_message_bytes") // 1024} KiB per message from a client, {PAGE} events or {MAX_PAGE_BYTES // 1024} KiB per answer to `subscribe`.
**Who is here**: a person's socket says so with `presence.set` on a stream it follows, again after each `subscribe` on a new socket. All followers of
the stream get `presence`, with each person once however many tabs they have. Somebody whose last tab has gone leaves after {LEAVE_S:.0f} s. With
`visible` false, the socket gets `presence` at most once a second.

Each state is sent at most {1 / STATE_INTERVAL_S:.0f} times a second. Events are kept for {_default("events_keep_days")} days; who comes back later gets
a snapshot.

**Without a socket**: GET /api/v1/streams/{{stream}}/events answers with the same events, positions and snapshots, and waits up to 30 s for
the next event. States are not part of it.
""".strip()


def document() -> dict[str, Any]:
    """The AsyncAPI document of the namespace /live."""
    schemas, refs = _schemas()
    messages: dict[str, Any] = {}
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for noun in NOUNS:
        names = [name for name, kind in CATALOGUE.items() if noun in kind.nouns]
        channels[noun] = {
            "address": f"{noun}:{{id}}",
            "description": f"The stream of one {noun.split('-')[0]}: durable events in order of seq.",
            "parameters": {"id": {"description": "UUID"}},
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        }
        operations[f"receive.{noun}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{noun}"},
            "summary": "Sent to the sockets subscribed to the stream.",
            "description": "Events arrive in order of `seq`, without a gap, from the answer to `subscribe` on.",
        }
    for name, kind in CATALOGUE.items():
        envelope = {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {"properties": {"type": {"const": name}, "data": refs[kind]}},
            ]
        }
        messages[name] = _message(name, (kind.__doc__ or "").strip(), envelope)
    for name, model in STATES.items():
        state = {
            "type": "object",
            "required": ["stream", "key", "version", "value"],
            "properties": {
                "stream": _TEXT,
                "key": {"type": "string", "description": f"{name}:{{id}}"},
                "version": {"type": "integer", "minimum": 1},
                "value": refs[model],
            },
        }
        messages[f"state.{name}"] = _message("state", (model.__doc__ or "").strip().split("\n")[0], state)
    for name, (text, properties) in _NOTICES.items():
        schema = {"type": "object", "required": list(properties), "properties": properties}
        messages[name] = _message(name, text, schema)
    for name, command in COMMANDS.items():
        messages[f"command.{name}"] = _message(name, (command.body.__doc__ or "").strip(), refs[command.body])
        messages[f"answer.{name}"] = _message(
            name,
            "The acknowledgement.",
            {"oneOf": [{"$ref": f"#/components/schemas/{command.answer}"}, {"$ref": "#/components/schemas/Refused"}]},
        )
    socket = [n for n in messages if n.startswith(("command.", "answer.", "state."))] + list(_NOTICES)
    channels["socket"] = {
        "address": "/live",
        "description": "Commands with their acknowledgements, states, and what the socket says about itself.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in socket},
    }
    for name in COMMANDS:
        operations[name] = {
            "action": "receive",
            "description": "A Socket.IO event with one argument. Ask for an acknowledgement: it is the answer.",
            "channel": {"$ref": "#/channels/socket"},
            "messages": [{"$ref": f"#/channels/socket/messages/command.{name}"}],
            "reply": {
                "channel": {"$ref": "#/channels/socket"},
                "messages": [{"$ref": f"#/channels/socket/messages/answer.{name}"}],
            },
        }
    operations["notify"] = {
        "action": "send",
        "description": "States of what is followed, and what the socket says about itself. None of these is numbered.",
        "channel": {"$ref": "#/channels/socket"},
        "messages": [
            {"$ref": f"#/channels/socket/messages/{name}"}
            for name in socket
            if not name.startswith(("command.", "answer."))
        ],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tallyroom live",
            "version": VERSION,
            "description": _DESCRIPTION,
            "contact": {"name": "Tallyroom"},
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": dict(sorted(messages.items())), "schemas": dict(sorted(schemas.items()))},
    }


def _message(name: str, text: str, payload: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "summary": text, "payload": payload}


def _schemas() -> tuple[dict[str, Any], dict[type[BaseModel], Any]]:
    bodies = [command.body for command in COMMANDS.values()]
    models: list[type[BaseModel]] = [*CATALOGUE.values(), *STATES.values(), *bodies]
    mode: dict[type[BaseModel], JsonSchemaMode] = {
        model: "validation" if model in bodies else "serialization" for model in models
    }
    refs, definitions = models_json_schema([(model, mode[model]) for model in models], ref_template=REF)
    return {**definitions["$defs"], **_SHARED}, {model: refs[model, mode[model]] for model in models}
