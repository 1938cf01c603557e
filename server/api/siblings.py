"""
Connections that another web process on the same port has to answer.

The kernel divides connections among the processes, so a client that begins with polling reaches one that does not know its
session with every other request. The id of such a session begins with the number of its process. When the next request on a
connection names a session of another process, the connection is given to it, with the bytes that have been read. Everything
goes over the parent (server/processes/several.py), the only one that all of them know.
"""

import array
import asyncio
import contextlib
import os
import re
import socket
from collections.abc import Callable

from aiohttp import web

from core import log

SIBLINGS_OF = "TALLYROOM_SIBLINGS"  # the process's number and the descriptor of its end, as "3:12"
MOST_BYTES = 32 * 1024  # that have been read of a request
NUMBER = re.compile(rb"(?:GET|POST) /socket\.io/\?(?:[^ \r\n]*&)?sid=([0-9]{1,9})\.")
BUFFER_BYTES = 256 * 1024
logger = log.get(__name__)


class Siblings:
    """The other web processes on this port, seen from one of them."""

    def __init__(self, number: int, end: socket.socket) -> None:
        self.number = number
        self._end = end
        self._arriving: set[asyncio.Task[None]] = set()

    @property
    def prefix(self) -> str:
        """What the ids of this process's sessions begin with."""
        return f"{self.number}."

    def receive(self, make: Callable[[bytes], asyncio.Protocol]) -> None:
        """From now on, take connections from the others. `make` returns the protocol for one, of which bytes were read."""
        asyncio.get_running_loop().add_reader(self._end, self._take, make)

    def close(self) -> None:
        """Take no more connections."""
        asyncio.get_running_loop().remove_reader(self._end)
        self._end.close()

    def is_theirs(self, data: bytes) -> bool:
        """Whether bytes begin with a request that names a session of another process."""
        found = NUMBER.match(data)
        return found is not None and int(found[1]) != self.number

    def give(self, data: bytes, descriptor: int) -> bool:
        """
        Give a connection to the process whose session its next request names.

        Args:
            data: what has been read from it, for which `is_theirs` is true.

        Returns: whether it was given away; then it must be closed here.
        """
        found = NUMBER.match(data) if len(data) <= MOST_BYTES else None
        return found is not None and pass_on(self._end, int(found[1]), data, descriptor)

    def _take(self, make: Callable[[bytes], asyncio.Protocol]) -> None:
        arrived = taken(self._end)
        if arrived is None:
            return
        _, data, descriptor = arrived
        connection = socket.socket(fileno=descriptor)
        connection.setblocking(False)
        task = asyncio.get_running_loop().create_task(self._continue(make, data, connection))
        self._arriving.add(task)
        task.add_done_callback(self._arriving.discard)

    async def _continue(
        self, make: Callable[[bytes], asyncio.Protocol], data: bytes, connection: socket.socket
    ) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: make(data), connection)
        except OSError:  # the client has gone
            connection.close()


SIBLINGS: web.AppKey[Siblings] = web.AppKey("siblings", Siblings)


def known() -> Siblings | None:
    """The siblings of this process, if it has any."""
    given = os.environ.get(SIBLINGS_OF)
    if given is None:
        return None
    number, descriptor = map(int, given.split(":"))
    return Siblings(number, socket.socket(fileno=descriptor))


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends, for the parent and a process, over which connections are passed. Neither blocks."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in ends:
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    return ends


def pass_on(end: socket.socket, number: int, data: bytes, descriptor: int) -> bool:
    """Send a connection for a process to the other end. Returns: whether there was room for it."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
    try:
        end.sendmsg([number.to_bytes(4), data], rights)
    except OSError:
        return False
    return True


def taken(end: socket.socket) -> tuple[int, bytes, int] | None:
    """
    Take what has been passed to an end.

    Returns: the number of the process it is for, the bytes that were read from the connection, and its descriptor, which
    belongs to the caller. None if there is nothing, or it did not arrive whole.
    """
    try:
        message, descriptors, flags, _ = socket.recv_fds(end, MOST_BYTES + 4, 1)
    except OSError:
        return None
    if len(descriptors) == 1 and len(message) >= 4 and not flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
        return int.from_bytes(message[:4]), message[4:], descriptors[0]
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    return None
