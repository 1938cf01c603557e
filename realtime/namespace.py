"""The namespace /live: passes what the transport reports to guests and commands, and closes everything."""

import asyncio
from typing import Any

from core import log
from realtime.commands import run_command
from realtime.guest import Authority, Guests, Hooks, Limits
from realtime.presence import Presence
from realtime.relay import Relay
from realtime.transport import Connection, LiveServer

logger = log.get(__name__)


class Namespace:
    """Authenticates connections and runs their commands, one at a time per connection."""

    def __init__(self, limits: Limits, hooks: Hooks) -> None:
        self.guests = Guests(limits, hooks)
        self.server: LiveServer | None = None

    def attach(self, authority: Authority, relay: Relay, presence: Presence) -> None:
        """Set what is opened only after the route has been created."""
        self.guests.authority, self.guests.relay, self.guests.presence = authority, relay, presence

    async def on_connect(self, connection: Connection, auth: Any) -> None:
        """Handle CONNECT over WebSocket."""
        await self.guests.admit(connection, auth)

    async def on_command(self, connection: Connection, name: str, arguments: list[Any], number: int | None) -> None:
        """Run a command for a client that was let in."""
        await run_command(self.guests, connection, name, arguments, number)

    def on_closed(self, connection: Connection) -> None:
        """Forget a connection whose transport is gone."""
        self.guests.leave(connection)
        self.guests.count()

    def on_drained(self, connection: Connection) -> None:
        """The client took what was queued, so continue from its cursors."""
        guest = self.guests.of(connection)
        if guest is not None:
            for sub in list(guest.subs.values()):
                self.guests.relay.pump(sub)

    async def watch_stalled(self) -> None:
        """Close clients that have taken nothing for 30 s."""
        while True:
            stalled_s = self.server.stalled_s if self.server is not None else 30.0
            await asyncio.sleep(stalled_s / 6)
            try:
                for connection in self.server.stalled() if self.server is not None else ():
                    logger.warning("a socket reads nothing and is closed", sid=connection.sid)
                    self.guests.counts.closed["stalled"] += 1
                    connection.abort()
            except Exception:
                logger.exception("stalled sockets could not be searched for")

    async def drain(self, seconds: float = 1.5) -> None:
        """Tell all clients to come back later, spread over time, and close their transports in batches."""
        if self.server is None:
            return
        self.server.is_draining = True
        everybody = list(self.server.connections.values())
        for position, connection in enumerate(everybody):
            if connection.is_connected:
                connection.emit("server.draining", {"reconnect_in_ms": 200 + position * 2000 // max(len(everybody), 1)})
        batch = max(50, len(everybody) // 10)
        for start in range(0, len(everybody), batch):
            for connection in everybody[start : start + batch]:
                connection.close("draining", reconnect=True)
            await asyncio.sleep(min(0.1, seconds / 10))
        self.guests.stop()
        if everybody:
            await asyncio.sleep(0.2)
        await self.server.shutdown()
