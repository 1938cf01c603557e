"""A set that keeps the order in which things were added, so that the same inputs always give the same run."""

from typing import TypeVar

Item = TypeVar("Item")


class OrderedSet(dict[Item, None]):
    """
    A set that is iterated in the order of insertion. A plain set of objects is iterated in the order of their addresses,
    which differs from run to run.
    """

    def add(self, item: Item) -> None:
        """Add an item, at the end if it is new."""
        self[item] = None

    def discard(self, item: Item) -> None:
        """Remove an item if it is there."""
        self.pop(item, None)
