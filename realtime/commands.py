"""What a client may ask for over its socket. Everything else that changes something is HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import log, problems
from core.clock import rfc3339
from core.ids import uuid7
from core.problems import Fault, Problem, Unavailable
from realtime.guest import Guest, Guests
from realtime.presence import Tab
from realtime.socket import Socket
from realtime.subscribing import Place, Reply, subscribe

logger = log.get(__name__)


class Body(BaseModel):
    """The one argument of a command. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class Command:
    """A command: its argument, the schema of its answer, and the function that runs it."""

    body: type[Body]
    answer: str  # a schema in the AsyncAPI document
    run: Callable[[Guest, Any, Reply], Awaitable[None]]


COMMANDS: dict[str, Command] = {}
_Run = Callable[[Guest, Any, Reply], Awaitable[None]]


def _command(name: str, body: type[Body], answer: str) -> Callable[[_Run], _Run]:
    """Register the function that runs a command. It replies itself, or raises a Problem."""

    def register(run: _Run) -> _Run:
        COMMANDS[name] = Command(body, answer, run)
        return run

    return register


class Subscribe(Body):
    """Follow a stream, from a position or from now on."""

    stream: str = Field(max_length=64)
    after: int | None = Field(None, ge=0, le=2**53)
    epoch: str | None = Field(None, max_length=64)


@_command("subscribe", Subscribe, answer="Subscribed")
async def _subscribe(guest: Guest, body: Subscribe, reply: Reply) -> None:
    await subscribe(guest, body.stream, Place(body.after, body.epoch), reply)


class Unsubscribe(Body):
    """Stop following a stream."""

    stream: str = Field(max_length=64)


@_command("unsubscribe", Unsubscribe, answer="Done")
async def _unsubscribe(guest: Guest, body: Unsubscribe, reply: Reply) -> None:
    sub = guest.subs.pop(body.stream, None)
    if sub is not None:
        guest.guests.relay.drop(sub)
        guest.guests.count()
    reply({"ok": True})


class RefreshToken(Body):
    """A newer access token for the same session."""

    token: str = Field(max_length=4096)


@_command("auth.refresh", RefreshToken, answer="TokenAccepted")
async def _refresh(guest: Guest, body: RefreshToken, reply: Reply) -> None:
    try:
        actor = await guest.guests.authority.authenticate(body.token, guest.connection.address)
    except Problem as problem:
        guest.guests.close(guest.connection, problem.code, reconnect=problem.status == Unavailable.status)
        return
    is_same = (actor.acting_id, actor.session_id) == (guest.actor.acting_id, guest.actor.session_id)
    if not is_same or actor.token_expires_at is None:
        guest.guests.close(guest.connection, "token_invalid")
        return
    if actor.password_expired:
        guest.guests.close(guest.connection, "password_expired")
        return
    guest.renew(actor, body.token)
    reply({"ok": True, "expires_at": rfc3339(actor.token_expires_at)})


StateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
StateValue = Annotated[str, Field(max_length=128)] | bool | Annotated[int, Field(ge=-(2**31 - 1), le=2**31 - 1)] | None


class SetPresence(Body):
    """Say that a person is here, on a stream that this socket follows, and what they do there."""

    stream: str = Field(max_length=64)
    state: Annotated[dict[StateName, StateValue], Field(max_length=8)] | None = None
    visible: bool = True


@_command("presence.set", SetPresence, answer="Done")
async def _set_presence(guest: Guest, body: SetPresence, reply: Reply) -> None:
    if guest.actor.limits is not None:
        raise problems.Forbidden("Only people are here. A program follows a stream without saying so.")
    sub = guest.subs.get(body.stream)
    if sub is None or body.stream.startswith("user:"):
        raise problems.NotFound("Subscribe to the stream first.")
    guest.guests.presence.set(sub, Tab(body.state, body.visible))
    reply({"ok": True})


async def run_command(guests: Guests, connection: Socket, name: str, arguments: list[Any], number: int | None) -> None:
    """Run a command and answer it. `number` is the client's acknowledgement id, if it wants an answer."""
    guest = guests.of(connection)
    if guest is None:
        connection.close()
        return
    reply = partial(_acknowledge, connection, number)
    token = log.request_id.set(str(uuid7()))
    try:
        _spend(guest)
        command = COMMANDS.get(name)
        if command is None:
            raise problems.UnknownCommand(f"The commands are: {', '.join(COMMANDS)}.")
        await command.run(guest, _parse(command.body, arguments), reply)
    except Problem as problem:
        guests.counts.refused[problem.code] += 1
        reply(_refusal(problem))
    except Exception as error:
        failure = guests.hooks.problem_of(error)
        if isinstance(failure, problems.Internal):
            logger.exception("a command failed", command=name[:64])
        else:
            logger.warning("a command could not be answered", status=failure.status, **guests.hooks.described(error))
        reply(_refusal(failure))
    finally:
        log.request_id.reset(token)


def _acknowledge(connection: Socket, number: int | None, answer: dict[str, Any], /) -> None:
    if number is not None:
        connection.acknowledge(number, answer)


def _refusal(problem: Problem) -> dict[str, Any]:
    return {"ok": False, "problem": problem.document(log.request_id.get())}


def _spend(guest: Guest) -> None:
    """
    Use up one of the commands that a guest may send now. A guest who goes on as if nothing had been refused is closed: after as
    many refused commands as a burst has, less those that may be sent in the time since. Raises: RateLimited.
    """
    limits, at = guest.guests.limits, asyncio.get_running_loop().time()
    earned = (at - guest.refilled_at) * limits.commands_per_s
    guest.tokens = min(float(limits.command_burst), guest.tokens + earned)
    guest.over = max(0.0, guest.over - earned)
    guest.refilled_at = at
    if guest.tokens >= 1:
        guest.tokens -= 1
        return
    guest.over += 1
    problem = problems.RateLimited("Too many commands. Wait, then try again.", retry_after_s=1)
    if guest.over >= limits.command_burst:
        guest.guests.close(guest.connection, problem.code, reconnect=True)
    raise problem


def _parse(body: type[Body], arguments: list[Any]) -> Body:
    """The one argument of a command. Raises: Invalid."""
    if len(arguments) != 1 or not isinstance(arguments[0], dict):
        raise problems.Invalid(errors=(Fault("", "invalid_field", "send exactly one object"),))
    try:
        return body.model_validate(arguments[0])
    except ValidationError as error:
        codes = {"extra_forbidden": "unknown_field", "missing": "missing_field"}
        faults = tuple(
            Fault(
                "".join(f"/{part}" for part in fault["loc"])[:200].encode(errors="replace").decode(),
                codes.get(fault["type"], "invalid_field"),
                fault["msg"].split(",")[0],
            )
            for fault in error.errors(include_input=False, include_url=False)[:20]
        )
        raise problems.Invalid(errors=faults) from None
