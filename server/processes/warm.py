"""What the fork server imports: everything an engine process needs, frozen so that its forks share the memory pages."""

import gc
from importlib import import_module

from migrations import orm

gc.disable()  # nothing of what is imported is garbage, and looking through it again and again takes a tenth of the time
# Tortoise loads the last ones by name when it starts: each engine would do it for itself.
for name in ("server.processes.engine", *orm.MODELS, "tortoise.backends.asyncpg"):
    import_module(name)
gc.enable()
gc.collect()
gc.freeze()  # a garbage collection in a fork would touch, and so copy, every object imported here
