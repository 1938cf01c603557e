"""
The matching engine: tables of values and a plan in, matches out. Pure: no ORM, no HTTP, no clock, no unseeded
randomness.

`matching.reconcile` is the whole engine in one function (docs/library.md).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matching.library import Reconciliation, reconcile

__all__ = ["Reconciliation", "reconcile"]


def __getattr__(name: str) -> Any:
    """Load the library when it is asked for, since reading a file needs none of the engine."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from matching import library

    return getattr(library, name)
