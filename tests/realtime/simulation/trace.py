"""What happened in a run, line by line, to understand one that failed."""

from collections.abc import Callable
from typing import Any

from tests.realtime.simulation import database, process, sockets, world

WRITES = ("emit", "write", "acknowledge", "accept", "refuse", "close", "abort", "cut", "send")


def traced(run: "world.World") -> list[str]:
    """The lines of a run, as they are added while it runs. Only one run of a process can be traced."""
    lines: list[str] = []

    def note(*words: Any) -> None:
        lines.append(" ".join([f"{run.now:8.4f}", *map(str, words)]))

    for name in WRITES:
        _wrap(sockets.Socket, name, lambda one, *a: note(f"socket {one.session} of {one.client.number}:", *a), name)
    for name in ("_write", "restore", "forget_events", "put_state"):
        _wrap(database.Database, name, lambda _, *a: note("database:", *a), name)
    _wrap(process.Process, "kill", lambda one, *a: note(f"process {run.processes.index(one)}:", *a), "kill")
    frames, grant = database.Database.frames, process.Authority._grant

    def read_frames(self: Any, name: str, after: int, limit: int) -> Any:
        found = frames(self, name, after, limit)
        note(f"    read {name} after {after}:", [frame.seq for frame in found])
        return found

    def read_grant(self: Any, actor: Any, stream: str) -> Any:
        found = grant(self, actor, stream)
        note(f"    read the right of {self._database.number_of[actor.id]} to {stream}:", found)
        return found

    database.Database.frames = read_frames
    process.Authority._grant = read_grant
    return lines


def _wrap(owner: type, name: str, note: Callable[..., None], label: str) -> None:
    wrapped = getattr(owner, name)

    def call(self: Any, *args: Any, **options: Any) -> Any:
        note(self, label, *(str(argument)[:200] for argument in args), *(f"{k}={v}" for k, v in options.items()))
        return wrapped(self, *args, **options)

    setattr(owner, name, call)
