"""The web process. It serves one port until SIGTERM or SIGINT."""

import asyncio
import gc
import signal
from typing import Any

from aiohttp import web

from core import lifeline, log
from core.settings import Settings, SettingsError
from server.api.body.intake import INTAKE
from server.api.connections import CONNECTIONS, RESERVE, raise_descriptor_limit
from server.api.protocol import Runner
from server.app import build
from server.health.routes import DRAINING
from server.processes import memory
from server.processes.several import tell_ready
from server.store import database

# How HTTP is spoken, here and by the server of the tests.
HTTP: dict[str, Any] = {
    "auto_decompress": False,
    "handler_cancellation": True,
    "max_line_size": 32 * 1024,  # bytes; a cursor or filter of 2,000 characters, percent-encoded
    "lingering_time": 3.0,  # seconds for the rest of a body that was refused
    "shutdown_timeout": 2.0,  # seconds for requests that run when the process stops
}
# Connections that wait to be accepted; the kernel's own limit may be lower (net.core.somaxconn). After a restart thousands
# of sockets come back at once, and with 128 places most of them would have been told to try again a second later.
BACKLOG = 4096
# New objects after which garbage is looked for among the newest, and how often the older ones are looked at besides. Thousands
# of sockets that come back make objects that stay, and with the usual 700, 10 and 10 they were looked at again and again.
GARBAGE = (5_000, 20, 20)
logger = log.get(__name__)


async def serve(settings: Settings, *, shares_port: bool = False) -> None:
    """
    Serve until asked to stop. With `shares_port`, other web processes may use the same port.

    Raises: SettingsError when the schema or the port does not allow it.
    """
    memory.give_back()
    await database.wait_for_database(settings)
    await database.check_schema(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopping.set)
    lifeline.end_with_parent()
    app = build(settings)
    app[CONNECTIONS].most = max(RESERVE, raise_descriptor_limit() - RESERVE)
    runner = Runner(app, access_log=None, **HTTP)
    trimming = asyncio.create_task(memory.trim_forever(app[INTAKE].had_large), name="memory")
    try:
        await runner.setup()
        # What is loaded by now is never freed; a garbage collection that scanned it again held the loop for 80 ms.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GARBAGE)
        try:
            site = web.TCPSite(
                runner, settings.host, settings.port, backlog=BACKLOG, reuse_address=True, reuse_port=shares_port
            )
            await site.start()
        except OSError as error:
            raise SettingsError(
                f"TALLYROOM_PORT: {settings.host}:{settings.port} cannot be used ({error.strerror}); choose another port"
            ) from error
        tell_ready()
        logger.info("serving", url=settings.base_url, settings=settings.public())
        await stopping.wait()
        app[DRAINING].set()
        await site.stop()
    finally:
        trimming.cancel()
        await runner.cleanup()
