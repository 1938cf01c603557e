"""`tallyroom remote` against a real server: what it does, and what it says when it cannot."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from realtime import state
from server.auth import tokens
from tallyroom_client.command import remote
from tests.auth.programs import program_of
from tests.client.conftest import Road, refusal
from tests.client.strangers import ANSWERS, answering, self_signed
from tests.conftest import PASSWORD, Person

ROOT = Path(__file__).parents[2]
ENTRY = "from tallyroom_client.command import main; main()"
# As on a terminal. What a shell starts in the background would ignore Ctrl-C, and so would the commands of a suite there.
INTERRUPTIBLE = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {ENTRY}"
Tried = tuple[int, str, str]
Try = Callable[..., Awaitable[Tried]]


@pytest.fixture
def as_alice(server: Any, alice: Person, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a script that alice runs."""
    monkeypatch.setenv("TALLYROOM_URL", str(server.make_url("/")))
    monkeypatch.setenv("TALLYROOM_TOKEN", alice.token)
    for name in ("EMAIL", "PASSWORD"):
        monkeypatch.delenv(f"TALLYROOM_{name}", raising=False)
    return monkeypatch


@pytest.fixture
def tried(as_alice: Any, capsys: pytest.CaptureFixture[str]) -> Try:
    """Runs a command in a thread. Returns: its exit code, standard output and standard error."""

    async def run(*arguments: str) -> Tried:
        capsys.readouterr()
        code = await asyncio.to_thread(remote, arguments)
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def refused(tried: Tried) -> tuple[int, str]:
    """Exit code and the only line of a command that was refused."""
    code, output, said = tried
    assert output == ""
    assert said.count("\n") == 1, said
    assert said.startswith("tallyroom: "), said
    assert said[:-1].isprintable()
    assert "Traceback" not in said
    return code, said


@pytest.fixture
def make_source(alice: Person, project: str) -> Callable[[str], Awaitable[str]]:
    """Makes a source with one record, which needs no worker. Returns: its id."""

    async def make(name: str) -> str:
        source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"]
        await alice.ok("POST", f"/sources/{source}/records", {"data": {"invoice": "INV-1"}})
        return str(source)

    return make


async def test_a_job_is_queued_by_names_and_its_id_printed(
    alice: Person, project: str, make_source: Any, tried: Try
) -> None:
    left, right = await make_source("bank"), await make_source("ledger")

    code, output, said = await tried("jobs", "run", "March", "bank", right)

    job = await alice.ok("GET", f"/jobs/{output.strip()}")
    assert (code, said) == (0, "")
    assert (job["left_source"], job["right_source"], job["status"]) == (left, right, "queued")


def progress(job: str, eta_seconds: float | None) -> tuple[str, list[str], dict[str, Any]]:
    """A progress as a worker tells it. Whoever follows the job later gets it too."""
    value = {"job_id": job, "stage": "comparing", "fraction": 0.42, "matched": 17, "eta_seconds": eta_seconds}
    return f"job.progress:{job}", [f"job:{job}"], value


