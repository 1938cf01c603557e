"""Hints over a real bus: they arrive, and whatever becomes of the bus, nobody waits for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.settings import SettingsError, load
from realtime import bus as module
from realtime.bus import BusHinter
from server.command import doctor
from server.store.hints import connection_of
from tests.health.processes import free_port
from tests.realtime.bus_server import MISSING, PASSWORD, SERVER, BusServer, Link
from tests.realtime.wire import until
from tests.server.test_proxies import certificate

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(SERVER is None, reason=MISSING),
]
TRANSACTION: ContextVar[str | None] = ContextVar("transaction", default=None)
SECRET = b"of the installation" * 2


@pytest.fixture(scope="module")
def bus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BusServer]:
    """A running bus."""
    found = BusServer(tmp_path_factory.mktemp("bus"))
    found.start()
    yield found
    found.kill()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that is gone is found to be so sooner than in production."""
    monkeypatch.setattr(module, "PING_S", 0.2)
    monkeypatch.setattr(module, "ANSWER_S", 1.2)


class Process:
    """What one process has heard."""

    def __init__(self, url: str, secret: bytes = SECRET) -> None:
        self.heads: dict[str, int] = {}
        self.states: list[str] = []
        self.hinter = BusHinter(partial(connection_of, load({"TALLYROOM_BUS_URL": url})), secret, self._receive)

    def _receive(self, heads: dict[str, int], states: list[str]) -> None:
        assert TRANSACTION.get() is None  # nobody's who gave a hint
        self.heads |= heads
        self.states += states

    async def is_up(self) -> None:
        """Waits until it is connected."""
        await until(lambda: self.hinter.state.is_up)

    async def is_away(self) -> None:
        """Waits until it has noticed that the bus is away."""
        await until(lambda: not self.hinter.state.is_up)


