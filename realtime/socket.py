"""What the rest of realtime needs of a connection: a Protocol, so that a simulation can bring sockets of its own."""

from typing import Any, Protocol


class Socket(Protocol):
    """One client's connection. Everything is queued in the order of the calls, so nothing is reordered."""

    address: str
    is_token_in_url: bool
    is_closed: bool
    is_hidden: bool  # the tab is, so it is told of states less often

    @property
    def is_writable(self) -> bool:
        """Whether more may be written, because the client keeps up."""
        ...

    def write(self, packet: str | bytes, /) -> None:
        """Queue a packet, or as bytes one or several that are framed already."""
        ...

    def write_at_once(self, piece: bytes, /) -> None:
        """Write frames, at once if nothing is queued before them."""
        ...

    def emit(self, event: str, data: dict[str, Any], /) -> None:
        """Queue an event that is not durable."""
        ...

    def acknowledge(self, number: int, answer: dict[str, Any], /) -> None:
        """Queue the answer to a command."""
        ...

    def accept(self) -> None:
        """Accept CONNECT."""
        ...

    def refuse(self, code: str, /) -> None:
        """Refuse CONNECT and close."""
        ...

    def close(self, code: str | None = None, *, reconnect: bool = True) -> None:
        """Close after sending what is queued."""
        ...
