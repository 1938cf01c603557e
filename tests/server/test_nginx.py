"""The nginx configuration of docs/operations.md, in a real nginx, in front of the server."""

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

from tests.conftest import Person
from tests.realtime.wire import Wire

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
NAME = "tallyroom.your-company.test"  # as in the document
DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (apt-get install nginx-light)"),
]


@dataclass
class Proxy:
    """A running nginx."""

    plain: str
    address: str
    trust: ssl.SSLContext

    def session(self) -> ClientSession:
        """A client behind it, which believes its certificate."""
        return ClientSession(base_url=self.address, connector=TCPConnector(ssl=self.trust), headers={"Host": NAME})


def _certificate(folder: Path) -> None:
    """A certificate for NAME and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME), x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
async def nginx(server: TestServer, tmp_path: Path) -> AsyncIterator[Proxy]:
    """nginx with the configuration of the document: other ports and another certificate, and nothing else changed."""
    assert NGINX is not None
    _certificate(tmp_path)
    plain, secure = _free_port(), _free_port()
    found = re.search(r"```nginx\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    block = found.group(1)
    for written, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        ("/etc/ssl/tallyroom", str(tmp_path)),
        ("proxy_pass http://127.0.0.1:2000;", f"proxy_pass http://127.0.0.1:{server.port};"),
    ):
        assert written in block, written
        block = block.replace(written, here)
    folders = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""  # to read a folder of ours; installed, it has a user of its own
    (tmp_path / "nginx.conf").write_text(
        f"{user} daemon off; pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {folders} {block} }}"
    )
    output = (tmp_path / "output").open("wb")
    process = subprocess.Popen([NGINX, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], stderr=output)
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


async def test_plain_http_is_redirected_to_the_name_of_the_installation(nginx: Proxy) -> None:
    async with (
        ClientSession() as session,
        session.get(f"{nginx.plain}/me?x=1", headers={"Host": NAME}, allow_redirects=False) as response,
    ):
        assert (response.status, response.headers["Location"]) == (308, f"https://{NAME}/me?x=1")


async def test_metrics_stay_inside_and_everything_else_passes(nginx: Proxy, alice: Person) -> None:
    async with nginx.session() as session:
        async with session.get("/metrics") as response:
            metrics = response.status
        async with session.get("/api/v1/me", headers={"Authorization": f"Bearer {alice.token}"}) as response:
            me = await response.json()

    assert metrics == 404
    assert me["email"] == alice.email


async def test_sockets_pass(nginx: Proxy, alice: Person) -> None:
    async with nginx.session() as session:
        wire = await Wire.open(session, alice.token)

        assert (await wire.call("subscribe", {"stream": f"user:{alice.id}"}))["ok"] is True
        await wire.ws.close()
