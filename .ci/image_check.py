"""
The part of .ci/image-check that needs a database: a throw-away PostgreSQL, three runs of the container, one sign-in.

The database listens only on the loopback address and asks for a password, so that the image connects as it would in
production.
"""

import asyncio
import base64
import contextlib
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import aiohttp
import asyncpg

from server.store.embedded import _account, _as_account, _binaries

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 180
ADMIN = "admin@example.test"


class Failed(Exception):
    """The image failed a check. The message says how."""


def main() -> int:
    """Run the checks. If one fails, print one line and exit with status 1."""
    started = time.monotonic()
    # If ended from outside, it must still take its database along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with postgres() as url:
            asyncio.run(check(url))
    except Failed as failure:
        sys.stderr.write(f"image-check: {failure}\n")
        return 1
    print(f"image-check: all passed after {time.monotonic() - started:.0f} s")
    return 0


async def check(url: str) -> None:
    """Run the container three times."""
    port = free_port()
    environment = {
        "TALLYROOM_ENV": "production",
        "TALLYROOM_HOST": "127.0.0.1",
        "TALLYROOM_PORT": str(port),
        "TALLYROOM_PUBLIC_URL": "https://tallyroom.example.test",
        "TALLYROOM_DATABASE_URL": url,
        "TALLYROOM_VAULT_KEK_k1": base64.b64encode(secrets.token_bytes(32)).decode(),
    }
    status, output = await run_container(environment)
    if status != 0:
        raise Failed(f"the container did not start from an empty database:\n{output}")
    print("\n".join(line for line in output.splitlines()[-4:] if ": " in line))

    password = secrets.token_urlsafe(24)
    await create_admin(environment, password)
    await check_sign_in(environment, url, password, port)
    print("signed in, and stopped cleanly")

    status, output = await run_container({})
    lines = [line for line in output.splitlines() if line.startswith("tallyroom: ")]
    if status == 0 or len(lines) != 1 or "TALLYROOM_" not in lines[0] or "Traceback" in output:
        raise Failed(f"without settings the container does not refuse in one line:\n{output}")
    print(f"without settings: {lines[0]}")


async def check_sign_in(environment: dict[str, str], url: str, password: str, port: int) -> None:
    """
    Sign in while the container runs.

    The container is stopped as soon as it is healthy. To leave enough time, a lock keeps it from being healthy until
    somebody has signed in; the locked table is read by /health/ready but not by a sign-in.
    """
    async with held(url, "pgqueuer") as release:
        container = asyncio.create_task(run_container(environment))
        signing_in = asyncio.create_task(sign_in(port, password))
        await asyncio.wait({container, signing_in}, return_when=asyncio.FIRST_COMPLETED)
        if not signing_in.done():
            signing_in.cancel()
            raise Failed(f"the container ended before anybody could sign in:\n{container.result()[1]}")
        await release()
        status, output = await container
    signing_in.result()
    if status != 0:
        raise Failed(f"the container did not start again, or did not end cleanly:\n{output}")


async def sign_in(port: int, password: str) -> None:
    """Retry until the server listens, then sign in. Raises: Failed if it does not answer with a token."""
    deadline = time.monotonic() + WAIT_S
    body = {"email": ADMIN, "password": password}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers={"X-Client": "api"}) as session:
        while True:
            try:
                async with session.post("/api/v1/auth/login", json=body) as response:
                    answer = await response.json(content_type=None)
                    if response.status != 200 or not answer.get("access_token"):
                        raise Failed(f"the sign-in was answered with {response.status}: {answer}")
                break
            except aiohttp.ClientConnectionError:
                if time.monotonic() > deadline:
                    raise Failed(f"nothing is listening on port {port} after {WAIT_S} s") from None
                await asyncio.sleep(0.1)
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        async with session.get("/docs") as response:
            script = re.search(r'src="(/assets/reference-[^"]+)"', await response.text())
        if script is None:
            raise Failed("the reference at /docs is not built")
        async with session.get(script[1]) as response:
            if response.status != 200:
                raise Failed(f"the script of /docs is answered with {response.status}")
        async with session.get("/api/v1/me", headers=bearer) as response:
            if response.status != 200 or (await response.json())["email"] != ADMIN:
                raise Failed(f"the token was not accepted: {response.status}")


async def create_admin(environment: dict[str, str], password: str) -> None:
    """Create the first account from outside the container, as an operator would."""
    command = [sys.executable, "-B", "-m", "server", "users", "create", ADMIN]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output, _ = await process.communicate(f"{password}\n".encode())
    if process.returncode != 0:
        raise Failed(f"the account could not be created: {output.decode(errors='replace')}")


async def run_container(environment: dict[str, str]) -> tuple[int, str]:
    """Run the command that builds, runs and stops the image. Returns: its exit status and output."""
    command = [*shlex.split(os.environ["CONTAINER_CHECK"]), str(ROOT)]
    process = await asyncio.create_subprocess_exec(
        *command,
        *(f"{name}={value}" for name, value in environment.items()),
        cwd=ROOT,
        env={"CONTAINER_CHECK_NETWORK": "host", "CONTAINER_CHECK_WAIT": str(WAIT_S), **os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:  # it removes its container when asked to end
            process.terminate()
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace")


@contextlib.asynccontextmanager
async def held(url: str, table: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Hold a table's strictest lock until the yielded function is awaited."""
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')
        yield transaction.rollback
    finally:
        await connection.close()


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL with a password on a free loopback port, and yield its URL."""
    port, password = free_port(), secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="tallyroom-image-") as name:
        folder = Path(name)
        cluster, password_file, log = folder / "postgres", folder / "password", folder / "log"
        cluster.mkdir(mode=0o700)
        password_file.write_text(password, encoding="ascii")
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            account = _account()
            os.chown(cluster, account.pw_uid, account.pw_gid)
        auth = ("-A", "scram-sha-256", "-U", "tallyroom", f"--pwfile={password_file}")
        command = [*_as_account(), str(_binaries() / "initdb"), *auth, "-E", "utf8", "--locale=C.UTF-8"]
        done = subprocess.run([*command, "-D", str(cluster)], cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"the throw-away PostgreSQL could not be created: {done.stderr}")
        words = ("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories=", "fsync=off")
        command = [*_as_account(), str(_binaries() / "postgres"), "-D", str(cluster)]
        with log.open("wb") as sink:
            server = subprocess.Popen(
                [*command, *(part for word in words for part in ("-c", word))],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        try:
            base = f"postgresql://tallyroom:{password}@127.0.0.1:{port}"
            asyncio.run(make_database(f"{base}/postgres", log))
            yield f"{base}/tallyroom"
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            shutil.rmtree(cluster, ignore_errors=True)


async def make_database(url: str, log: Path) -> None:
    """Wait until the server answers, and create the application's database in it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = await asyncpg.connect(url)
            break
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise Failed(
                    f"the throw-away PostgreSQL does not answer: {log.read_text(errors='replace')[-2000:]}"
                ) from None
            await asyncio.sleep(0.1)
    await connection.execute("CREATE DATABASE tallyroom")
    await connection.close()


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
