"""The command line: its arguments, and one line for each refusal."""

import asyncio
import os
import sys
import traceback
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn

from ..client import Client
from ..problem import Problem
from . import jobs, sources, vault
from .account import client_of
from .names import as_id
from .output import EXIT_CODES, ExitCode, note
from .waiting import Hint

Command = Callable[[Client, Namespace, Hint], Awaitable[int]]
ABOUT = """\
Run reconciliations on a Tallyroom server from scripts.

Who you are comes from the environment: TALLYROOM_URL, and TALLYROOM_TOKEN, or TALLYROOM_EMAIL with
TALLYROOM_PASSWORD. Without TALLYROOM_PASSWORD the password is asked for, or read from standard input.

Neither is sent over http:// to another machine, unless --allow-http or TALLYROOM_ALLOW_HTTP=1 allows it."""
MOST_SECONDS = 10_000_000
PROJECT = "a project, by id or by its name if only one has it"
SOURCE = "source, by id or by its name if only one in the project has it"


class Usage(Exception):
    """The command was not used as it is meant."""


class Parser(ArgumentParser):
    """A parser whose errors are one line."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        options |= {"allow_abbrev": False, "formatter_class": RawDescriptionHelpFormatter, "epilog": EXIT_CODES}
        super().__init__(*arguments, **options)

    def error(self, message: str) -> NoReturn:
        """Refuse. Raises: Usage."""
        raise Usage(f"{message}. See: {self.prog} --help")


def parser() -> Parser:
    """All commands."""
    root = Parser(prog="tallyroom remote", description=ABOUT)
    _account(root, None)
    nouns = root.add_subparsers(metavar="COMMAND", required=True)
    verbs = _noun(nouns, "jobs", "reconcile two sources")
    run = _verb(verbs, "run", "queue a job; prints its id, or with --wait what came of it", jobs.run)
    run.add_argument("project", metavar="PROJECT", help=PROJECT)
    run.add_argument("left", metavar="LEFT", help=f"the left {SOURCE}")
    run.add_argument("right", metavar="RIGHT", help=f"the right {SOURCE}")
    run.add_argument("--plan", help="a plan, by id or name; otherwise one is suggested, saved and used")
    run.add_argument("--wait", action="store_true", help="follow the job to its end")
    _ending(run, prove=True)
    follow = _verb(verbs, "follow", "follow a job to its end and print what came of it", jobs.follow)
    follow.add_argument("job", metavar="JOB", type=_job_id, help="the id of a job")
    _ending(follow, prove=True)
    explain = _verb(verbs, "explain", "say why a job matched two records, or why it did not", jobs.explain)
    explain.add_argument("job", metavar="JOB", type=_job_id, help="the id of a job")
    explain.add_argument("left", metavar="LEFT", help="the id of a record of its left source")
    explain.add_argument("right", metavar="RIGHT", help="the id of a record of its right source")
    verbs = _noun(nouns, "sources", "files to reconcile")
    load = _verb(verbs, "load", "upload a file and wait until it is ready; prints the source's id", sources.load)
    load.add_argument("file", metavar="FILE", help="CSV, JSON Lines, JSON, XLSX or Parquet")
    load.add_argument("--project", required=True, help=PROJECT)
    load.add_argument("--name", help="name of the source; otherwise that of the file")
    load.add_argument("--format", help="format of the file, if it is not found by itself")
    load.add_argument("--mapping", metavar="JSON", help="what the columns mean, as JSON or as @FILE")
    _ending(load)
    verbs = _noun(nouns, "vault", "secrets of the source systems")
    get = _verb(verbs, "get", "reveal a secret and print only it; this is recorded in the audit log", vault.get)
    get.add_argument("entry", metavar="ENTRY", help="an entry, by id or by its name if only one has it")
    get.add_argument("--project", help=f"look only in {PROJECT}")
    get.add_argument("--vault", help="look only in this vault, by id or name")
    get.add_argument("--reason", help="why, for the audit log")
    return root


def run(arguments: Sequence[str]) -> int:
    """Run a command. Returns: the exit code."""
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Nobody reads any more. Python would say so once again when it ends and flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.REFUSED
    return code


def _run(arguments: Sequence[str]) -> int:
    hint = Hint()
    try:
        return asyncio.run(_call(parser().parse_args(arguments), hint))
    except Usage as usage:
        note(str(usage))
        return ExitCode.USAGE
    except Problem as problem:
        note(str(problem))
        return ExitCode.LATER if problem.is_temporary else ExitCode.REFUSED
    except KeyboardInterrupt:
        note(f"Stopped. {hint.text}")
        return ExitCode.STOPPED
    except BrokenPipeError:
        raise
    except SystemExit as end:  # after --help
        return end.code if isinstance(end.code, int) else ExitCode.USAGE
    except Exception as error:  # noqa: BLE001 - the root of the program: no traceback for people
        note(f"This is a fault of the client: {_place_of(error)}. Please report it.")
        return ExitCode.REFUSED


def _place_of(error: Exception) -> str:
    """The type of an exception and where it was raised; its text might contain a secret."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {os.path.basename(frame.filename)}:{frame.lineno}"


async def _call(arguments: Namespace, hint: Hint) -> int:
    command: Command = arguments.command
    async with client_of(arguments) as client:
        return await command(client, arguments, hint)


def _noun(nouns: Any, name: str, about: str) -> Any:
    return nouns.add_parser(name, help=about, description=about).add_subparsers(metavar="COMMAND", required=True)


def _verb(verbs: Any, name: str, about: str, command: Command) -> Parser:
    found: Parser = verbs.add_parser(name, help=about, description=about)
    found.set_defaults(command=command)
    _account(found, SUPPRESS)  # accepted here too, where it does not undo what came before the command
    return found


def _account(command: Parser, default: Any) -> None:
    command.add_argument("--url", default=default, help="address of the server (TALLYROOM_URL)")
    about = "sign in as this person (TALLYROOM_EMAIL), and not with TALLYROOM_TOKEN"
    command.add_argument("--email", default=default, help=about)
    about = "send the token or password over http:// to another machine too (TALLYROOM_ALLOW_HTTP=1)"
    command.add_argument("--allow-http", action="store_true", default=default or False, help=about)


def _ending(command: Parser, *, prove: bool = False) -> None:
    if prove:
        command.add_argument("--prove", action="store_true", help="wait, and end with 6 unless both sides agree")
    command.add_argument("--within", type=_seconds, metavar="SECONDS", help="stop waiting after so long, with 5")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MOST_SECONDS:
        raise ArgumentTypeError("is not a number of seconds above 0")
    return seconds


def _job_id(text: str) -> str:
    if (found := as_id(text)) is None:
        raise ArgumentTypeError("is not the id of a job, which `jobs run` prints")
    return found