async def test_a_cancelled_job_ends_with_3_and_its_progress_is_told_in_lines(
    alice: Person, project: str, make_source: Any, tried: Try, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_source("bank"), await make_source("ledger")
    job = (await tried("jobs", "run", "March", "bank", "ledger"))[1].strip()
    await state.put(*progress(job, 9.2))

    following = asyncio.create_task(tried("jobs", "follow", job))
    told = ""
    while "42%" not in told and not following.done():
        await asyncio.wait({following}, timeout=0.05)
        told += capsys.readouterr().err
    await alice.ok("POST", f"/jobs/{job}/cancel")
    code, output, said = await following

    assert "tallyroom: comparing 42%, 17 records matched, about 9 s left\n" in told
    assert (code, output) == (3, f"job {job} cancelled\n")
    assert said.splitlines()[-1].startswith("tallyroom: The job was cancelled.")


async def test_on_a_terminal_there_is_a_bar_that_is_gone_at_the_end_and_ctrl_c_says_how_to_go_on(
    as_alice: Any, project: str, make_source: Any, tried: Try
) -> None:
    await make_source("bank"), await make_source("ledger")
    job = (await tried("jobs", "run", "March", "bank", "ledger"))[1].strip()
    terminal, theirs = os.openpty()
    environment = {"PYTHONPATH": str(ROOT / "client"), "TERM": "xterm-256color", "COLUMNS": "100"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ENTRY, "remote", "jobs", "follow", job),
        env=os.environ | environment,
        stderr=theirs,
        stdout=asyncio.subprocess.PIPE,
    )
    os.close(theirs)

    try:
        seen = await _read_until(terminal, "queued")
        await state.put(*progress(job, None))
        seen += await _read_until(terminal, "42%")
        process.send_signal(signal.SIGINT)
        seen += await _read_until(terminal, "jobs follow")
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        os.close(terminal)

    assert (process.returncode, output) == (130, b"")
    assert "\x1b[" in seen
    assert f"tallyroom: Stopped. The job goes on; follow it with: tallyroom remote jobs follow {job}" in seen
    assert "Traceback" not in seen


async def _read_until(terminal: int, words: str) -> str:
    """What a terminal shows, up to some words."""
    seen = ""
    async with asyncio.timeout(60):
        while words not in seen:
            seen += (await asyncio.to_thread(os.read, terminal, 1 << 16)).decode(errors="replace")
    return seen


async def test_waiting_ends_after_so_many_seconds_and_says_how_to_go_on(
    project: str, make_source: Any, tried: Try
) -> None:
    await make_source("bank"), await make_source("ledger")

    code, output, said = await tried("jobs", "run", "March", "bank", "ledger", "--wait", "--within", "0.5")

    assert (code, output) == (5, "")
    assert said.splitlines()[-1].startswith("tallyroom: It did not finish within 0.5 s. The job goes on; follow it")


async def test_a_secret_is_all_that_is_printed_and_its_reading_is_audited(
    alice: Person, project: str, db: Any, tried: Try
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"]
    body = {"name": "Bank portal", "secret": "öpen \x1b[1m sesame"}
    entry = (await alice.ok("POST", f"/vaults/{vault}/entries", body))["id"]

    by_name = await tried("vault", "get", "Bank portal", "--reason", "month end")
    by_id = await tried("vault", "get", entry)
    narrowed = await tried("vault", "get", "Bank portal", "--project", "March", "--vault", "Banks")
    await alice.ok("POST", f"/vaults/{vault}/entries", body)
    ambiguous = await tried("vault", "get", "Bank portal")

    assert by_name == by_id == narrowed == (0, body["secret"] + "\n", "")
    code, said = refused(ambiguous)
    assert code == 1
    assert "2 entries are called 'Bank portal'. Give the id of one: " in said
    details = await db.fetch("SELECT details FROM audit_log WHERE action = 'entry.reveal' ORDER BY seq")
    assert [json.loads(row["details"]).get("reason") for row in details] == ["month end", None, None]


async def test_a_secret_is_printed_whole_whatever_the_terminal_can_show_and_nothing_is_said_if_nobody_reads(
    alice: Person, project: str, as_alice: Any
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"]
    entry = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "Portal", "secret": "öpen 雲"})
    written = io.BytesIO()
    as_alice.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii"))

    reading, writing = os.pipe()
    os.close(reading)

    code = await asyncio.to_thread(remote, ["vault", "get", entry["id"]])
    unread = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ENTRY, "remote", "vault", "get", entry["id"]),
        env=os.environ | {"PYTHONPATH": str(ROOT / "client")},
        stdout=writing,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    _, said = await unread.communicate()

    assert (code, written.getvalue().decode()) == (0, "öpen 雲\n")
    assert (unread.returncode, said) == (1, b"")  # nobody reads its output any more