Start = Callable[..., Any]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts processes; they end with the test."""
    started: list[Process] = []

    async def begin(*arguments: Any, wait: bool = True) -> Process:
        started.append(Process(*arguments))
        started[-1].hinter.start()
        if wait:
            await started[-1].is_up()
        return started[-1]

    yield begin
    for process in started:
        await process.hinter.stop()


async def hears(listening: Process, saying: Process, name: str) -> None:
    """One process hears what the other says, within a transaction."""
    before = TRANSACTION.set("open")
    saying.hinter.hint({name: 7})
    saying.hinter.hint_state(f"state of {name}")
    TRANSACTION.reset(before)
    await until(lambda: listening.heads.get(name) == 7 and f"state of {name}" in listening.states)


async def test_hints_reach_every_process_of_the_installation_and_nobody_else(bus: BusServer, start: Start) -> None:
    one, two, stranger = await start(bus.url), await start(bus.url), await start(bus.url, b"of another one")
    many = {f"project:{number}": number for number in range(3000)}

    await hears(two, one, "a")
    await hears(one, two, "b")
    one.hinter.hint(many)
    await until(lambda: many.items() <= two.heads.items())
    forger = connection_of(load({"TALLYROOM_BUS_URL": bus.url}))
    await forger.connect()
    for said in (b"", b"x" * 16 + b'{"h":{"forged":1}}', b"\xff" * 100):
        await module._ask(forger, [("PUBLISH", one.hinter._channel, said)])
    await forger.disconnect()
    await hears(one, two, "c")

    assert (one.heads["a"], one.states.count("state of a")) == (7, 1)  # told by itself, and not again by the bus
    assert "forged" not in one.heads
    assert (stranger.heads, stranger.states) == ({}, [])
    assert (one.hinter.state.reconnects, one.hinter.dropped) == (0, 0)


async def test_a_bus_that_freezes_or_dies_blocks_nobody_and_is_used_again_when_it_is_back(
    bus: BusServer, start: Start
) -> None:
    one, two = await start(bus.url), await start(bus.url)
    for number, (lose, give_back) in enumerate(((bus.freeze, bus.thaw), (bus.kill, bus.start))):
        lose()
        took_s = []
        for hint in range(200):
            began = time.perf_counter()
            one.hinter.hint({f"lost {hint}": 1})
            took_s.append(time.perf_counter() - began)
            await asyncio.sleep(0.001)
        assert sorted(took_s)[190] < 0.001
        await until(lambda: one.heads.get("lost 199") == 1)  # its own clients need no bus
        await one.is_away()
        await two.is_away()
        one.hinter.hint({"lost": 1})
        give_back()
        await one.is_up()
        await two.is_up()
        await hears(two, one, f"after {number}")

    assert one.hinter.state.reconnects == two.hinter.state.reconnects == 2
    assert one.hinter.dropped >= 1
    assert "lost" not in two.heads


async def test_a_subscriber_whom_the_bus_has_dropped_silently_notices(bus: BusServer, start: Start) -> None:
    link = Link("127.0.0.1", bus.port)
    await link.start()
    one, deaf = await start(bus.url), await start(bus.url_by(link.port))

    link.stall()  # what it sends still arrives, and no connection is closed
    await deaf.is_away()
    link.go_on()
    await deaf.is_up()
    await hears(deaf, one, "again")
    link.delay_s = 0.03
    await hears(deaf, one, "slowly")
    await hears(one, deaf, "slowly too")
    link.cut()
    await deaf.is_away()
    await deaf.is_up()
    await deaf.hinter.stop()
    await link.stop()

    assert deaf.hinter.state.reconnects >= 2


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"+OK\r\n" * 50, b"*3\r\n$-7\r\n:x\r\n", b"\x00" * 999]
)
async def test_whatever_is_no_bus_is_given_up(start: Start, said: bytes) -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    stranger = await asyncio.start_server(talk, "127.0.0.1", 0)
    url = f"redis://:{PASSWORD}@127.0.0.1:{stranger.sockets[0].getsockname()[1]}"

    lost = await start(url, wait=False)
    for number in range(100):
        lost.hinter.hint({f"project:{number}": 1})
        await asyncio.sleep(0.01)
    stranger.close()

    assert not lost.hinter.state.is_up
    assert len(lost.heads) == lost.hinter.dropped == 100


async def test_a_wrong_password_is_said_without_it(bus: BusServer, start: Start) -> None:
    wrong = bus.url.replace(PASSWORD, "secretly-wrong")
    lost = await start(wrong, wait=False)
    await asyncio.sleep(0.5)

    found = await doctor._bus(load({"TALLYROOM_BUS_URL": wrong}))
    good = await doctor._bus(load({"TALLYROOM_BUS_URL": bus.url}))

    assert not lost.hinter.state.is_up
    assert not found.is_good
    assert f"127.0.0.1:{bus.port} does not answer (AuthenticationError)" in found.line
    assert good.line == f"ok    bus: redis://127.0.0.1:{bus.port} answers"
    assert "secretly" not in found.line + str(load({"TALLYROOM_BUS_URL": wrong}).public())


async def test_it_is_reached_by_tls_whose_certificate_is_checked_and_by_a_socket_file(
    tmp_path: Path, start: Start
) -> None:
    certificate(tmp_path, "localhost")
    secure, file = free_port(), tmp_path / "bus.sock"
    with_tls = BusServer(tmp_path)
    with_tls.start(
        *("--tls-port", str(secure), "--tls-auth-clients", "no", "--unixsocket", str(file)),
        *("--tls-cert-file", str(tmp_path / "fullchain.pem"), "--tls-key-file", str(tmp_path / "privkey.pem")),
    )
    address = f"rediss://:{PASSWORD}@localhost:{secure}"

    try:
        believing = await start(f"{address}?ssl_ca_certs={tmp_path / 'fullchain.pem'}")
        local = await start(f"unix://:{PASSWORD}@{file}")
        await hears(local, believing, "a")
        found = await doctor._bus(load({"TALLYROOM_BUS_URL": address}))
    finally:
        with_tls.kill()

    assert not found.is_good  # nobody whom this machine trusts has signed the certificate


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://secret@host", "redis://"),
        ("redis://", "redis://"),
        ("redis://:secret@host:x", "redis://"),
        ("unix://", "unix:///"),
        ("rediss://:secret@host?ssl_cert_reqs=none", "ssl_ca_certs"),
        ("redis://host?password=secret", "ssl_ca_certs"),
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_it(url: str, word: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"TALLYROOM_BUS_URL": url})

    assert str(refused.value).startswith("TALLYROOM_BUS_URL: ")
    assert word in str(refused.value)
    assert "secret" not in str(refused.value)


def test_the_address_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "bus_url").write_text("rediss://user:secret@bus.test:6380/2?ssl_ca_certs=/etc/ca.pem\n")

    found = load({"TALLYROOM_BUS_URL_FILE": str(tmp_path / "bus_url")})

    assert found.public()["bus"] == "rediss://bus.test:6380/2"
    assert found.environment()["TALLYROOM_BUS_URL"].startswith("rediss://user:secret@")
    assert connection_of(load({"TALLYROOM_BUS_URL": "unix:///run/bus.sock"})) is not None
