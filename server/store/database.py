"""The database: how to reach it, migrate it, and check its schema."""

import asyncio
import datetime as dt
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg
from tortoise import Tortoise
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError, IntegrityError, OperationalError

from core import log
from core.settings import Settings, SettingsError
from migrations import orm
from server.store.embedded import embedded_url

LOCATION = Path(__file__).resolve().parents[2] / "migrations"
MINIMUM_VERSION = 150000  # PostgreSQL 15
# Limits for every session: no request waits longer for a lock, and no abandoned transaction holds one longer.
CONNECT_S = 10.0
_DAY_ZERO = dt.date(2000, 1, 1)  # from which PostgreSQL counts days
_FIRST_DAY, _LAST_DAY = (dt.date.min - _DAY_ZERO).days, (dt.date.max - _DAY_ZERO).days
PAUSE_S = 0.2  # between attempts while the database starts or stops
SESSION = {"lock_timeout": "5s", "idle_in_transaction_session_timeout": "10s", "timezone": "UTC"}
# For an engine: its queries leave the other cores to those who wait for an answer.
IN_BACKGROUND = {"max_parallel_workers_per_gather": "0"}

_prepared: TortoiseContext | None = None
logger = log.get(__name__)


class DatabaseError(SettingsError):
    """The database cannot be used as it is. The message is one line that says what to do."""