async def test_a_secret_cannot_control_a_terminal_and_is_whole_in_a_pipe(
    alice: Person, project: str, as_alice: Any, tried: Try
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"]
    secret = "s3cret\x1b]0;pwn\x07\x1b]52;c;cHdu\x07\u202e\nsecond\tline ö"
    entry = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "Portal", "secret": secret})
    terminal, theirs = os.openpty()
    command = (sys.executable, "-c", ENTRY, "remote", "vault", "get", entry["id"])
    environment = os.environ | {"PYTHONPATH": str(ROOT / "client")}

    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdout=theirs, stderr=asyncio.subprocess.PIPE
        )
        os.close(theirs)
        shown = await _read_until(terminal, "ö")
        _, said = await process.communicate()
    finally:
        os.close(terminal)
    piped = await tried("vault", "get", entry["id"])

    expected = r"s3cret\x1b]0;pwn\x07\x1b]52;c;cHdu\x07\u202e" + "\r\nsecond\tline ö"
    assert (process.returncode, shown.rstrip("\r\n")) == (0, expected)
    assert b"Send the output to a file or a pipe" in said
    assert (said.count(b"\n"), b"s3cret" in said) == (1, False)
    assert piped == (0, secret + "\n", "")


async def test_what_a_server_or_a_file_is_called_is_no_markup_on_a_terminal(
    as_alice: Any, project: str, make_source: Any, silent: str, tried: Try, tmp_path: Path
) -> None:
    await make_source("bank"), await make_source("ledger")
    job = (await tried("jobs", "run", "March", "bank", "ledger"))[1].strip()
    name, streams, value = progress(job, None)
    await state.put(name, streams, value | {"stage": "[/red][link=http://evil.test]x\x1b]0;pwn\x07"})
    file = tmp_path / "[bold red]x[link=http:evil].csv"
    file.write_text("a,b\n1,2\n")

    loading = ("sources", "load", str(file), "--project", project, "--url", silent)
    for arguments, words in (
        (("jobs", "follow", job), "[/red][link=http://evil.test]x ]0;pwn"),
        (loading, "uploading [bold red]x[link=http:evil].csv"),
    ):
        terminal, theirs = os.openpty()
        environment = os.environ | {"PYTHONPATH": str(ROOT / "client"), "TERM": "xterm-256color", "COLUMNS": "150"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", INTERRUPTIBLE, "remote", *arguments), env=environment, stderr=theirs
        )
        os.close(theirs)
        try:
            seen = await _read_until(terminal, words)
        finally:
            process.kill()
            await process.wait()
            os.close(terminal)

        assert "\x1b]" not in seen


async def test_a_source_is_named_after_its_file_and_what_it_cannot_read_is_said_before_anything_is_sent(
    alice: Person, project: str, tmp_path: Path, tried: Try
) -> None:
    empty, good = tmp_path / "empty.csv", tmp_path / "bank.csv"
    empty.touch()
    good.write_text("a,b\n1,2\n")

    for file, words in (
        (tmp_path / "nothing.csv", "nothing.csv cannot be read: No such file or directory."),
        (tmp_path, "cannot be read: Is a directory."),
        (empty, "empty.csv is empty."),
    ):
        code, said = refused(await tried("sources", "load", str(file), "--project", "March"))
        assert (code, words in said) == (1, True), said
    for mapping in ("{", "[]", "@nowhere.json", "@" + str(tmp_path)):
        code, said = refused(await tried("sources", "load", str(good), "--project", "March", "--mapping", mapping))
        assert code == 1, said
    assert (await alice.ok("GET", f"/projects/{project}/sources"))["items"] == []

    code, _, said = await tried("sources", "load", str(good), "--project", "March", "--within", "0.5")
    assert (code, "did not finish within" in said) == (5, True)  # there is no worker
    assert [s["name"] for s in (await alice.ok("GET", f"/projects/{project}/sources"))["items"]] == ["bank"]


