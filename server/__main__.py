"""The command line: `tallyroom --help`, or `python -m server --help`."""

import asyncio
import contextlib
import gc
import getpass
import signal
import sys
from collections.abc import Coroutine, Iterator
from types import FrameType
from typing import Annotated, Any

import typer

from core import log
from core.envelope import key_ring
from core.settings import Settings, SettingsError, load
from server.processes.hardening import keep_memory_private

FOLDER_TRIES, FOLDER_PAUSE_S = 300, 0.2
_UNUSED = ("redis", "requests", "valkey", "websocket")

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tallyroom: reconcile two sets of records together, live.",
)
users_cli = typer.Typer(no_args_is_help=True, help="Accounts.")
audit_cli = typer.Typer(no_args_is_help=True, help="The audit log.")
cli.add_typer(users_cli, name="users")
cli.add_typer(audit_cli, name="audit")
keys_cli = typer.Typer(no_args_is_help=True, help="The installation's keys.")
cli.add_typer(keys_cli, name="keys")
plan_cli = typer.Typer(no_args_is_help=True, help="Plans.")
cli.add_typer(plan_cli, name="plan")


def _settings(process: str) -> Settings:
    settings = load()
    if settings.is_production:
        key_ring(settings)  # refuse a wrong key now, not after waiting for the database
    log.configure(process, "debug" if settings.debug else settings.log_level, settings.log_format)
    return settings


@contextlib.contextmanager
def _loading() -> Iterator[None]:
    """
    Does not look for garbage while modules are imported: there is none, and it took a tenth of a start. Afterwards it is not
    looked for in them either, which would take as long as all the rest of it.

    python-socketio also loads what only its clients and its own managers of several hosts need. We use neither, and it took
    a sixth of a start, so here these packages are not found.
    """
    gc.disable()
    unused = {name for name in _UNUSED if name not in sys.modules}
    sys.modules.update(dict.fromkeys(unused))  # type: ignore[arg-type]  # None refuses the import
    try:
        yield
    finally:
        for name in unused:
            del sys.modules[name]
        gc.freeze()
        gc.enable()


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    import uvloop

    return uvloop.run(work)


@cli.command()
def run() -> None:
    """Start everything: the embedded PostgreSQL, migrations, demo data, web process and worker."""
    from server.processes import supervisor

    settings = _settings("supervisor")
    raise typer.Exit(asyncio.run(supervisor.run(settings)))


@cli.command()
def serve(
    migrate: Annotated[bool, typer.Option("--migrate", help="Migrate the schema to this version first.")] = False,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Web processes on one port. SIGHUP replaces them one by one.")
    ] = 1,
    share_port: Annotated[bool, typer.Option("--share-port", hidden=True)] = False,
) -> None:
    """Serve REST, sockets and the dashboard. The schema must be up to date."""
    settings = _settings("web")  # before the application is loaded, so that a refusal is quick
    with _loading():
        from server.processes import several, web
        from server.store import database

    async def work() -> None:
        if migrate:
            await database.migrate_when_it_answers(settings)
        if processes > 1:
            await several.WebProcesses(processes).run(settings)
        else:
            await web.serve(settings, shares_port=share_port)

    _run(work())


@cli.command()
def worker() -> None:
    """Run jobs and load sources."""
    settings = _settings("worker")
    with _loading():
        from core import lifeline
        from server.processes import worker as process
        from server.store import database

    lifeline.end_with_parent()

    async def work() -> None:
        await database.wait_for_database(settings)
        await database.check_schema(settings)
        await process.work_until_stopped(settings)

    asyncio.run(work())


@cli.command()
def migrate() -> None:
    """Migrate the schema to this version. It is safe to run this again, or several times at once."""
    from server.store import database
    from server.store.embedded import DataFolderInUse, EmbeddedPostgres

    settings = _settings("migrate")

    async def embedded() -> list[str]:
        """Migrate the data folder's own database: that of a running supervisor, or else one that we start."""
        for _ in range(FOLDER_TRIES):
            postgres = EmbeddedPostgres(settings.data_dir, for_command=True)
            try:
                await postgres.start()
            except DataFolderInUse:
                if (applied := await database.migrate_while_it_answers(settings)) is not None:
                    return applied
            else:
                try:
                    return await database.migrate(settings)
                finally:
                    postgres.stop()
            await asyncio.sleep(FOLDER_PAUSE_S)
        raise SettingsError(
            f"TALLYROOM_DATA_DIR: another process uses {settings.data_dir}, but its database does not answer; stop that process"
        )

    applied = asyncio.run(embedded() if settings.is_embedded else database.migrate_when_it_answers(settings))
    typer.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do: the schema is current")


@cli.command(hidden=True)
def demo() -> None:
    """Create the demo accounts, project and job."""
    with _loading():
        from core import lifeline
        from server.demo import setup

    settings = _settings("demo")
    if settings.is_production:
        raise SettingsError("TALLYROOM_ENV: demo data is not created in production")
    lifeline.end_with_parent()
    asyncio.run(setup.make(settings))


