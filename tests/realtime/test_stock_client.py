"""The standard JavaScript client, the newest and the oldest of version 4, against a real server that restarts while it is connected."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.conftest import PASSWORD
from tests.health.processes import free_port, listening, running
from tests.realtime.wire import until

ROOT = Path(__file__).parents[2]
NODE = shutil.which("node")
CLIENT = ROOT / "web/node_modules/socket.io-client/package.json"
OLDEST = ROOT / "web/node_modules/socket.io-client-oldest/package.json"  # 4.0.0
pytestmark = pytest.mark.skipif(
    NODE is None or not (CLIENT.exists() and OLDEST.exists()),
    reason="needs Node and the dashboard's packages (make web)",
)


class Said:
    """The output of the script so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[dict[str, Any]] = []

    async def until(self, what: str, count: int = 1, seconds: float = 20.0) -> list[Any]:
        """Waits for the nth line of a kind. Returns: the data of all lines of that kind."""
        assert self._process.stdout is not None
        async with asyncio.timeout(seconds):
            while len(found := [line["data"] for line in self.lines if line["what"] == what]) < count:
                line = await self._process.stdout.readline()
                assert line, f"the script ended: {self.lines}"
                self.lines.append(json.loads(line))
        return found


@contextlib.asynccontextmanager
async def stock_client(port: int, token: str, stream: str, *only: str, manifest: Path = CLIENT) -> AsyncIterator[Said]:
    """The script, running."""
    process = await asyncio.create_subprocess_exec(
        *(str(NODE), str(ROOT / "tests/realtime/stock_client.mjs")),
        *(str(manifest), f"http://127.0.0.1:{port}", token, stream, *only),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    try:
        yield Said(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def test_it_is_refused_with_a_code_or_upgrades_follows_and_misses_nothing_during_a_restart(
    settings: Any, alice: Any, project: str, flood: Any, tmp_path: Path
) -> None:
    port, stream = free_port(), f"project:{project}"
    async with contextlib.AsyncExitStack() as clients:
        with running("serve", settings, tmp_path / "log", port):
            for only in ([], ["websocket"]):
                async with stock_client(port, "x.y.z", stream, *only) as stranger:
                    refusal = (await stranger.until("refused"))[0]
                assert refusal == {"message": "unauthorized", "data": {"code": "token_invalid"}}
            token = await _sign_in(alice, port)
            polling = await clients.enter_async_context(stock_client(port, token, stream))
            direct = await clients.enter_async_context(stock_client(port, token, stream, "websocket"))
            oldest = await clients.enter_async_context(stock_client(port, token, stream, manifest=OLDEST))
            for said in (polling, direct, oldest):
                await said.until("answer")
            await flood(2)
            for said in (polling, direct, oldest):
                await said.until("event", 2)
        await flood(2)  # nobody is connected
        with running("serve", settings, tmp_path / "log", port):
            for said in (polling, direct, oldest):
                await said.until("answer", 2)
            await flood(3)
            for said in (polling, direct, oldest):
                while 7 not in _seen(said):
                    await said.until("event", sum(line["what"] == "event" for line in said.lines) + 1)

    for said, opening in ((polling, "polling"), (direct, "websocket"), (oldest, "polling")):
        kinds = [line["what"] for line in said.lines]
        assert (await said.until("open"))[0] == opening
        assert (await said.until("connect"))[0] == "websocket"
        assert ("upgrade" in kinds) == (opening == "polling")
        assert _seen(said) == list(range(1, 8))
        names = [line["data"]["name"] for line in said.lines if line["what"] == "event"]
        assert "server.draining" in names
        assert {"code": "draining", "reconnect": True}.items() <= next(
            line["data"] for line in said.lines if line["what"] == "event" and line["data"]["name"] == "closing"
        ).items()


async def test_several_processes_on_one_port_let_it_in_at_its_first_attempt_without_any_option(
    settings: Any, alice: Any, project: str, flood: Any, tmp_path: Path
) -> None:
    port, stream = free_port(), f"project:{project}"
    async with contextlib.AsyncExitStack() as clients:
        with running("serve --processes 3", settings, tmp_path / "log", port) as process:
            await until(lambda: listening(process, port) == 3, 60)
            token = await _sign_in(alice, port)
            everybody = [
                await clients.enter_async_context(stock_client(port, token, stream, manifest=manifest))
                for manifest in (CLIENT, OLDEST) * 3
            ]
            for said in everybody:
                await said.until("answer")
            await flood(2)
            for said in everybody:
                await said.until("event", 2)
            await _connect_in_python(port, token)
            await _poll_by_hand(port)

    for said in everybody:
        before = [line["what"] for line in said.lines[: [line["what"] for line in said.lines].index("answer")]]
        assert before == ["open", "upgrade", "connect"], said.lines
        assert said.lines[0]["data"] == "polling"
        assert _seen(said)[:2] == [1, 2]


async def _connect_in_python(port: int, token: str) -> None:
    """The stock Python client gets in at its first attempt, time and again."""
    for _ in range(8):
        io = socketio.AsyncClient(reconnection=False)
        await io.connect(f"http://127.0.0.1:{port}", auth={"token": token}, namespaces=["/live"], wait_timeout=10)
        await io.disconnect()


async def _poll_by_hand(port: int) -> None:
    """A session answers on any connection, new or used before, with its request in one piece or in two."""

    async def ask(sid: str, *, is_used: bool, in_pieces: bool) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        if is_used:
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n")
            await _answer(reader)
        head = f"POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\n\r\n"
        writer.write(head.encode())
        if in_pieces:
            await asyncio.sleep(0.05)
        writer.write(b"3")  # a PONG
        try:
            return await _answer(reader)
        finally:
            writer.close()

    for is_used in (False, True):
        for in_pieces in (False, True):
            for _ in range(4):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: here\r\n\r\n")
                status, opened = await _answer(reader)
                assert status == 200
                assert await ask(json.loads(opened[1:])["sid"], is_used=is_used, in_pieces=in_pieces) == (200, b"ok")
                writer.close()
    for sid in ("999.AAAAAAAAAAAAAAAAAAAA", "1.AAAAAAAAAAAAAAAAAAAA", "2.", "x"):
        status, _ = await ask(sid, is_used=True, in_pieces=False)
        assert status == 400


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length"))
    return int(head.split()[1]), await reader.readexactly(length)


def _seen(said: Said) -> list[int]:
    """Numbers of all events, from answers and live, in the order of arrival."""
    seen = []
    for line in said.lines:
        if line["what"] == "answer":
            assert line["data"]["ok"], line
            seen += [event["seq"] for event in line["data"]["events"]]
        elif line["what"] == "event" and "seq" in line["data"]:
            seen.append(line["data"]["seq"])
    return seen


async def _sign_in(person: Any, port: int) -> str:
    async with person.session.post(
        f"http://127.0.0.1:{port}/api/v1/auth/login",
        json={"email": person.email, "password": PASSWORD},
        headers={"X-Client": "api"},
    ) as response:
        token: str = (await response.json())["access_token"]
    return token
