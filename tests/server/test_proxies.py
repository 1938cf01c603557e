"""The proxies' configurations of docs/operations.md, in a real nginx and a real Caddy, in front of the server."""

import asyncio
import datetime as dt
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, TCPConnector
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from tests.conftest import Person
from tests.realtime.wire import Wire

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CADDY = shutil.which("caddy")
NAME = "tallyroom.your-company.test"  # as in the document
DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"

pytestmark = [pytest.mark.acceptance, pytest.mark.long]
PROXIES = [
    pytest.param(
        "nginx", marks=pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)")
    ),
    pytest.param(
        "caddy", marks=pytest.mark.skipif(CADDY is None, reason="Caddy is not installed (apt-get install caddy)")
    ),
]


@dataclass
class Proxy:
    """A running proxy."""

    plain: str
    address: str
    trust: ssl.SSLContext

    def session(self) -> ClientSession:
        """A client behind it, which believes its certificate."""
        return ClientSession(base_url=self.address, connector=TCPConnector(ssl=self.trust), headers={"Host": NAME})


def certificate(folder: Path, name: str) -> None:
    """A certificate for a name and localhost, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in {name, "localhost"}]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _block(language: str, *changes: tuple[str, str]) -> str:
    """A configuration of the document, with other ports and another certificate, and nothing else changed."""
    found = re.search(rf"```{language}\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    block = found.group(1)
    for written, here in changes:
        assert written in block, written
        block = block.replace(written, here)
    return block


def _nginx(folder: Path, plain: int, secure: int, server: int) -> list[str]:
    """The command that runs nginx."""
    block = _block(
        "nginx",
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("/etc/ssl/tallyroom", str(folder)),
        ("proxy_pass http://127.0.0.1:2000;", f"proxy_pass http://127.0.0.1:{server};"),
    )
    folders = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # to read a folder of ours; installed, it has a user of its own
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; {folders} {block} }}"
    )
    return [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def _caddy(folder: Path, plain: int, secure: int, server: int) -> list[str]:
    """The command that runs Caddy."""
    block = _block(
        "caddyfile",
        (f"{NAME} {{", f"{NAME}, localhost {{\n    bind 127.0.0.1"),
        ("/etc/ssl/tallyroom", str(folder)),
        ("reverse_proxy 127.0.0.1:2000", f"reverse_proxy 127.0.0.1:{server}"),
    )
    options = f"admin off\n storage file_system {folder}\n http_port {plain}\n https_port {secure}"
    (folder / "Caddyfile").write_text(f"{{\n {options}\n}}\n{block}")
    return [str(CADDY), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(params=PROXIES)
async def proxy(request: pytest.FixtureRequest, server: TestServer, tmp_path: Path) -> AsyncIterator[Proxy]:
    """A proxy with the configuration of the document."""
    certificate(tmp_path, NAME)
    plain, secure = _free_port(), _free_port()
    command = (_nginx if request.param == "nginx" else _caddy)(tmp_path, plain, secure, server.port or 0)
    output = (tmp_path / "output").open("wb")
    kept = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}  # Caddy's last configuration
    process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **kept})
    for _ in range(600):
        with socket.socket() as probe:
            probe.settimeout(0.1)
            if probe.connect_ex(("127.0.0.1", secure)) == 0:
                break
        assert process.poll() is None, (tmp_path / "output").read_text()
        await asyncio.sleep(0.05)
    trust = ssl.create_default_context(cafile=str(tmp_path / "fullchain.pem"))
    yield Proxy(f"http://127.0.0.1:{plain}", f"https://localhost:{secure}", trust)
    process.terminate()
    process.wait()
    output.close()


async def test_plain_http_is_redirected_to_the_name_of_the_installation(proxy: Proxy) -> None:
    async with (
        ClientSession() as session,
        session.get(f"{proxy.plain}/me?x=1", headers={"Host": NAME}, allow_redirects=False) as response,
    ):
        location = URL(response.headers["Location"])  # Caddy adds the port, which here is not the usual one
        assert (response.status, location.scheme, location.host, location.path_qs) == (308, "https", NAME, "/me?x=1")


async def test_metrics_stay_inside_and_everything_else_passes(proxy: Proxy, alice: Person) -> None:
    async with proxy.session() as session:
        async with session.get("/metrics") as response:
            metrics = response.status
        async with session.get("/api/v1/me", headers={"Authorization": f"Bearer {alice.token}"}) as response:
            me = await response.json()

    assert metrics == 404
    assert me["email"] == alice.email


async def test_sockets_pass(proxy: Proxy, alice: Person) -> None:
    async with proxy.session() as session:
        wire = await Wire.open(session, alice.token)

        assert (await wire.call("subscribe", {"stream": f"user:{alice.id}"}))["ok"] is True
        await wire.ws.close()
