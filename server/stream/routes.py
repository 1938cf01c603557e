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
    name, polls, asked = api.request.match_info["stream"], api.request.app[POLLS], api.query
    until = asyncio.get_running_loop().time() + asked.wait
    look = await _look(api, name, Place(asked.after, asked.epoch))
    if asked.wait and not look.is_news:
        with polls.turn(api.actor):
            while not look.is_news and await polls.wait(name, look, until):
                api.actor = await api.actor_now()
                look = await _look(api, name, Place(look.after, look.grant.epoch))
    return reply_view(_page(name, look))


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