async def test_names_that_nothing_or_several_have_are_refused(project: str, make_source: Any, tried: Try) -> None:
    await make_source("bank"), await make_source("bank")

    for arguments, words in (
        (("May", "a", "b"), "No project that you may see is called 'May'."),
        (("March", "bank", "b"), "2 sources are called 'bank'. Give the id of one: "),
        (("March", "nothing", "b"), "No source that you may see is called 'nothing'."),
        (("01a22426-47fe-796f-bb9a-5c3351682208", "a", "b"), "Not found."),
    ):
        code, said = refused(await tried("jobs", "run", *arguments))
        assert (code, words in said) == (1, True), said


async def test_a_person_without_the_right_is_told_whom_to_ask(
    alice: Person, bob: Person, project: str, make_source: Any, as_alice: Any, tried: Try
) -> None:
    sources = await make_source("bank"), await make_source("ledger")
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    as_alice.setenv("TALLYROOM_TOKEN", bob.token)

    member = refused(await tried("jobs", "run", "March", *sources))
    as_alice.setenv("TALLYROOM_TOKEN", (await program_of(alice, "read")).token)
    program = refused(await tried("jobs", "run", "March", *sources))

    assert (member[0], "ask an owner" in member[1]) == (1, True), member
    assert program == (1, "tallyroom: This API token does not have the scope write. Make a token that has it.\n")


async def test_a_request_that_is_not_valid_is_refused_with_every_fault(
    project: str, tried: Try, tmp_path: Path
) -> None:
    file = tmp_path / "bank.csv"
    file.write_text("a,b\n1,2\n")

    code, said = refused(await tried("sources", "load", str(file), "--project", "March", "--name", "x" * 1000))

    assert (code, "/name: " in said) == (1, True), said


@pytest.mark.parametrize(
    ("environment", "typed", "expected", "words"),
    [
        ({"TALLYROOM_TOKEN": ""}, "", 1, "Set TALLYROOM_TOKEN, or TALLYROOM_EMAIL"),
        ({"TALLYROOM_TOKEN": "tr_nonsense"}, "", 1, "Make a new token"),
        ({"TALLYROOM_TOKEN": "", "TALLYROOM_EMAIL": "alice@example.test"}, "", 1, "no password"),
        (
            {"TALLYROOM_TOKEN": "", "TALLYROOM_EMAIL": "alice@example.test"},
            "wrong\n",
            1,
            "password is wrong. Check both",
        ),
        ({"TALLYROOM_URL": "http://127.0.0.1:9"}, "", 5, "cannot be reached. Check the address"),
        ({"TALLYROOM_URL": "127.0.0.1:2000"}, "", 1, "is not like https://"),
        ({"TALLYROOM_URL": "http://a.test"}, "", 1, "in plain text. Use https://"),
        ({"TALLYROOM_URL": "http://nowhere.invalid", "TALLYROOM_ALLOW_HTTP": "1"}, "", 5, "cannot be found"),
    ],
)
async def test_whoever_cannot_be_signed_in_is_told_what_to_do(
    environment: dict[str, str], typed: str, expected: int, words: str, as_alice: Any, tried: Try, tmp_path: Path
) -> None:
    for name, value in environment.items():
        as_alice.setenv(name, value)
    as_alice.setattr("tallyroom_client.command.account.PATIENCE_S", 0.5)
    (tmp_path / "typed").write_text(typed)

    with (tmp_path / "typed").open() as stdin:
        as_alice.setattr(sys, "stdin", stdin)
        code, said = refused(await tried("vault", "get", "x"))

    assert (code, words in said) == (expected, True), said


