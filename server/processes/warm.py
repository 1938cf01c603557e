"""What the fork server imports: everything an engine process needs, frozen so that its forks share the memory pages."""

import gc

from server.processes import engine

__all__ = ["engine"]

gc.collect()
gc.freeze()  # a garbage collection in a fork would touch, and so copy, every object imported here