@cli.command("write-generated", hidden=True)
def write_generated() -> None:
    """Write docs/*.json and the dashboard's types from the code."""
    from server.app import endpoints
    from server.contract import files

    for path in files.write(endpoints()):
        typer.echo(f"wrote {path.relative_to(files.ROOT)}")


@cli.command("check-generated", hidden=True)
def check_generated() -> None:
    """Compare the generated files with the code, and the models with the migrations."""
    from server.app import endpoints
    from server.contract import files

    stale = [str(path.relative_to(files.ROOT)) for path in files.differing(endpoints())]
    for path in stale:
        typer.echo(f"{path} is out of date: run make events", err=True)
    twins = files.migrations_of_one_number()
    for names in twins:
        typer.echo(f"migrations/models has several migrations of one number: {', '.join(names)}", err=True)
        typer.echo(
            "delete yours and write it again: .venv/bin/aerich migrate --offline --name <what it does>", err=True
        )
    # The state in one of the twins lacks the other's changes, so what Aerich would add now is there already.
    drift = "" if twins else asyncio.run(files.model_drift())
    if drift:
        sql = drift.partition("\n\nMODELS_STATE")[0]  # the state follows, 12 kB of base64
        typer.echo(f"the models differ from the migrations; Aerich would add:\n{sql}", err=True)
        typer.echo("write it with: .venv/bin/aerich migrate --offline --name <what it does>", err=True)
    raise typer.Exit(1 if stale or twins or drift else 0)


@users_cli.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="E-mail address.")],
    role: Annotated[str, typer.Option(help="admin, manager or user.")] = "admin",
    name: Annotated[str, typer.Option(help="Display name; by default the part before the @.")] = "",
) -> None:
    """Create an account. The password is asked for, or read from standard input."""
    from server.command import people

    settings = _settings("users")
    user_id = asyncio.run(people.create(settings, email, role, name, _asked_password()))
    typer.echo(f"made {role} {email} ({user_id})")


@users_cli.command("password")
def reset_password(email: Annotated[str, typer.Argument(help="E-mail address.")]) -> None:
    """
    Set a new password for an account and end its sessions. The password is asked for, or read from standard input.
    """
    from server.command import people

    settings = _settings("users")
    user_id = asyncio.run(people.reset_password(settings, email, _asked_password()))
    typer.echo(f"set a new password for {email} ({user_id})")


def _asked_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password (at least 15 characters): ")
    if getpass.getpass("Again: ") != password:
        raise SettingsError("the two passwords differ; nothing was changed")
    return password


@audit_cli.command("verify")
def verify_audit() -> None:
    """
    Check every chain of the audit log and name the first broken row of each.

    This cannot detect that the last rows of a chain are missing if its head was also set back.
    """
    from server.audit import verification

    settings = _settings("audit")
    report = asyncio.run(verification.verify(settings))
    for line in report.lines:
        typer.echo(line)
    raise typer.Exit(0 if report.is_intact else 1)


@keys_cli.command("rotate")
def rotate_keys() -> None:
    """
    Replace the key that signs access tokens. Nobody is signed out; running servers switch to it within five minutes.
    """
    from server.command import offline

    settings = _settings("keys")
    typer.echo(f"access tokens are now signed by {asyncio.run(offline.rotate_signing_key(settings))}")


@cli.command()
def doctor(
    books: Annotated[
        bool, typer.Option("--books", help="Add up the books of all projects anew; for every night.")
    ] = False,
) -> None:
    """Check this installation; say what is wrong and how to fix it."""
    from server.command import doctor as checks

    findings = asyncio.run(checks.examine_books() if books else checks.examine())
    for finding in findings:
        typer.echo(finding.line)
    raise typer.Exit(0 if all(finding.is_good for finding in findings) else 1)


@cli.command(
    "read",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def read(context: typer.Context) -> None:
    """Show how a file is read, as JSON, without a server: read --help."""
    from matching.reading import command

    raise typer.Exit(command.main(context.args, "tallyroom read"))


@plan_cli.command(
    "explain",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def explain_plan(context: typer.Context) -> None:
    """Say in plain words what each pass of a plan does: plan explain PLAN."""
    from matching import command

    # The plan is the only argument here; `python -m matching explain` also explains rows of files.
    given = context.args if context.args[:1] and context.args[0].startswith("-") else ["--plan", *context.args]
    raise typer.Exit(command.explain(given, "tallyroom plan explain"))


@cli.command(
    "remote",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def remote(context: typer.Context) -> None:
    """Run jobs, load files and read secrets on a server from scripts: remote --help."""
    from client.tallyroom_client import command

    raise typer.Exit(command.remote(context.args))


def _end(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> None:
    """Entry point. A refusal is one line on standard error and exit status 1."""
    keep_memory_private()
    # The kernel drops signals that a container's process 1 has no handler for. The servers install their own later.
    signal.signal(signal.SIGTERM, _end)
    try:
        cli(prog_name="tallyroom")  # the console script is a wrapper around this module
    except SettingsError as refusal:
        sys.stderr.write(f"tallyroom: {refusal}\n")
        sys.stderr.flush()
        sys.exit(1)


if __name__ == "__main__":
    main()
