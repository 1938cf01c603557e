"""How this installation's hints travel: over the bus if one is set, otherwise as NOTIFY."""

import asyncio
from functools import partial
from typing import Any

from core.settings import Settings
from realtime.bus import ANSWER_S, BusHinter, Connection
from realtime.hint import Hinter, NotifyHinter, Receive, channel_of
from server.store import database
from server.store.keyring import Keyring


def hinter_of(settings: Settings, keyring: Keyring, receive: Receive | None = None) -> Hinter:
    """A hinter of this installation, not yet started."""
    if settings.bus_url is None:
        connect = partial(database.connect, settings, "tallyroom hints")
        return NotifyHinter(connect, channel_of(settings.database_schema), receive)
    return BusHinter(partial(connection_of, settings), keyring.audit, receive)


def connection_of(settings: Settings) -> Connection:
    """A connection to the bus, not yet open."""
    # It takes 7 MB and 70 ms, so whoever uses no bus does without.
    from redis.asyncio.connection import Connection as Plain
    from redis.asyncio.connection import SSLConnection, UnixDomainSocketConnection, parse_url

    assert settings.bus_url is not None
    options: dict[str, Any] = dict(parse_url(settings.bus_url.get_secret_value()))
    kind: Any = options.pop("connection_class", Plain)
    assert kind in (Plain, SSLConnection, UnixDomainSocketConnection)
    # Timeouts are ours: one of the library's would also end a listener to whom nobody says anything.
    common = {"protocol": 2, "socket_timeout": None, "driver_info": None, "client_name": "tallyroom"}
    found: Connection = kind(**options, **common)
    return found


async def try_bus(settings: Settings) -> None:
    """Open a connection and ask for an answer. Raises what the library raises."""
    connection = connection_of(settings)
    try:
        async with asyncio.timeout(ANSWER_S):
            await connection.connect()
            await connection.send_packed_command(connection.pack_commands([("PING",)]))
            await connection.read_response()
    finally:
        await connection.disconnect(nowait=True)
