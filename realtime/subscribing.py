"""The answer to `subscribe`: what was missed, or a snapshot, and live from there on without a gap."""

from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from core import problems
from realtime import streams
from realtime.frame import Frame, is_contiguous
from realtime.guest import Grant, Guest
from realtime.relay import PAGE, Relay, Stream, Subscription

MAX_PAGE_BYTES = 256 * 1024
MAX_TRIES = 5  # for a subscription whose person's rights change while it is being answered


class Reply(Protocol):
    """Acknowledges a command, if the client asked for it."""

    def __call__(self, answer: dict[str, Any], /) -> None:
        """Queue the answer."""
        ...


@dataclass(frozen=True)
class Place:
    """The position a client wants to continue from: after an event of an epoch, or from now on."""

    after: int | None
    epoch: str | None


@dataclass(frozen=True)
class _Answer:
    """
    The answer to a subscription: the events that were missed (None: a snapshot instead), and the snapshot's state.
    """

    place: Place
    reply: Reply
    page: list[Frame] | None
    state: dict[str, Any] | None


async def subscribe(guest: Guest, name: str, place: Place, reply: Reply) -> None:
    """Make a guest follow a stream, and answer before anything live. Raises: NotFound, TooManySubscriptions, Busy."""
    relay, limit = guest.guests.relay, guest.guests.limits.subscriptions
    if streams.parse(name) is None:
        raise problems.NotFound
    previous = guest.subs.pop(name, None)
    if previous is not None:
        relay.drop(previous)
    if len(guest.subs) >= limit:
        raise problems.TooManySubscriptions(f"A socket may follow at most {limit} streams.")
    sub = Subscription(guest.connection, guest, str(guest.actor.id), name)
    relay.note_pending(sub)  # from here on a removal is noticed
    try:
        for _ in range(MAX_TRIES):
            if await _try(guest, sub, place, reply):
                break
        else:
            raise problems.Busy
    except BaseException:
        relay.drop(sub)
        raise
    if sub.is_live:
        guest.guests.count()
        await relay.send_states(sub)


async def _try(guest: Guest, sub: Subscription, place: Place, reply: Reply) -> bool:
    """Answer with the current rights. Returns false if they changed meanwhile or the stream was recreated."""
    authority, relay = guest.guests.authority, guest.guests.relay
    changes = guest.changes
    grant = await authority.grant(guest.actor, sub.name)
    if grant is None:
        raise problems.NotFound
    stream = relay.hold(sub.name, grant.epoch, grant.head)
    stream.pending += 1
    try:
        state = None
        page = await missed(relay, sub.name, grant, place, PAGE)
        if page is None:
            taken = await authority.snapshot(guest.actor, sub.name)
            if taken is None:
                raise problems.NotFound
            grant, state = taken
            if relay.hold(sub.name, grant.epoch, grant.head) is not stream:
                return False
        # No await from here to the end, so that the answer comes before everything live.
        if guest.changes != changes or stream.is_gone or grant.epoch != stream.epoch:
            return False
        removed = any(sub.user_id in frame.ends and frame.seq > grant.head for frame in page or ())
        is_over = relay.has_ended(grant.valid_until) or sub.ended_at > grant.head or removed
        if is_over or guest.connection.is_closed:
            raise problems.NotFound
        _join(guest, sub, stream, grant, _Answer(place, reply, page, state))
        return True
    finally:
        stream.pending -= 1


async def missed(relay: Relay, name: str, grant: Grant, place: Place, limit: int) -> list[Frame] | None:
    """What a client has missed of a stream, at most `limit` events, or None if it needs a snapshot."""
    start = grant.head if place.after is None else place.after
    if place.epoch not in (None, grant.epoch) or not grant.floor <= start <= grant.head:
        return None
    if start == grant.head:
        return []
    page, source = await relay.page(name, grant.epoch, start, limit)
    relay.counts.pages[source] += 1
    return _bounded(page) if is_contiguous(page, start, grant.epoch) else None


def _join(guest: Guest, sub: Subscription, stream: Stream, grant: Grant, answer: _Answer) -> None:
    """Write the answer and make the subscription live right after it. Contains no await."""
    relay, page = guest.guests.relay, answer.page or []
    start = grant.head if answer.page is None or answer.place.after is None else answer.place.after
    cursor = page[-1].seq if page else start
    more = cursor < grant.head and cursor + 1 < stream.first
    body: dict[str, Any] = {
        "ok": True,
        "stream": sub.name,
        "epoch": grant.epoch,
        "head": grant.head,
        "mode": "snapshot" if answer.page is None else "replay" if page else "live",
        "events": [orjson.Fragment(frame.json) for frame in page],
    }
    relay.counts.resumes[body["mode"]] += 1
    relay.counts.resumed_events += len(page)
    if answer.state is not None:
        body["state"] = answer.state
    if more:
        body["more"] = True
    answer.reply(body)
    if more:
        relay.drop(sub)
        return
    sub.stream, sub.parents, sub.cursor, sub.granted = stream, grant.parents, cursor, grant.head
    guest.subs[sub.name] = sub
    relay.end_at(sub, grant.valid_until)
    relay.add(sub)


def _bounded(frames: list[Frame]) -> list[Frame]:
    """As many frames as an answer may hold, at least one."""
    size = 0
    for position, frame in enumerate(frames):
        size += len(frame.wire)
        if size > MAX_PAGE_BYTES and position:
            return frames[:position]
    return frames
