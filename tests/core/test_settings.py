"""Why production refuses to start: one line that names the setting, and exit status 1."""

import asyncio
import base64
import os
import secrets
import sys
from pathlib import Path

import pytest

from core.envelope import key_ring
from core.settings import SettingsError, load

ROOT = Path(__file__).resolve().parents[2]
KEY = base64.b64encode(secrets.token_bytes(32)).decode()
GOOD = {
    "TALLYROOM_ENV": "production",
    "TALLYROOM_DATABASE_URL": "postgresql://tallyroom:secret@127.0.0.1:1/tallyroom",
    "TALLYROOM_PUBLIC_URL": "https://tallyroom.example.test",
    "TALLYROOM_VAULT_KEK_k1": KEY,
}


def refusal(environment: dict[str, str]) -> str:
    """The error line when the settings of an environment are loaded and its keys decoded."""
    with pytest.raises(SettingsError) as caught:
        key_ring(load(environment))
    assert "\n" not in str(caught.value)
    return str(caught.value)


async def command(*arguments: str, environment: dict[str, str]) -> tuple[int, str, str]:
    """Exit status and both outputs of the real command line with only this environment."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def test_production_starts_when_everything_is_given() -> None:
    settings = load(GOOD)

    assert settings.is_production
    assert settings.origins == ("https://tallyroom.example.test",)
    assert key_ring(settings).active == "k1"


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("TALLYROOM_DATABASE_URL", "TALLYROOM_DATABASE_URL: missing"),
        ("TALLYROOM_PUBLIC_URL", "TALLYROOM_PUBLIC_URL: missing"),
        ("TALLYROOM_VAULT_KEK_k1", "TALLYROOM_VAULT_KEK_FILE: missing"),
    ],
)
def test_production_names_what_is_missing(missing: str, named: str) -> None:
    environment = {name: value for name, value in GOOD.items() if name != missing}

    assert refusal(environment).startswith(named)
    assert refusal({**GOOD, missing: ""}).startswith(named)


@pytest.mark.parametrize(
    "key",
    [
        base64.b64encode(bytes(32)).decode(),
        base64.b64encode(b"\xff" * 32).decode(),
        base64.b64encode(b"0123456789abcdef0123456789abcdef").decode(),
        "change-me",
        "<your key>",
        base64.b64encode(b"too short").decode(),
        base64.b64encode(bytes(range(33))).decode(),
        "not base64 at all!",
    ],
)
def test_production_refuses_invalid_keys_from_the_environment_and_from_a_file(key: str, tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(f"k1 {key}\n")
    file.chmod(0o600)
    from_file = {name: value for name, value in GOOD.items() if "KEK" not in name}

    assert refusal({**GOOD, "TALLYROOM_VAULT_KEK_k1": key}).startswith("TALLYROOM_VAULT_KEK_k1: ")
    assert refusal({**from_file, "TALLYROOM_VAULT_KEK_FILE": str(file)}).startswith("TALLYROOM_VAULT_KEK_FILE: ")


def test_a_refused_key_is_not_repeated_in_the_error() -> None:
    short = base64.b64encode(secrets.token_bytes(31)).decode()

    assert short not in refusal({**GOOD, "TALLYROOM_VAULT_KEK_k1": short})


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o601])
def test_a_key_file_that_others_may_use_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(f"k1 {KEY}\n")
    file.chmod(mode)

    line = refusal({"TALLYROOM_VAULT_KEK_FILE": str(file)})

    assert line.startswith("TALLYROOM_VAULT_KEK_FILE: ")
    assert "chmod 600" in line


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440])
def test_a_key_file_that_only_owner_or_group_may_read_is_accepted(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "kek"
    file.write_text(f"# made for the tests\nold {KEY}\nnew {base64.b64encode(secrets.token_bytes(32)).decode()}\n")
    file.chmod(mode)
    environment = {"TALLYROOM_VAULT_KEK_FILE": str(file), "TALLYROOM_VAULT_KEK_ACTIVE": "new"}

    ring = key_ring(load(environment))

    assert ring.active == "new"
    assert set(ring.keys) == {"old", "new"}


def test_with_two_keys_the_active_one_must_be_named() -> None:
    two = {**GOOD, "TALLYROOM_VAULT_KEK_k2": base64.b64encode(secrets.token_bytes(32)).decode()}

    assert refusal(two).startswith("TALLYROOM_VAULT_KEK_ACTIVE: ")
    assert refusal({**two, "TALLYROOM_VAULT_KEK_ACTIVE": "k3"}).startswith("TALLYROOM_VAULT_KEK_ACTIVE: ")
    assert key_ring(load({**two, "TALLYROOM_VAULT_KEK_ACTIVE": "k2"})).active == "k2"


@pytest.mark.parametrize(
    "origin",
    [
        "http://tallyroom.example.test",
        "tallyroom.example.test",
        "https://",
        "https://[broken",
        "https://tallyroom.example.test:port",
        "https://tallyroom.example.test/below",
        "https://somebody@tallyroom.example.test",
        "*",
    ],
)
def test_production_refuses_anything_but_an_https_origin(origin: str) -> None:
    assert refusal({**GOOD, "TALLYROOM_PUBLIC_URL": origin}).startswith("TALLYROOM_PUBLIC_URL: ")
    assert refusal({**GOOD, "TALLYROOM_ALLOWED_ORIGINS": f"https://good.example.test, {origin}"}).startswith(
        "TALLYROOM_ALLOWED_ORIGINS: "
    )


@pytest.mark.parametrize("flag", ["1", "true", "yes"])
def test_production_refuses_the_debug_flag(flag: str) -> None:
    assert refusal({**GOOD, "TALLYROOM_DEBUG": flag}).startswith("TALLYROOM_DEBUG: ")


def test_production_accepts_a_debug_flag_that_is_off() -> None:
    assert load({**GOOD, "TALLYROOM_DEBUG": "0"}).debug is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TALLYROOM_ENV", "prod"),
        ("TALLYROOM_PORT", "many"),
        ("TALLYROOM_PORT", "70000"),
        ("TALLYROOM_DATABASE_SCHEMA", "Robert'); --"),
        ("TALLYROOM_TRUSTED_PROXIES", "the-proxy"),
        ("TALLYROOM_ARGON2_TIME", "0"),
        ("TALLYROOM_LOG_LEVEL", "loud"),
    ],
)
def test_a_malformed_value_is_refused_by_its_name(name: str, value: str) -> None:
    assert refusal({**GOOD, name: value}).startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("google", "line"),
    [
        ({"NEW_PEOPLE": "invited"}, "TALLYROOM_GOOGLE_NEW_PEOPLE: needs GOOGLE_CLIENT_ID"),
        ({"CLIENT_ID": "x", "NEW_PEOPLE": "domain"}, "TALLYROOM_GOOGLE_NEW_PEOPLE: 'domain' needs GOOGLE_HD"),
        ({"CLIENT_ID": "x", "NEW_PEOPLE": "everybody"}, "TALLYROOM_GOOGLE_NEW_PEOPLE: "),
        ({"CLIENT_ID": "two words"}, "TALLYROOM_GOOGLE_CLIENT_ID: "),
        ({"CLIENT_ID": "x", "JWKS_URL": "http://127.0.0.1:9/certs"}, "TALLYROOM_GOOGLE_JWKS_URL: is for local issuers"),
    ],
)
def test_google_is_set_up_whole_or_not_at_all(google: dict[str, str], line: str) -> None:
    given = {f"TALLYROOM_GOOGLE_{name}": value for name, value in google.items()}

    assert refusal({**GOOD, **given}).startswith(line)


def test_the_domains_of_google_are_a_list() -> None:
    settings = load({**GOOD, "TALLYROOM_GOOGLE_CLIENT_ID": "x", "TALLYROOM_GOOGLE_HD": "Acme.test, beta.test"})

    assert settings.google_hd == ("acme.test", "beta.test")


def test_password_hashing_below_the_floor_is_refused() -> None:
    weak = {"TALLYROOM_ARGON2_MEMORY_KIB": "8192", "TALLYROOM_ARGON2_TIME": "2"}

    assert "19456" in refusal({**GOOD, **weak})


def test_the_database_url_is_read_from_a_file_and_never_shown(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://tallyroom:hunter2hunter2@database/tallyroom\n")
    environment = {name: value for name, value in GOOD.items() if name != "TALLYROOM_DATABASE_URL"}

    settings = load({**environment, "TALLYROOM_DATABASE_URL_FILE": str(file)})

    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql://tallyroom:hunter2hunter2@database/tallyroom"
    for shown in (repr(settings), str(settings.public())):
        assert "hunter2" not in shown
        assert KEY not in shown


def test_a_missing_secret_file_is_named(tmp_path: Path) -> None:
    environment = {name: value for name, value in GOOD.items() if name != "TALLYROOM_DATABASE_URL"}
    absent = str(tmp_path / "absent")

    line = refusal({**environment, "TALLYROOM_DATABASE_URL_FILE": absent})

    assert line.startswith("TALLYROOM_DATABASE_URL_FILE: ")
    assert absent in line


@pytest.mark.acceptance
async def test_with_only_the_mode_set_the_command_line_refuses_in_one_line() -> None:
    status, out, err = await command("serve", "--migrate", environment={"TALLYROOM_ENV": "production"})

    assert (status, out) == (1, "")
    assert err.startswith("tallyroom: TALLYROOM_DATABASE_URL: missing")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("serve",), ("worker",), ("migrate",), ("users", "create", "a@example.test")])
@pytest.mark.acceptance
async def test_every_command_refuses_a_wrong_key_before_it_connects_to_the_database(arguments: tuple[str, ...]) -> None:
    short = base64.b64encode(b"too short").decode()

    status, out, err = await command(*arguments, environment={**GOOD, "TALLYROOM_VAULT_KEK_k1": short})

    assert (status, out) == (1, "")
    assert err.startswith("tallyroom: TALLYROOM_VAULT_KEK_k1: has 9 bytes")
    assert err.count("\n") == 1


@pytest.mark.acceptance
async def test_a_start_that_waits_for_its_database_stops_at_once_on_request() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "serve", "--migrate"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **GOOD},
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    await until_it_handles_sigterm(process.pid)

    process.terminate()

    assert process.stderr is not None
    assert await process.stderr.read() == b""
    assert await asyncio.wait_for(process.wait(), 10) == 143


async def until_it_handles_sigterm(pid: int) -> None:
    """Waits until a process handles SIGTERM (bit 14). Process 1 of a container does not end without a handler."""
    while True:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & (1 << 14):
            return
        await asyncio.sleep(0.05)


def test_settings_reach_a_child_process_unchanged():
    given = load(
        {
            "TALLYROOM_DATABASE_URL": "postgresql://u:p@db/x",
            "TALLYROOM_VAULT_KEK_a1": KEY,
            "TALLYROOM_ALLOWED_ORIGINS": "https://a.test,https://b.test",
            "TALLYROOM_DEBUG": "true",
            "TALLYROOM_PORT": "2100",
        }
    )

    assert load(given.environment()) == given
