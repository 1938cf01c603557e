"""
Sends an export: one task reads the database into a spool while this one encodes its pages and sends them.

Encoding is work for the processor, in Arrow and in threads, and leaves the event loop free.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass

from aiohttp import web
from tortoise import Tortoise

from core import log
from models.access import Actor
from server.api.admission import TURNS, Kind, Owner
from server.export import csv, jsonl, parquet, queries, xlsx
from server.export.actions import begin_export
from server.export.encoding import Encoder, Format
from server.export.places import PLACES, Places
from server.export.spool import PAGE_BYTES, Spool
from server.export.targets import Selection, Target, check_still
from server.store.errors import described
from server.store.reading import reading

FORMATS = {"csv": csv.FORMAT, "xlsx": xlsx.FORMAT, "jsonl": jsonl.FORMAT, "parquet": parquet.FORMAT}
logger = log.get(__name__)


@dataclass(frozen=True)
class Export:
    """An export that somebody asked for. `owner` is whose turns it takes at the database."""

    request: web.Request
    actor: Actor
    owner: Owner
    target: Target

    @property
    def format(self) -> Format:
        """The format that was asked for."""
        return FORMATS[self.target.query.format]

    @property
    def places(self) -> Places:
        """Where exports take place."""
        return self.request.app[PLACES]

    def turn(self, kind: Kind = "plain") -> AbstractAsyncContextManager[None]:
        """A turn at the database."""
        return self.request.app[TURNS].turn(self.owner, kind)

    async def check(self) -> None:
        """Check the right to it again. Raises: NotFound, Forbidden, TokenRevoked."""
        async with self.turn():
            await check_still(self.actor, self.target, Tortoise.get_connection("default").execute_query_dict)


async def send(export: Export) -> web.StreamResponse:
    """
    Answer a request with an export. The caller holds one of PLACES.

    Raises: NotFound, Forbidden, Busy, StorageFull, as long as nothing has been sent. After that the connection breaks off.
    """
    export.places.disk.refuse_when_full(PAGE_BYTES)
    async with export.turn():
        await begin_export(export.actor, export.target)
    with Spool(export.places) as spool:
        opened: asyncio.Future[Selection] = asyncio.get_running_loop().create_future()
        filling = asyncio.create_task(_fill(export, spool, opened), name="export")
        try:
            selection = await opened
            response = _response(export, selection)
            await response.prepare(export.request)
            await _send(export, response, spool, selection)
            return response
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)


async def _fill(export: Export, spool: Spool, opened: "asyncio.Future[Selection]") -> None:
    """Read everything in one snapshot. Its connection is given back when the last row is in the spool."""
    try:
        async with export.turn("export"), reading(has_cursor=True) as snapshot:
            selection = await export.target.select(export.actor, snapshot)
            opened.set_result(selection)
            await queries.write_rows(snapshot, selection, spool.put)
        await spool.finish()
    except Exception as error:  # noqa: BLE001 - passed on to the request, which answers it or breaks off
        if opened.done():
            spool.fail(error)
        else:
            opened.set_exception(error)


def _response(export: Export, selection: Selection) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": export.format.media_type,
            "Content-Disposition": f'attachment; filename="{selection.name}.{export.format.suffix}"',
        }
    )
    if selection.link is not None:
        response.headers["Link"] = f'<{selection.link}>; rel="describedby"'
    response.headers["Stream-Position"] = str(selection.position.head)
    response.headers["Stream-Epoch"] = selection.position.epoch
    return response


async def _send(export: Export, response: web.StreamResponse, spool: Spool, selection: Selection) -> None:
    """
    Send the file. If something goes wrong, end the connection, so that the client does not take a part for the whole.
    """
    try:
        encoder = await export.places.encoding.run(export.format.encoder, selection.about)
        async for piece in _pieces(export, encoder, spool):
            if piece:
                await response.write(piece)
        await response.write_eof()
    except ConnectionError:
        raise  # the client has gone
    except Exception as error:  # noqa: BLE001 - the head has been sent; all that can still be said is that this is not all
        logger.warning("an export broke off", of=str(export.target.resource[1]), **described(error))
        if export.request.transport is not None:
            export.request.transport.abort()


async def _pieces(export: Export, encoder: Encoder, spool: Spool) -> AsyncIterator[bytes | memoryview]:
    """The bytes of the file. Before each page the right to it is checked again."""
    yield await export.places.encoding.run(encoder.begin)
    async with aclosing(spool.pages()) as pages:
        async for page in pages:
            _, piece = await asyncio.gather(export.check(), export.places.encoding.run(encoder.add, page))
            yield piece
    yield await export.places.encoding.run(encoder.end)
