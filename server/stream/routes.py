"""Streams over plain HTTP, for programs without a socket."""

import asyncio

from aiohttp import web

from core import problems
from realtime.polling import Look, Polls
from realtime.subscribing import Place
from server.api.admission import TURN_OWNER, TURNS
from server.api.endpoint import QueryRequest
from server.api.reply import reply_view
from server.api.routing import Routes
from server.stream.schemas import EventPage, EventsQuery

routes = Routes("streams")
POLLS: web.AppKey[Polls] = web.AppKey("polls", Polls)


@routes.get(
    "/streams/{stream}/events",
    scope="events",
    query=EventsQuery,
    answers={200: EventPage},
    problems=(problems.NotFound, problems.TooManyConnections),
    takes_turns_itself=True,
)
async def read_events(api: QueryRequest[EventsQuery]) -> web.StreamResponse:
    """
    Read the events of a stream after a position, and wait for the next ones.

    An API token also needs the scope `read` for streams of projects and jobs, and `vault:list` for those of vaults.
    """
    name, asked = api.request.match_info["stream"], Place(api.query.after, api.query.epoch)
    if not api.query.wait:
        return reply_view(_page(name, await _look(api, name, asked)))
    # The place comes first, so that a poll that is refused costs less than one that is served.
    with api.request.app[POLLS].turn(api.actor):
        return reply_view(_page(name, await _wait(api, name, asked)))


async def _wait(api: QueryRequest[EventsQuery], name: str, place: Place) -> Look:
    """What there is or, if that is nothing, the next that happens."""
    until = asyncio.get_running_loop().time() + api.query.wait
    look = await _look(api, name, place)
    while not look.is_news and await api.request.app[POLLS].wait(name, look, until):
        api.actor = await api.actor_now()
        look = await _look(api, name, Place(look.after, look.grant.epoch))
    return look


async def _look(api: QueryRequest[EventsQuery], name: str, place: Place) -> Look:
    """What there is, read in a turn of its own: the turn of a request that waits would keep others waiting."""
    async with api.request.app[TURNS].turn(api.request[TURN_OWNER]):
        return await api.request.app[POLLS].look(api.actor, name, place, api.query.limit)


def _page(name: str, look: Look) -> dict[str, object]:
    """An EventPage. Events stay as they are framed for sockets, so that both are the same."""
    return {
        "stream": name,
        "epoch": look.grant.epoch,
        "head": look.grant.head,
        "mode": "snapshot" if look.page is None else "replay" if look.page else "live",
        "events": [frame.event for frame in look.page or ()],
        "after": look.after,
        "more": look.after < look.grant.head,
        "state": look.state,
    }