# What the database or a connection raises while the server is starting, stopping or unreachable.
_AWAY = (
    OSError,
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_ERRORS = (DatabaseError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


@dataclass(frozen=True)
class SchemaState:
    """Which migrations have been applied, and which this version knows."""

    applied: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Migrations of this version that have not been applied."""
        return tuple(name for name in self.known if name not in self.applied)

    @property
    def foreign(self) -> tuple[str, ...]:
        """Applied migrations that this version does not know, so the schema is newer."""
        return tuple(name for name in self.applied if name not in self.known)

    @property
    def is_current(self) -> bool:
        """Whether this version can use the schema."""
        return not self.missing and not self.foreign


def url_of(settings: Settings) -> str:
    """The connection URL: the configured one, or that of the embedded database."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return embedded_url(settings.data_dir)


def credentials(
    settings: Settings, application: str, pool: int | None = None, *, keeps_plans: bool = True
) -> dict[str, Any]:
    """
    The URL in the form that Tortoise and asyncpg take. Raises: DatabaseError if it is not a PostgreSQL URL.

    Args:
        keeps_plans: false for a process that fills tables. A plan kept from when a table was small would keep scanning
            it (measured: chunks of a job went from 0.1 s to 4 s within 30 chunks). plan_cache_mode does not help: it
            makes every foreign key check plan again (measured: 0.37 s per chunk instead of 0.09 s).
    """
    parts = urlsplit(url_of(settings))
    if parts.scheme not in ("postgres", "postgresql"):
        raise DatabaseError("TALLYROOM_DATABASE_URL: must look like postgresql://user:password@host:5432/database")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    try:
        port = int(query.get("port") or parts.port or 5432)
    except ValueError as error:
        raise DatabaseError("TALLYROOM_DATABASE_URL: the port must be a number from 1 to 65535") from error
    found: dict[str, Any] = {
        "host": query.get("host") or unquote(parts.hostname or "127.0.0.1"),
        "port": port,
        "user": unquote(parts.username or query.get("user") or "postgres"),
        "password": unquote(parts.password or query.get("password") or ""),
        "database": unquote(parts.path.lstrip("/")) or "tallyroom",
        "server_settings": {
            "application_name": application,
            "search_path": settings.database_schema,
            **SESSION,
        },
    }
    if "sslmode" in query:
        found["ssl"] = query["sslmode"]
    # A frozen server accepts connections but never answers.
    found["timeout"] = CONNECT_S
    if not keeps_plans:
        found["statement_cache_size"] = 0
        found["server_settings"] |= IN_BACKGROUND
    if pool is not None:
        found |= {"minsize": 1, "maxsize": pool}
    return found


def libpq_uri(settings: Settings, application: str) -> str:
    """The URL in the form that libpq (ADBC) takes, for an engine, with the schema as search path."""
    parts = urlsplit(url_of(settings))
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    session = {"search_path": settings.database_schema, **IN_BACKGROUND}
    options = " ".join(f"-c{name}={value}" for name, value in session.items())
    query |= {"application_name": application, "options": options}
    query.setdefault("connect_timeout", str(int(CONNECT_S)))
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


async def connect(settings: Settings, application: str) -> asyncpg.Connection:
    """Open one connection. Raises: DatabaseError in one line that says what to do."""
    try:
        return await asyncpg.connect(**credentials(settings, application))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise DatabaseError(_explain_connect(settings, error)) from error


async def connect_when_started(settings: Settings, application: str) -> asyncpg.Connection:
    """Like `connect`, but wait for a server that is starting or stopping, up to the time a connection may take."""
    deadline = asyncio.get_running_loop().time() + CONNECT_S
    while True:
        try:
            return await connect(settings, application)
        except DatabaseError as error:
            is_between = isinstance(error.__cause__, asyncpg.CannotConnectNowError)
            if not is_between or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(PAUSE_S)


def _explain_connect(settings: Settings, error: Exception) -> str:
    to = credentials(settings, "tallyroom")
    where = f"{to['host']}:{to['port']}"
    if isinstance(error, asyncpg.InvalidPasswordError | asyncpg.InvalidAuthorizationSpecificationError):
        return f"TALLYROOM_DATABASE_URL: the role {to['user']!r} cannot sign in at {where}; check the role and the password"
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        name = to["database"]
        return f'TALLYROOM_DATABASE_URL: there is no database {name!r} at {where}; create it: CREATE DATABASE "{name}"'
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return f"TALLYROOM_DATABASE_URL: {where} has no connections left; raise max_connections or stop other clients"
    if isinstance(error, asyncpg.CannotConnectNowError):
        return f"TALLYROOM_DATABASE_URL: {where} is starting up or shutting down; try again"
    kind = type(error).__name__
    if settings.database_url is None:
        return (
            f"TALLYROOM_DATA_DIR: the embedded database is not running in {settings.data_dir} ({kind}); start it "
            "with `make run`, or set the folder of the one that is running"
        )
    return f"TALLYROOM_DATABASE_URL: PostgreSQL does not answer at {where} ({kind}); start it, or correct the URL"


async def schema_state(connection: asyncpg.Connection, schema: str) -> SchemaState:
    """Read which migrations have been applied. Raises: DatabaseError when the version table cannot be read."""
    table = f'"{schema}".aerich'
    applied: list[str] = []
    if await connection.fetchval("SELECT to_regclass($1)", table) is not None:
        try:
            rows = await connection.fetch(f"SELECT version FROM {table} WHERE app = 'models' ORDER BY id")
        except asyncpg.InsufficientPrivilegeError as error:
            role = await connection.fetchval("SELECT current_user")
            raise DatabaseError(
                f"the role {role!r} may not read {schema}.aerich, so the state of the schema is unknown; "
                f'run as its owner: GRANT ALL ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"'
            ) from error
        applied = [row["version"] for row in rows]
    return SchemaState(applied=tuple(applied), known=known_migrations())


def known_migrations() -> tuple[str, ...]:
    """The migrations of this version, in order."""
    names = [path.name for path in (LOCATION / "models").glob("*.py") if path.name[0].isdigit()]
    return tuple(sorted(names, key=lambda name: int(name.split("_", 1)[0])))


async def migrate(settings: Settings) -> list[str]:
    """
    Apply the missing migrations, each in a transaction of its own.

    An advisory lock makes two processes take turns; the second finds nothing to do.

    Returns: the names of the applied migrations. Raises: DatabaseError in one line.
    """
    connection = await connect_when_started(settings, "tallyroom migrate")
    try:
        await connection.execute("SET lock_timeout = '120s'")
        await _check_server(connection)
        key = zlib.crc32(f"tallyroom/{settings.database_schema}".encode())
        try:
            await connection.fetchval("SELECT pg_advisory_lock($1::bigint)", key)
        except asyncpg.LockNotAvailableError as error:
            raise DatabaseError(
                "another process has been migrating for two minutes; check what it is waiting for"
            ) from error
        state = await schema_state(connection, settings.database_schema)
        _refuse_newer(state)
        if not state.missing:
            return []
        await _check_rights(connection, settings.database_schema)
        return await _upgrade(settings)
    finally:
        await connection.close()


async def migrate_when_it_answers(settings: Settings, timeout_s: float = 60.0) -> list[str]:
    """
    Like `migrate`, for a database that may still be starting or that somebody may stop meanwhile; it then tries again.

    Raises: DatabaseError in one line, at once if waiting would not help, otherwise after the time-out.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        try:
            return await migrate(settings)
        except _ERRORS as error:
            if not is_away(error):
                raise
            if asyncio.get_running_loop().time() > deadline:
                raise DatabaseError(_explain_connect(settings, error)) from error
            await asyncio.sleep(PAUSE_S)


async def migrate_while_it_answers(settings: Settings) -> list[str] | None:
    """
    Like `migrate`, for a database that somebody else may stop at any moment.

    Returns: None if it does not answer or went away meanwhile. Raises: DatabaseError in one line.
    """
    try:
        return await migrate(settings)
    except _ERRORS as error:
        # Check the error rather than the database, which another process may have started again by now. On a new folder
        # the application's database is created a moment after the server first answers.
        if is_away(error) or isinstance(error.__cause__, asyncpg.InvalidCatalogNameError):
            return None
        raise


def is_away(error: BaseException | None) -> bool:
    """
    Whether an error or its cause says that the database is unreachable, starting or stopping, so that waiting may help.
    """
    while error is not None:
        if isinstance(error, _AWAY):
            return True
        error = error.__cause__
    return False


async def _check_server(connection: asyncpg.Connection) -> None:
    version = int(await connection.fetchval("SHOW server_version_num"))
    if version < MINIMUM_VERSION:
        raise DatabaseError(f"PostgreSQL {version // 10000} is too old; Tallyroom needs 15 or newer")


async def _check_rights(connection: asyncpg.Connection, schema: str) -> None:
    role = await connection.fetchval("SELECT current_user")
    if not await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema):
        try:
            await connection.execute(f'CREATE SCHEMA "{schema}"')
        except asyncpg.DuplicateSchemaError:
            return
        except asyncpg.InsufficientPrivilegeError as error:
            database = await connection.fetchval("SELECT current_database()")
            raise DatabaseError(
                f"the role {role!r} may not create the schema {schema!r}; run as a superuser: "
                f'CREATE SCHEMA "{schema}" AUTHORIZATION "{role}" (in database {database!r})'
            ) from error
    rights = (
        "SELECT has_schema_privilege(current_user, $1, 'CREATE') AND has_schema_privilege(current_user, $1, 'USAGE')"
    )
    if not await connection.fetchval(rights, schema):
        raise DatabaseError(
            f"the role {role!r} may not create tables in schema {schema!r}; run as the database's owner: "
            f'GRANT USAGE, CREATE ON SCHEMA "{schema}" TO "{role}"'
        )


async def _upgrade(settings: Settings) -> list[str]:
    # Imported here: importing Aerich takes a tenth of a second (measured), and most starts find nothing to migrate.
    from aerich import Command
    from aerich.migrate import Migrate

    connection = {"engine": "tortoise.backends.asyncpg", "credentials": credentials(settings, "tallyroom migrate", 2)}
    try:
        async with Command(orm.config(connection, with_aerich=True), app="models", location=str(LOCATION)) as command:
            applied: list[str] = await command.upgrade(run_in_transaction=True)
            return applied
    except (OperationalError, IntegrityError, DBConnectionError, asyncpg.PostgresError) as error:
        cause = error.__cause__ or error
        if isinstance(cause, asyncpg.DuplicateObjectError | asyncpg.DuplicateTableError):
            raise DatabaseError(
                f"schema {settings.database_schema!r} contains tables that are not Tallyroom's ({cause}); "
                "set TALLYROOM_DATABASE_SCHEMA to a schema of its own"
            ) from error
        raise DatabaseError(f"a migration failed and was rolled back: {cause}") from error
    finally:
        Migrate.app = "models"


def _refuse_newer(state: SchemaState) -> None:
    if state.foreign:
        raise DatabaseError(
            f"the schema is newer than this version (it has {state.foreign[-1]}); "
            "run the version that migrated it, or a newer one"
        )


def connections_needed(settings: Settings) -> int:
    """The most connections that one web process and one worker open together, plus one for a command."""
    web = settings.database_pool + 4 + 1 + 1 + 2  # pool, relay, hints, watch, a suggestion
    engine = 3 + 1 + 2  # pool, hints, the two readers of a job's sides (a loader has one)
    worker = 4 + 1 + 1 + max(2, settings.worker_concurrency + 1) * engine  # pool, hints, queue
    return web + worker + 1


async def lacking_connections(connection: asyncpg.Connection, settings: Settings) -> str | None:
    """One line if the server cannot provide all the connections an installation may open, otherwise None."""
    limit = int(await connection.fetchval("SHOW max_connections"))
    reserved = int(await connection.fetchval("SHOW superuser_reserved_connections"))
    need = connections_needed(settings) + reserved
    if limit >= need:
        return None
    return (
        f"max_connections is {limit}, but web and worker need up to {need}, including {reserved} that PostgreSQL reserves; "
        "raise it, or lower TALLYROOM_DATABASE_POOL or TALLYROOM_WORKER_CONCURRENCY"
    )


async def check_schema(settings: Settings) -> SchemaState:
    """
    Refuse a schema that is too old or too new, and a server with too few connections. Raises: DatabaseError in one
    line.
    """
    connection = await connect_when_started(settings, "tallyroom check")
    try:
        await _check_server(connection)
        if lacking := await lacking_connections(connection, settings):
            raise DatabaseError(lacking)
        state = await schema_state(connection, settings.database_schema)
    finally:
        await connection.close()
    _refuse_newer(state)
    if state.missing:
        raise DatabaseError(f"the schema is too old ({len(state.missing)} missing migrations); run: tallyroom migrate")
    return state


async def prepare() -> None:
    """
    Derive from the models what Tortoise needs to know of them, so that forks of this process find it done.

    Nothing is connected. It took 70 ms, a quarter of the computing of an engine that loads a small file.
    """
    global _prepared
    config = orm.config({"engine": "tortoise.backends.asyncpg", "credentials": {}}, with_aerich=False)
    _prepared = await Tortoise.init(config=config, _enable_global_fallback=True)
    _prepared.connections.discard("default")


@asynccontextmanager
async def opened(
    settings: Settings,
    application: str,
    pool: int | None = None,
    *,
    keeps_plans: bool = True,
    on_connection: Callable[[Any], Coroutine[Any, Any, None]] | None = None,
) -> AsyncIterator[None]:
    """Open Tortoise on a pool of connections while the block runs. Each new connection is passed to `on_connection`."""
    size = settings.database_pool if pool is None else pool
    access = credentials(settings, application, size, keeps_plans=keeps_plans)

    async def begin(connection: Any) -> None:
        await _read_days_as_they_are(connection)
        if on_connection is not None:
            await on_connection(connection)

    access |= {"init": begin, "reset": _leave_as_it_is}
    connection = {"engine": "tortoise.backends.asyncpg", "credentials": access}
    if _prepared is None:
        await Tortoise.init(config=orm.config(connection, with_aerich=False), _enable_global_fallback=True)
    else:
        _prepared.connections.db_config["default"] = connection
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def _read_days_as_they_are(connection: Any) -> None:
    """
    Let the last day of the year 9999 and the first of the year 1 be days, on one connection. To asyncpg they are infinity and
    minus infinity, after which a page of records sorted by date would begin with the same records again.
    """
    await connection.set_type_codec(
        "date",
        schema="pg_catalog",
        encoder=lambda day: ((day - _DAY_ZERO).days,),
        # Days that were stored as infinity are read as well.
        decoder=lambda days: _DAY_ZERO + dt.timedelta(days=min(max(days[0], _FIRST_DAY), _LAST_DAY)),
        format="tuple",
    )


async def _leave_as_it_is(_: Any) -> None:
    """
    What is done to a connection that goes back to its pool, besides the rollback that asyncpg always does.

    Nothing of ours changes the session of a pooled connection: settings and locks are those of a transaction. So the usual
    reset of everything, which is one more question to the database for each use, is left out.
    """


async def wait_for_database(settings: Settings, timeout_s: float = 60.0) -> None:
    """
    Wait until the database accepts connections, since containers start in any order.

    Raises: DatabaseError if it does not in time, or at once if waiting would not help (wrong role or database).
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    while True:
        try:
            await (await connect(settings, "tallyroom start")).close()
            return
        except DatabaseError as error:
            if not is_away(error) or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.5)


async def pool(
    settings: Settings,
    application: str,
    size: int,
    on_connection: Callable[[Any], Coroutine[Any, Any, None]] | None = None,
) -> asyncpg.Pool:
    """A pool of its own for the relay, besides Tortoise's."""
    access = credentials(settings, application)
    found: asyncpg.Pool = await asyncpg.create_pool(
        **access, min_size=1, max_size=size, init=on_connection, reset=_leave_as_it_is
    )
    return found
