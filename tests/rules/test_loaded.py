"""What a process loads: each start pays for it, and each test that starts one."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import Settings
from server.processes.engine_process import _ENVIRONMENT

pytestmark = [pytest.mark.acceptance, pytest.mark.long]

ROOT = Path(__file__).parents[2]
# Of its engines, of the web process and of migrations. With them a worker took 1.15 s of CPU before its first task, now 0.61 s.
HEAVY = {"aerich", "aiohttp", "duckdb", "numpy", "pyarrow", "scipy", "socketio"}


def test_the_worker_loads_nothing_of_what_others_run() -> None:
    assert HEAVY & _loaded_with("server.__main__, server.processes.worker") == set()


def test_a_suggestion_that_somebody_waits_for_loads_nothing_that_only_jobs_need() -> None:
    assert {"aiohttp", "pgqueuer", "scipy"} & _loaded_with("server.processes.suggestion") == set()


def test_no_process_loads_what_draws_on_terminals() -> None:
    assert "rich" not in _loaded_with("server.__main__, server.processes.web, server.processes.engine")


def test_the_fork_server_starts_no_program_while_it_loads() -> None:
    # It would do so at each start. It is also in nobody's interest that it waits for another program.
    script = (
        "import sys; sys.addaudithook(lambda event, its: print(event, its) if event in ('subprocess.Popen', 'os.fork',"
        " 'os.posix_spawn', 'os.system') else None); import server.processes.warm; print('loaded')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "loaded\n"


async def test_the_fork_server_knows_the_database_but_keeps_no_connection(settings: Settings) -> None:
    script = (
        "import psutil, server.processes.warm; from server.job import inputs; own = psutil.Process();"
        " print(inputs._database.cache_info().currsize, own.net_connections('all'))"
    )
    environment = os.environ | settings.environment() | _ENVIRONMENT
    done = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await done.communicate()

    assert said == b"1 []\n"


def test_the_fork_server_opens_no_database_in_memory() -> None:
    # A fork may find what its threads held locked for good.
    script = "import server.processes.warm; from matching import duck; print(duck._kept.cache_info().currsize)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "0\n"


def test_a_job_imports_nothing_that_another_imports_again() -> None:
    script = (
        "import sys, server.processes.warm, pyarrow; before = set(sys.modules);"
        " from matching import engine, suggest;"
        " rows = pyarrow.table({'id': [f'R-{n}' for n in range(300)], 'name': [f'name {n}' for n in range(300)]});"
        " list(engine.run(rows, rows, suggest.suggest(rows, rows)));"
        " print(*{name.split('.')[0] for name in set(sys.modules) - before} - {'encodings', 'zoneinfo'})"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


def test_an_engine_opens_no_list_of_words(tmp_path: Path) -> None:
    # Words and signs of all languages are in what its fork server has loaded before.
    (tmp_path / "a.csv").write_text("Buchungstag;Betrag\n05.01.2026;1,50 kr\n13.01.2026;20,00 €\n")
    script = (
        "import sys, pathlib, server.processes.warm; from matching.reading.look import look;"
        " sys.addaudithook(lambda event, its: print(its[0]) if event == 'open' else None);"
        f" look(pathlib.Path({str(tmp_path / 'a.csv')!r}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert set(done.stdout.split("\n")) - {""} == {str(tmp_path / "a.csv")}


def _loaded_with(modules: str) -> set[str]:
    """The names of all modules that are loaded with these."""
    script = f"import sys, {modules}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())
