"""What the fork server loads: everything an engine process needs, frozen so that its forks share the memory pages."""

import asyncio
import contextlib
import gc
import tempfile
from importlib import import_module
from pathlib import Path

from migrations import orm

gc.disable()  # nothing of what is imported is garbage, and looking through it again and again takes a tenth of the time
# These are imported where they are first used, which each engine would do for itself. Tortoise does the same with the last ones.
ENGINE = ("server.processes.engine", "duckdb", "pyarrow.parquet", *orm.MODELS, "tortoise.backends.asyncpg")
# A job that suggests its plan or that assigns partners took 0.3 s of computing for these. They hold 42 MB, once.
SCIENCE = ("matching.probabilistic", "numpy.random", "scipy.optimize", "scipy.sparse.csgraph")
for name in (*ENGINE, *SCIENCE):
    import_module(name)
# Arrow looks for more modules when it turns the first Python value into one of its own.
import_module("pyarrow.compute").greater(import_module("pyarrow").array([1]), 0)
# Looking at the first file loads the words and signs of all languages and compiles patterns, which took an engine 90 ms.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "first.jsonl"  # Arrow reads tables in threads of its own, which a fork would not have
    path.write_text('{"Invoice no": "R-1", "Booked on": "13.02.2026", "Amount": "-20,00", "Text": "one"}\n' * 2)
    import_module("matching.reading.look").look(path)
asyncio.run(import_module("server.store.database").prepare())
with contextlib.suppress(Exception):  # a database that is away now is asked by the engines themselves
    import_module("server.job.inputs").prepare(import_module("core.settings").load())
gc.enable()
gc.collect()
gc.freeze()  # a garbage collection in a fork would touch, and so copy, every object loaded here