async def test_a_password_may_come_from_standard_input(
    alice: Person, project: str, as_alice: Any, tried: Try, tmp_path: Path
) -> None:
    (tmp_path / "typed").write_text(PASSWORD + "\n")
    with (tmp_path / "typed").open() as stdin:
        as_alice.setattr(sys, "stdin", stdin)
        code, said = refused(await tried("--email", alice.email, "vault", "get", "nothing"))

    assert (code, "No entry that you may see is called 'nothing'" in said) == (1, True), said
    assert len((await alice.ok("GET", "/auth/sessions"))["items"]) == 1  # the command has signed out


async def test_an_ended_token_and_too_many_sign_ins_are_said(
    alice: Person, as_alice: Any, tried: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "LIFE", timedelta(seconds=-10))
    headers = {"X-Client": "api"}
    async with alice.session.post(
        "/api/v1/auth/refresh", json={"refresh_token": alice.refresh_token}, headers=headers
    ) as response:
        ended = (await response.json())["access_token"]
    as_alice.setenv("TALLYROOM_TOKEN", ended)
    expired = refused(await tried("vault", "get", "x"))
    as_alice.setenv("TALLYROOM_TOKEN", "")
    as_alice.setenv("TALLYROOM_EMAIL", alice.email)
    as_alice.setenv("TALLYROOM_PASSWORD", "wrong")
    for _ in range(6):
        throttled = refused(await tried("vault", "get", "x"))

    assert (expired[0], "no longer accepted. Make a new token" in expired[1]) == (1, True), expired
    assert (throttled[0], "Try again in " in throttled[1]) == (5, True), throttled


async def test_a_server_that_is_busy_another_or_not_trusted_is_said(
    road: Road, as_alice: Any, tried: Try, tmp_path: Path
) -> None:
    road.refusals = [refusal("900")]
    as_alice.setenv("TALLYROOM_URL", road.url)
    busy = refused(await tried("vault", "get", "x"))
    async with answering(ANSWERS["a web page"]) as port:
        other = refused(await tried("--url", f"http://127.0.0.1:{port}", "vault", "get", "x"))
    async with answering(ANSWERS["a web page"], self_signed(tmp_path)) as port:
        untrusted = refused(await tried("vault", "get", "x", "--url", f"https://127.0.0.1:{port}"))

    assert (busy[0], "Try again in 900 s." in busy[1]) == (5, True), busy
    assert (other[0], "Check the address" in other[1]) == (1, True), other
    assert (untrusted[0], "SSL_CERT_FILE" in untrusted[1]) == (1, True), untrusted


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: COMMAND"),
        (("jobs",), "See: tallyroom remote jobs --help"),
        (("jobs", "follow", "bank"), "is not the id of a job"),
        (("jobs", "run", "a", "b"), "required: RIGHT"),
        (("jobs", "run", "a", "b", "c", "--within", "soon"), "is not a number of seconds above 0"),
        (("sources", "load", "x\x1b[2J"), "required: --project"),
        (("vault", "get", "x", "--password", "p"), "unrecognized arguments"),
    ],
)
@pytest.mark.unit
def test_a_command_that_is_misused_says_how_it_is_used(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = refused((remote(arguments), *capsys.readouterr()))

    assert (code, words in said) == (2, True), said


@pytest.mark.acceptance
def test_the_server_has_the_same_commands_and_the_client_says_which_are_not_its_own() -> None:
    def run(*command: str) -> tuple[int, str, str]:
        environment = os.environ | {"PYTHONPATH": str(ROOT / "client")}
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout, done.stderr

    code, output, _ = run("-m", "server", "remote", "jobs", "run", "--help")
    misused = run("-m", "server", "remote", "--url", "http://a.test", "jobs", "follow", "x")
    other = run("-c", ENTRY, "serve")

    assert (code, "usage: tallyroom remote jobs run" in output, "exit codes:" in output) == (0, True, True)
    assert refused(misused)[0] == 2
    assert refused(other) == (
        2,
        "tallyroom: 'serve' is a command of the server; this is the client: tallyroom remote --help\n",
    )
