"""A server in production behind a proxy: its cookie, the missing demo accounts, and client addresses."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession
from aiohttp.test_utils import TestServer

from core.demo import PASSWORD as DEMO_PASSWORD
from core.settings import Settings
from server.auth.answers import GATE
from server.store.embedded import embedded_url
from tests.auth.programs import body, program_of
from tests.conftest import PASSWORD, Person

pytestmark = pytest.mark.acceptance

PUBLIC = "https://tallyroom.acme.test"
LOGIN = "/api/v1/auth/login"


def production_environ(settings: Settings, port: int) -> dict[str, str]:
    """The environment of a server in production: the tests' database and key, a proxy, cheap hashes."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "TALLYROOM_ENV": "production",
        "TALLYROOM_PORT": str(port),
        "TALLYROOM_DATABASE_URL": embedded_url(settings.data_dir),
        "TALLYROOM_VAULT_KEK_FILE": str(settings.data_dir / "kek"),
        "TALLYROOM_PUBLIC_URL": PUBLIC,
        "TALLYROOM_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8",
        "TALLYROOM_ARGON2_MEMORY_KIB": "19456",
        "TALLYROOM_ARGON2_TIME": "2",
        "TALLYROOM_ARGON2_LANES": "1",
        "TALLYROOM_LOG_LEVEL": "debug",
    }


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that gets all output, at level debug."""
    return tmp_path_factory.mktemp("production") / "log"


@pytest.fixture(scope="module")
async def production(server: TestServer, settings: Settings, log_file: Path) -> AsyncIterator[str]:
    """The address of a server that runs as in production, on the tests' database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log_file.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", "serve"), env=production_environ(settings, port), stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        async with ClientSession() as session:
            for _ in range(300):
                try:
                    async with session.get(f"{address}/health/live"):
                        break
                except ClientError:
                    assert process.returncode is None
                    await asyncio.sleep(0.1)
        yield address
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture
async def proxied(production: str) -> AsyncIterator[ClientSession]:
    """An HTTP session with that server."""
    async with ClientSession(base_url=production) as session:
        yield session


