"""
The rules that keep a stream whole, each with a change of the code that takes it out. The simulation must notice.

A rule that could be taken out unnoticed is either not needed or not tested. Rules that stand behind another one, so that
only a rare order needs them, have a test of their own in test_interleavings.py and test_rights.py.
"""

import inspect
import json
import textwrap
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realtime import commands, subscribing
from realtime.frame import is_contiguous
from realtime.guest import Guest, Guests
from realtime.namespace import Namespace
from realtime.presence import Presence
from realtime.relay import Relay, Stream
from realtime.transport import Connection

# The seed and the plan that miss each rule. `make simulate ARGS=--find` writes them; after a change of the code others may.
CAUGHT = Path(__file__).parent / "caught.json"


@dataclass(frozen=True)
class Mutant:
    """A rule, and the text of a function without it."""

    rule: str
    function: Callable[..., Any]
    old: str
    new: str

    @property
    def caught_by(self) -> tuple[int, str]:
        """A seed and a plan that have missed the rule."""
        seed, plan = json.loads(CAUGHT.read_text()).get(self.rule, (0, "everything"))
        return seed, plan

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Without the rule while the block runs."""
        code = self.take_out()
        try:
            yield
        finally:
            self.function.__code__ = code

    def take_out(self) -> types.CodeType:
        """Takes the rule out of the function, for everybody who calls it. Returns: the code with it."""
        function = self.function
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.old) != 1:
            raise LookupError(f"{self.rule!r}: the text is in {function.__qualname__} {source.count(self.old)} times")
        code = compile(source.replace(self.old, self.new), function.__code__.co_filename, "exec")
        made = next(found for found in code.co_consts if isinstance(found, types.CodeType))
        before = function.__code__
        if made.co_freevars != before.co_freevars:
            raise LookupError(f"{self.rule!r}: the function has other free variables")
        function.__code__ = made
        return before


def _without(rule: str, function: Callable[..., Any], old: str, new: str = "") -> Mutant:
    return Mutant(rule, function, old, new)


MUTANTS = (
    _without(
        "the answer precedes what is live",
        subscribing._join,
        "    answer.reply(body)\n",
        '    __import__("asyncio").get_running_loop().call_soon(answer.reply, body)\n',
    ),
    _without("a pending subscription can be ended", subscribing.subscribe, "relay.note_pending(sub)", "pass"),
    _without("a removal in the page of the answer refuses it", subscribing._try, " or removed", ""),
    _without("rights that changed meanwhile are read again", subscribing._try, "guest.changes != changes or ", ""),
    _without("a stream that was made anew is held again", subscribing._try, "stream.is_gone or ", ""),
    _without("whoever has left is refused", subscribing._try, "is_over or guest.connection.is_closed", "is_over"),
    _without(
        "a right that is over by its time is refused", subscribing._try, "relay.has_ended(grant.valid_until) or ", ""
    ),
    _without("the previous subscription ends", subscribing.subscribe, "relay.drop(previous)", "pass"),
    _without(
        "a refused subscription is dropped",
        subscribing.subscribe,
        "        relay.drop(sub)\n        raise",
        "        raise",
    ),
    _without("another epoch gets a snapshot", subscribing.missed, "place.epoch not in (None, grant.epoch) or ", ""),
    _without(
        "a page with a gap gets a snapshot",
        subscribing.missed,
        "if is_contiguous(page, start, grant.epoch) else None",
        "",
    ),
    _without("events of one epoch only", is_contiguous, "all(frame.epoch == epoch for frame in frames)", "True"),
    _without(
        "events without a gap",
        is_contiguous,
        "if not frames or frames[0].seq != after + 1 or frames[-1].seq != after + len(frames):",
        "if not frames:",
    ),
    _without("one reader of each stream", Relay._on_head, " and not stream.is_reading", ""),
    _without("another epoch begins the stream anew", Relay._on_head, "if epoch != stream.epoch:", "if False:"),
    _without(
        "heads are compared, since hints may be lost",
        Relay._check_heads,
        "self._on_head(stream, at.epoch, at.head)",
        "pass",
    ),
    _without(
        "a removal ends the subscription before it is written",
        Relay._read,
        "self.end_user(user_id, stream.name, frame.seq)",
        "pass",
    ),
    _without(
        "what is read after a gap is not written",
        Relay._read,
        "not is_contiguous(frames, stream.tail, stream.epoch)",
        "not frames",
    ),
    _without("listeners hear every event", Relay._read, "listener(frame)", "pass"),
    _without(
        "a client that does not read gets a cursor, not a queue", Relay.pump, "sub.connection.is_writable and ", ""
    ),
    _without("a piece goes only to those who are right before it", Relay._fan_out, "sub.cursor == before", "True"),
    _without("a piece waits for a client that does not read", Relay._fan_out, "and connection.is_writable", ""),
    _without(
        "a piece waits while the right is in doubt",
        Relay._fan_out,
        "sub.doubts or sub.states_behind",
        "sub.states_behind",
    ),
    _without("nothing is written while the right is in doubt", Relay.pump, "not sub.doubts and ", ""),
    _without("one catch-up of each subscription", Relay.pump, "if not sub.is_catching_up:", "if True:"),
    _without(
        "a catch-up ends with its subscription", Relay._catch_up, "if not sub.is_live or sub.doubts:", "if False:"
    ),
    _without(
        "a catch-up with a gap begins anew",
        Relay._catch_up,
        "not is_contiguous(frames, sub.cursor, stream.epoch)",
        "not frames",
    ),
    _without(
        "a catch-up stops when the client does", Relay._catch_up, "if not sub.connection.is_writable:", "if False:"
    ),
    _without("an older removal does not count", Relay.end_user, "elif seq > sub.granted:", "else:"),
    _without("a removal above puts what is below in doubt", Relay.end_user, "follower.doubt({name})", "pass"),
    _without("a right ends at its time", Relay.end_at, "if at is not None:", "if False:"),
    _without("everybody who follows is told of a reset", Relay._reset_all, "self.reset(sub, reason)", "pass"),
    _without("listeners are told of a reset", Relay._reset_all, "listener(None)", "pass"),
    _without(
        "the version of a state never falls",
        Relay._write_state,
        "versions.get(state.key, 0) >= state.version",
        "False",
    ),
    _without(
        "states wait for a client that does not read",
        Relay._write_state,
        "sub.doubts or not sub.connection.is_writable",
        "sub.doubts",
    ),
    _without("states that waited are sent", Relay.pump, "for key in behind:", "for key in ():"),
    _without(
        "states are read again, since hints may be lost", Relay._check_heads, "await self._load_states(None)", "pass"
    ),
    _without("streams that nobody holds are let go", Relay._check_heads, "del self.streams[name]", "pass"),
    _without("people who have left are forgotten by the relay", Relay.drop, "del self.by_user[sub.user_id]", "pass"),
    _without(
        "only frames that reach the ring are put before it", Stream.prepend, "older[-1].seq + 1 == self.first and ", ""
    ),
    _without("only as many frames as fit are put before the ring", Stream.prepend, " and fits", ""),
    _without("somebody who leaves stops following", Guests._forget, "self.relay.drop(sub)", "pass"),
    _without(
        "somebody who leaves stops listening",
        Guests._forget,
        "guest.user_stream.listeners.discard(guest.on_user_event)",
        "pass",
    ),
    _without(
        "somebody who left while a right was read is forgotten",
        Guests.admit,
        "    if connection.is_closed:\n        self._forget(guest)\n        return\n",
        "",
    ),
    _without(
        "somebody who left while the account was read is forgotten",
        Guests._look_again,
        "self._forget(guest)  #",
        "pass  #",
    ),
    _without(
        "revocations between the account and the stream count",
        Guests._follow_user,
        "guest.on_user_event(frame)",
        "pass",
    ),
    _without(
        "the ring must reach back to the account", Guests._follow_user, "if at.head + 1 >= stream.first:", "if True:"
    ),
    _without(
        "their own stream is followed anew",
        Guests._look_at_account,
        "guest.user_stream is not None and guest.user_stream.is_gone",
        "False",
    ),
    _without(
        "a right that was lost ends",
        Guests._look_at,
        "if grant is None or self.relay.has_ended(grant.valid_until):",
        "if False:",
    ),
    _without(
        "an answer that a later doubt has overtaken does not count",
        Guests._look_at,
        "if not sub.is_live or sub.doubts != doubts:",
        "if not sub.is_live:",
    ),
    _without("what waited for a right is sent", Guests._look_at, "self.relay.pump(sub)", "pass"),
    _without(
        "an old end of a session is not the new one's",
        Guest.on_user_event,
        "if frame.seq <= self.known_head:",
        "if False:",
    ),
    _without(
        "the end of a session closes its sockets",
        Guest.on_user_event,
        'self._revoke()\n    elif kind == "api',
        'pass\n    elif kind == "api',
    ),
    _without("a lost access is looked at", Guest.on_user_event, 'self.doubt(set(data["streams"]))', "pass"),
    _without("a doubt is known to what is pending", Guest.doubt, "self.changes += 1", "pass"),
    _without("a doubt stops what is live", Guest.doubt, "sub.doubts += 1", "pass"),
    # Tokens that end.
    _without(
        "a token that ends closes its socket",
        Guest._steps,
        'partial(guests.close, connection, "token_expired")',
        "dict",
    ),
    _without("a client is told before its token ends", Guest._steps, "partial(self._tell_end, expires)", "dict"),
    _without(
        "a client is told that its token has ended",
        Guest._steps,
        'partial(connection.emit, "auth.expired", {"expires_at": rfc3339(expires)})',
        "dict",
    ),
    _without("the end of a token is told once", Guest._tell_end, "if self.told_end != expires:", "if True:"),
    _without("a newer token has its own end", Guest.renew, "self.watch_expiry()", "pass"),
    _without("the end of the older token no longer counts", Guest.watch_expiry, "self.forget_timer()", "pass"),
    _without("somebody who leaves has no end any more", Guests._forget, "guest.forget_timer()", "pass"),
    _without("only a token of the same session continues a socket", commands._refresh, "not is_same or ", ""),
    # Clients that take nothing.
    _without("a client that takes nothing is closed", Namespace.watch_stalled, "connection.abort()", "pass"),
    _without(
        "a client that takes little is not",
        Connection.is_stalled,
        "if taken != self._taken_bytes:",
        "if self._taken_bytes == -1:",
    ),
    _without(
        "nor one for which nothing waits",
        Connection.is_stalled,
        "if socket is None or not unsent:",
        "if socket is None:",
    ),
    # Who is here.
    _without("newcomers are shown who is here", Presence._added, "self._to_read.add(sub.name)", "pass"),
    _without(
        "newcomers are shown it although nothing has changed", Presence._tell, "for sub in newcomers:", "for sub in ():"
    ),
    _without("somebody who says something is here", Presence.set, "self._changed(sub.name, person)", "pass"),
    _without("somebody whose last tab goes leaves", Presence._let_go, "people.pop(user_id, None)", "pass"),
    _without("but not at once", Presence._let_go, "if at - since < LEAVE_S:", "if False:"),
    _without("and not if a tab comes back", Presence._stays, "self._leaving.pop((stream, user_id), None)", "pass"),
    _without(
        "a tab that follows again is here again",
        Presence._added,
        "if person is not None and sub.connection in person.dropped:",
        "if False:",
    ),
    _without(
        "hints are made up for with the next renewal",
        Presence._renew,
        "self._to_read.update(dict.fromkeys(name for name, stream in self._relay.streams.items() if stream.subs))",
        "pass",
    ),
    _without("what ended processes have left is removed", Presence._renew, "await self._fetch(_REAP, LEASE_S)", "()"),
    _without("a lease is renewed", Presence.run, "await self._renew()", "pass"),
    _without("a process that others removed says who is here again", Presence._lease, "if is_new:", "if False:"),
    _without(
        "a row that could not be written is written later", Presence._write, "self._to_write.update(names)", "pass"
    ),
    _without(
        "who is here waits for a client that does not read",
        Presence._write_to,
        " or not sub.connection.is_writable",
        "",
    ),
    _without("who is here waits while the right is in doubt", Presence._write_to, "sub.doubts or ", ""),
    _without("and is told afterwards", Presence._write_to, "self._behind.add(sub)", "pass"),
    _without("a hidden tab is told less often", Presence._tell, "if sub.connection.is_hidden:", "if False:"),
    _without(
        "also of what changed before it was visible again",
        Presence._tell,
        "self._behind.add(sub)  # until",
        "pass  # until",
    ),
)
