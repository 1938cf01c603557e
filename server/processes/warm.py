"""What the fork server imports: everything an engine process needs, frozen so that its forks share the memory pages."""

import gc
from importlib import import_module

from migrations import orm
from server.processes import engine

__all__ = ["engine"]

# Tortoise loads these by name when it starts: each engine would do it for itself.
for name in (*orm.MODELS, "tortoise.backends.asyncpg"):
    import_module(name)
gc.collect()
gc.freeze()  # a garbage collection in a fork would touch, and so copy, every object imported here
