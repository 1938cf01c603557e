"""`tallyroom doctor`: what is wrong with an installation and how to fix it, one finding per line."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from core.envelope import key_ring
from core.settings import Settings, SettingsError, load
from server.books.recount import differences
from server.store import database
from server.store.embedded import socket_dir_of
from server.store.hints import try_bus

LOW_DISK_BYTES = 1024**3


@dataclass(frozen=True)
class Finding:
    """One check and its result."""

    is_good: bool
    line: str


async def examine() -> list[Finding]:
    """Run all checks; a failed one does not hide the others."""
    found = [_good(f"Python {sys.version.split()[0]}")]
    try:
        settings = load()
    except SettingsError as error:
        return [*found, _bad(str(error))]
    found.append(_good(f"settings: {settings.env} mode, {settings.base_url}"))
    if settings.is_embedded:
        found += _folder(settings)
    try:
        found.append(_good(f"key-encryption keys: {key_ring(settings, makes=False).describe()}"))
    except SettingsError as error:
        found.append(_bad(str(error)))
    found += await _database(settings)
    if settings.bus_url is not None:
        found.append(await _bus(settings))
    found.append(_dashboard())
    return found


def _folder(settings: Settings) -> list[Finding]:
    folder = settings.data_dir.absolute()
    try:
        is_there = folder.is_dir()
    except OSError as error:
        return [_bad(f"TALLYROOM_DATA_DIR: cannot use {folder}: {error.strerror}")]
    if not is_there:
        return [_bad(f"TALLYROOM_DATA_DIR: {folder} does not exist yet; make run creates it")]
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK_BYTES:
        return [_bad(f"data folder {folder}: only {free // 1024**2} MiB free; free some space")]
    return [_good(f"data folder {folder}: {free // 1024**3} GiB free, socket in {socket_dir_of(folder)}")]


async def _database(settings: Settings) -> list[Finding]:
    try:
        connection = await database.connect_when_started(settings, "tallyroom doctor")
    except SettingsError as error:
        return [_bad(str(error))]
    try:
        version = await connection.fetchval("SHOW server_version")
        found = [_good(f"database: PostgreSQL {version}")]
        state = await database.schema_state(connection, settings.database_schema)
        if state.is_current:
            found.append(_good(f"migrations: {len(state.known)} of {len(state.known)} applied"))
        else:
            found.append(
                _bad(f"migrations: {len(state.missing)} missing, {len(state.foreign)} unknown; run: tallyroom migrate")
            )
        if lacking := await database.lacking_connections(connection, settings):
            found.append(_bad(lacking))
        if state.is_current and not await connection.fetchval(
            "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND status = 'active')"
        ):
            found.append(_bad("there is no administrator; run: tallyroom users create you@your-company.test"))
        return found
    except SettingsError as error:
        return [_bad(str(error))]
    finally:
        await connection.close()


async def _bus(settings: Settings) -> Finding:
    try:
        await try_bus(settings)
    except Exception as error:  # noqa: BLE001 - whatever the library raises; the message may have the password in it
        return _bad(f"TALLYROOM_BUS_URL: {settings.bus_address} does not answer ({type(error).__name__}); check it")
    return _good(f"bus: {settings.bus_address} answers")


async def examine_books() -> list[Finding]:
    """Add up the books of all projects anew."""
    try:
        settings = load()
        connection = await database.connect_when_started(settings, "tallyroom doctor")
    except SettingsError as error:
        return [_bad(str(error))]
    try:
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        found = await differences(connection)
        await connection.execute("COMMIT")
    finally:
        await connection.close()
    return [_bad(f"books: {line}") for line in found] or [_good("books: everything adds up")]


def _dashboard() -> Finding:
    built = Path(__file__).resolve().parents[2] / "web" / "dist" / "index.html"
    if built.exists():
        return _good("dashboard: built")
    return _bad("dashboard: not built; install Node >= 20 and run: make run (the API works without it)")


def _good(text: str) -> Finding:
    return Finding(True, f"ok    {text}")


def _bad(text: str) -> Finding:
    return Finding(False, f"WRONG {text}")