async def test_the_cookie_is_bound_to_the_host_and_to_https(proxied: ClientSession, alice: Person) -> None:
    async with proxied.post(LOGIN, json={"email": alice.email, "password": PASSWORD}) as response:
        cookie = SimpleCookie(response.headers["Set-Cookie"])["__Host-rt"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Strict", "/", "")

    page = {"Origin": PUBLIC, "X-Requested-With": "tallyroom", "Cookie": f"__Host-rt={cookie.value}"}
    async with proxied.post("/api/v1/auth/refresh", json={}, headers=page | {"Origin": "http://127.0.0.1"}) as response:
        assert response.status == 403
    async with proxied.post("/api/v1/auth/refresh", json={}, headers=page) as response:
        assert response.status == 200
        value = SimpleCookie(response.headers["Set-Cookie"])["__Host-rt"].value
    async with proxied.post(
        "/api/v1/auth/logout", json={}, headers=page | {"Cookie": f"__Host-rt={value}"}
    ) as response:
        ended = SimpleCookie(response.headers["Set-Cookie"])["__Host-rt"]
    # Without Secure, a browser would ignore the header and keep the cookie.
    assert (ended.value, ended["max-age"], ended["path"]) == ("", "0", "/")
    assert ended["secure"]


async def test_the_demo_password_does_not_work(
    proxied: ClientSession, http: ClientSession, alice: Person, server: TestServer, db: asyncpg.Connection
) -> None:
    stored, pepper = await server.app[GATE].passwords.hash(DEMO_PASSWORD)
    await db.execute("UPDATE users SET password_hash = $1, pepper_id = $2", stored, pepper)
    body = {"email": alice.email, "password": DEMO_PASSWORD}

    async with http.post(LOGIN, json=body) as response:
        assert response.status == 200  # in demo mode, this works
    async with proxied.post(LOGIN, json=body) as response:
        assert response.status == 401


@pytest.mark.long
async def test_no_demo_data_is_created(settings: Settings) -> None:
    done = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", "demo", env=production_environ(settings, 0), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await done.communicate()

    assert done.returncode == 1
    assert errors.decode() == "tallyroom: TALLYROOM_ENV: demo data is not created in production\n"


async def test_behind_trusted_proxies_the_last_untrusted_address_counts(
    proxied: ClientSession, alice: Person, db: asyncpg.Connection
) -> None:
    async def network_seen(*headers: tuple[str, str]) -> str:
        sent = [("X-Client", "api"), *headers]
        async with proxied.post(LOGIN, json={"email": alice.email, "password": PASSWORD}, headers=sent) as response:
            assert response.status == 200
        found: str = await db.fetchval("SELECT network FROM sessions ORDER BY id DESC LIMIT 1")
        return found

    forwarded = "X-Forwarded-For"
    assert await network_seen() == "127.0.0.0/24"
    assert await network_seen((forwarded, "203.0.113.9")) == "203.0.113.0/24"
    # The client's own entries are to the left of those that the proxies have added.
    assert await network_seen((forwarded, "192.0.2.1, 203.0.113.9")) == "203.0.113.0/24"
    assert await network_seen((forwarded, "192.0.2.1, 203.0.113.9, 10.1.2.3")) == "203.0.113.0/24"
    assert await network_seen((forwarded, "192.0.2.1"), (forwarded, "203.0.113.9")) == "203.0.113.0/24"
    assert await network_seen((forwarded, "2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
    assert await network_seen((forwarded, "::ffff:203.0.113.9")) == "203.0.113.0/24"
    assert await network_seen((forwarded, "203.0.113.9:4444")) == "203.0.113.0/24"
    assert await network_seen((forwarded, "192.0.2.1, [2001:db8:1:2::7]:443")) == "2001:db8:1:2::/64"
    assert await network_seen((forwarded, "[2001:db8:1:2::7]")) == "2001:db8:1:2::/64"
    assert await network_seen((forwarded, "203.0.113.9:4444, 10.1.2.3:80")) == "203.0.113.0/24"
    # All whose address cannot be read count as one network, and never as the proxy's.
    for hop in ("nonsense", "unknown", "_hidden", "203.0.113.9:http", "[203.0.113.9", ":80", "[]:80"):
        assert await network_seen((forwarded, f"192.0.2.1, {hop}")) == "unknown"


async def test_guesses_are_counted_by_the_forwarded_network(proxied: ClientSession, alice: Person) -> None:
    async def guess(address: str, password: str = "wrong") -> int:
        headers = {"X-Forwarded-For": f"192.0.2.1, {address}", "X-Client": "api"}
        async with proxied.post(LOGIN, json={"email": alice.email, "password": password}, headers=headers) as response:
            return response.status

    assert [await guess(f"203.0.113.{number}") for number in range(6)] == [401] * 5 + [429]
    assert await guess("198.51.100.1", PASSWORD) == 200


async def test_an_api_tokens_networks_are_compared_with_the_forwarded_address(
    proxied: ClientSession, alice: Person
) -> None:
    program = await program_of(alice, "read", networks=["203.0.113.0/24"])

    async def status(forwarded: str) -> int:
        headers = {"Authorization": f"Bearer {program.token}", "X-Forwarded-For": forwarded}
        async with proxied.get("/api/v1/me", headers=headers) as response:
            return response.status

    assert await status("203.0.113.9") == 200
    assert await status("192.0.2.1, 203.0.113.9, 10.1.2.3") == 200
    assert await status("203.0.113.9, 192.0.2.1") == 403  # what the client wrote is to the left
    assert await status("203.0.113.9, nonsense") == 403
    assert await program.refused("GET", "/me") == (403, "forbidden")


@pytest.mark.parametrize("networks", [["10.0.0.0/8", "127.0.0.0/8"], ["0.0.0.0/0", "::/0"]])
async def test_nobody_passes_for_the_proxy_with_an_address_that_cannot_be_read(
    proxied: ClientSession, alice: Person, networks: list[str]
) -> None:
    program = await program_of(alice, "read", networks=networks)
    everywhere = "::/0" in networks

    async def status(forwarded: str) -> int:
        headers = {"Authorization": f"Bearer {program.token}", "X-Forwarded-For": forwarded}
        async with proxied.get("/api/v1/me", headers=headers) as response:
            return response.status

    for hop in ("203.0.113.7:4444", "[2001:db8::1]:443"):
        assert await status(hop) == (200 if everywhere else 403)
    for hop in ("unknown", "203.0.113.7:http", "nonsense"):
        assert await status(hop) == 403


async def test_tokens_from_another_installation_are_invalid(proxied: ClientSession, alice: Person) -> None:
    # The same keys, but another issuer.
    async with proxied.get("/api/v1/me", headers={"Authorization": f"Bearer {alice.token}"}) as response:
        assert (response.status, (await response.json())["code"]) == (401, "token_invalid")


async def test_no_secret_reaches_the_log(proxied: ClientSession, alice: Person, log_file: Path) -> None:
    sentinel = "SENTINEL-2f9c-in-many-places"
    wrong = {"email": alice.email, "password": sentinel}
    async with proxied.post(LOGIN, json=wrong, headers={"User-Agent": sentinel, "X-Request-ID": "found-in-the-log"}):
        pass
    async with proxied.post(
        LOGIN, json={"email": alice.email, "password": PASSWORD}, headers={"X-Client": "api"}
    ) as response:
        granted = await response.json()
    access, refresh = granted["access_token"], granted["refresh_token"]
    bearer = {"Authorization": f"Bearer {access}"}
    async with proxied.post("/api/v1/me/api-tokens", json=body("read"), headers=bearer) as response:
        program = (await response.json())["token"]
    for sent in (program, program[:-1], f"{program}x"):
        async with proxied.get(f"/api/v1/users?x={sent}", headers={"Authorization": f"Bearer {sent}"}):
            pass
    change = {"current_password": PASSWORD, "new_password": f"{sentinel}-new"}
    for method, path, sending in (
        ("GET", f"/api/v1/projects?cursor={sentinel}", None),
        ("GET", f"/socket.io/?EIO=4&transport=polling&token={access}", None),
        ("POST", "/api/v1/logs", {"logs": [{"level": sentinel, "message": sentinel}]}),
        ("POST", "/api/v1/auth/password/change", change),
        ("POST", "/api/v1/auth/refresh", {"refresh_token": refresh}),
        ("GET", "/api/v1/me", None),
    ):
        async with proxied.request(method, path, json=sending, headers=bearer | {"Cookie": f"__Host-rt={sentinel}"}):
            pass

    written = log_file.read_text(encoding="utf-8")
    assert "found-in-the-log" in written
    assert "/api/v1/auth/password/change" in written
    for secret in (
        sentinel,
        PASSWORD,
        access,
        program.split("_")[2][:-1],
        refresh,
        access.split(".")[2],
        refresh.split(".")[2],
    ):
        assert secret not in written
