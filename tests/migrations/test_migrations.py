"""Migrations of databases as operators have them: empty, older, half migrated, in use, without rights, newer."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from core.settings import Settings, load
from server.store import database
from server.store.embedded import EmbeddedPostgres
from tests.migrations import forked

pytestmark = pytest.mark.migration

ROOT = Path(__file__).resolve().parents[2]
TABLES = {"users", "password_entries", "reconciliation_records", "reconciliation_jobs", "audit_log", "events"}


@pytest.fixture
async def superuser(postgres: EmbeddedPostgres) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may create databases and roles."""
    connection = await asyncpg.connect(host=str(postgres.socket_dir), user="postgres", database="postgres")
    yield connection
    await connection.close()


@pytest.fixture
async def make_database(superuser, postgres) -> AsyncIterator[Callable[..., Awaitable[Settings]]]:
    """Creates an empty database. Returns: settings that use it."""
    names: list[str] = []

    async def make(role: str = "postgres", **more: str) -> Settings:
        name = f"m{os.getpid()}_{len(names)}"
        names.append(name)
        await superuser.execute(f'CREATE DATABASE "{name}"')
        url = f"postgresql://{role}@/{name}?host={postgres.socket_dir}"
        return load({"TALLYROOM_DATABASE_URL": url, **{f"TALLYROOM_{key}": value for key, value in more.items()}})

    yield make
    for name in names:
        await superuser.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def only(tmp_path, monkeypatch) -> Callable[[int], None]:
    """Limits the application to its first `count` migrations, as in an earlier version."""

    def limit(count: int) -> Path:
        folder = tmp_path / f"first-{count}"
        shutil.copytree(ROOT / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
        for name in database_names()[count:]:
            (folder / "models" / name).unlink()
        monkeypatch.setattr(database, "LOCATION", folder)
        return folder

    return limit


async def migrate(settings: Settings) -> list[str]:
    """Applies the migrations that the application knows now."""
    return await forked.migrate(settings, database.LOCATION)


def database_names() -> list[str]:
    """The migrations of this version, in order."""
    names = [path.name for path in (ROOT / "migrations" / "models").glob("[0-9]*.py")]
    return sorted(names, key=lambda name: int(name.split("_")[0]))


async def test_an_empty_database_gets_every_table_and_a_second_run_finds_nothing_to_do(make_database):
    settings = await make_database()

    first = await migrate(settings)
    second = await migrate(settings)

    assert (first, second) == (database_names(), [])
    assert await _tables(settings) >= TABLES


@pytest.mark.sampled("1", "9", "18")
@pytest.mark.parametrize("count", range(1, len(database_names())))
async def test_every_earlier_version_is_brought_up_to_date(make_database, only, monkeypatch, count):
    settings = await make_database()
    only(count)
    assert await migrate(settings) == database_names()[:count]
    monkeypatch.setattr(database, "LOCATION", ROOT / "migrations")
    with pytest.raises(database.DatabaseError, match="too old"):
        await database.check_schema(settings)

    applied = await migrate(settings)

    assert applied == database_names()[count:]
    assert (await database.check_schema(settings)).is_current


async def test_two_processes_at_once_migrate_once(make_database):
    settings = await make_database()

    results = await asyncio.gather(*(_command(settings, "migrate") for _ in range(2)))

    assert [status for status, _, _ in results] == [0, 0]
    outputs = sorted(output for _, output, _ in results)
    assert outputs[0].splitlines() == [f"applied {name}" for name in database_names()]
    assert "nothing to do" in outputs[1]


@pytest.mark.long
async def test_a_database_that_is_started_and_stopped_meanwhile_is_waited_for(tmp_path):
    settings = load({"TALLYROOM_DATA_DIR": str(tmp_path / "var")})
    server = EmbeddedPostgres(settings.data_dir)
    await server.start()
    await migrate(settings)
    server.stop()
    answered = asyncio.Semaphore(0)
    is_over = False

    async def look() -> None:
        """Checks without a pause, so that some answers fall between two states of the server."""
        while not is_over:
            if await database.migrate_while_it_answers(settings) == []:
                answered.release()
            await asyncio.sleep(0)

    lookers = [asyncio.create_task(look()) for _ in range(4)]
    for _ in range(6):
        await server.start()
        await answered.acquire()
        await asyncio.to_thread(server.stop)
    is_over = True

    assert await asyncio.gather(*lookers) == [None] * 4


@pytest.mark.long
async def test_a_migration_that_fails_midway_leaves_nothing_and_can_be_run_again(make_database, only):
    settings = await make_database()
    folder = only(len(database_names()))
    broken = folder / "models" / f"{len(database_names())}_20991231000000_broken.py"
    text = (folder / "models" / database_names()[-1]).read_text()
    start, end = text.index('return """'), text.index('"""', text.index('return """') + 10)
    broken.write_text(text[:start] + 'return """CREATE TABLE half (id int); SELECT 1/0;' + text[end:])

    with pytest.raises(database.DatabaseError, match="rolled back"):
        await migrate(settings)
    left = await _tables(settings)
    broken.write_text(text[:start] + 'return """CREATE TABLE half (id int);' + text[end:])
    mended = await migrate(settings)

    assert "half" not in left
    assert left >= TABLES
    assert mended == [broken.name]
    assert "half" in await _tables(settings)


async def test_the_error_for_a_role_without_rights_names_role_schema_and_grant(make_database, superuser, postgres):
    role = f"weak{os.getpid()}"
    await superuser.execute(f"CREATE ROLE {role} LOGIN")
    try:
        settings = await make_database(role)

        status, output, errors = await _command(settings, "migrate")

        assert (status, output) == (1, "")
        assert len(errors.splitlines()) == 1
        assert role in errors
        assert "'public'" in errors
        assert f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{role}"' in errors
        assert not await _tables(settings, postgres)
    finally:
        await superuser.execute(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


@pytest.mark.long
async def test_that_grant_fixes_it(make_database, superuser, postgres):
    role = f"granted{os.getpid()}"
    await superuser.execute(f"CREATE ROLE {role} LOGIN")
    try:
        settings = await make_database(role)
        owner = await asyncpg.connect(host=str(postgres.socket_dir), user="postgres", database=_name(settings))
        await owner.execute(f'GRANT USAGE, CREATE ON SCHEMA "public" TO "{role}"')

        applied = await migrate(settings)
        await owner.execute(f'DROP OWNED BY "{role}" CASCADE')
        await owner.close()

        assert applied == database_names()
    finally:
        await superuser.execute(f'DROP ROLE IF EXISTS "{role}"')


@pytest.mark.long
async def test_a_role_that_cannot_read_the_versions_does_not_run_everything_again(make_database, superuser, postgres):
    settings = await make_database()
    await migrate(settings)
    role = f"blind{os.getpid()}"
    await superuser.execute(f"CREATE ROLE {role} LOGIN")
    try:
        url = f"postgresql://{role}@/{_name(settings)}?host={postgres.socket_dir}"

        with pytest.raises(database.DatabaseError, match=r"may not read public\.aerich"):
            await migrate(load({"TALLYROOM_DATABASE_URL": url}))
    finally:
        await superuser.execute(f'DROP ROLE "{role}"')


@pytest.mark.long
async def test_another_schema_can_be_used(make_database):
    settings = await make_database(DATABASE_SCHEMA="books")

    await migrate(settings)

    assert await _tables(settings) == set()
    assert await _tables(settings, schema="books") >= TABLES
    assert (await database.check_schema(settings)).is_current


async def test_a_schema_from_the_future_is_refused_in_one_line(make_database, only, monkeypatch):
    settings = await make_database()
    await migrate(settings)
    only(1)

    for use in (database.check_schema, migrate):
        with pytest.raises(database.DatabaseError, match="newer than this version") as refusal:
            await use(settings)
        assert "\n" not in str(refusal.value)


@pytest.mark.long
async def test_serve_and_worker_refuse_a_schema_that_is_too_old(make_database):
    settings = await make_database()

    for command in ("serve", "worker"):
        status, _, errors = await _command(settings, command)
        assert (status, len(errors.splitlines())) == (1, 1)
        assert "tallyroom migrate" in errors


async def test_a_database_server_with_too_few_connections_is_refused_at_the_start(make_database):
    settings = await make_database(DATABASE_POOL="100")
    await migrate(settings)

    with pytest.raises(
        database.DatabaseError,
        match=r"max_connections is 100, but web and worker need up to 13\d, .*TALLYROOM_WORKER_CONCURRENCY",
    ):
        await database.check_schema(settings)


async def test_tables_of_the_same_name_that_are_not_ours_are_left_alone(make_database, postgres):
    settings = await make_database()
    owner = await asyncpg.connect(host=str(postgres.socket_dir), user="postgres", database=_name(settings))
    await owner.execute("CREATE TABLE sources (mine int); INSERT INTO sources VALUES (1)")

    with pytest.raises(database.DatabaseError):
        await migrate(settings)

    assert await owner.fetchval("SELECT mine FROM sources") == 1
    await owner.close()


def _name(settings: Settings) -> str:
    return str(database.credentials(settings, "tests")["database"])


async def _tables(settings: Settings, postgres: EmbeddedPostgres | None = None, schema: str = "public") -> set[str]:
    access = database.credentials(settings, "tests")
    if postgres is not None:
        access["user"] = "postgres"
    connection = await asyncpg.connect(**access)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", schema)
    await connection.close()
    return {row[0] for row in rows}


async def _command(settings: Settings, *arguments: str) -> tuple[int, str, str]:
    assert settings.database_url is not None
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", *arguments),
        cwd=ROOT,
        env={
            **os.environ,
            "TALLYROOM_DATABASE_URL": settings.database_url.get_secret_value(),
            "TALLYROOM_DATABASE_SCHEMA": settings.database_schema,
            "TALLYROOM_PORT": "0",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode is not None
    return child.returncode, output.decode(), errors.decode()
