"""What the fork server loads: everything an engine process needs, frozen so that its forks share the memory pages."""

import gc
from importlib import import_module

from migrations import orm

gc.disable()  # nothing of what is imported is garbage, and looking through it again and again takes a tenth of the time
# These are imported where they are first used, which each engine would do for itself. Tortoise does the same with the last ones.
for name in ("server.processes.engine", "duckdb", "pyarrow.parquet", *orm.MODELS, "tortoise.backends.asyncpg"):
    import_module(name)
# Arrow looks for more modules when it turns the first Python value into one of its own.
import_module("pyarrow.compute").greater(import_module("pyarrow").array([1]), 0)
# Every file is compared with the words and signs of all languages. Loading them took an engine 50 ms.
import_module("matching.reading.cells.lexicon").lexicon()
import_module("matching.reading.cells.currencies").currency_of("kr")
import_module("matching.reading.roles.words").roles_of("amount")
gc.enable()
gc.collect()
gc.freeze()  # a garbage collection in a fork would touch, and so copy, every object loaded here
