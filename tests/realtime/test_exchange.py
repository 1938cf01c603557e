"""The exchange that /docs/events shows is repeated, and the server answers as the page says."""

import re
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from server.contract.exchange import CLIENT, EPOCH, PROJECT, STEPS, TOKEN
from tests.conftest import Person
from tests.realtime.wire import Wire

OPEN = "/socket.io/?EIO=4&transport=websocket"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Shape:
    """A packet without what differs each time. Ids get numbers, so that those that are equal on the page must be equal."""

    def __init__(self, epoch: str) -> None:
        self.epoch = epoch
        self.numbers: dict[str, str] = {}

    def of(self, text: str) -> str:
        """The text with placeholders."""
        text = UUID.sub(lambda found: self.numbers.setdefault(found[0], f"<id {len(self.numbers)}>"), text)
        text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)
        text = re.sub(r'"sid":"[\w-]{20}"', "<sid>", text)
        return text.replace(f'"epoch":"{self.epoch}"', "<epoch>") if self.epoch else text


class Script:
    """What happens around the packets: connections, and changes by REST."""

    def __init__(self, http: ClientSession, alice: Person, project: str) -> None:
        self.http, self.alice, self.project = http, alice, project
        self.wire: Wire | None = None

    async def before(self, step: str) -> None:
        """Brings about the situation of a step."""
        if step == "connect":
            self.wire = Wire(await self.http.ws_connect(OPEN))
        if step == "event":
            await self.alice.ok("PATCH", f"/projects/{self.project}", {"name": "October"})
        if step == "replay":
            await self.socket.close()
            await self.alice.ok("PATCH", f"/projects/{self.project}", {"name": "October 2026"})
            self.wire = await Wire.open(self.http, self.alice.token)
        if step == "token":
            await self.socket.close()
            self.wire = await Wire.open(self.http)

    @property
    def socket(self) -> ClientWebSocketResponse:
        """The open connection."""
        assert self.wire is not None
        return self.wire.ws


async def test_the_server_says_what_the_page_shows(http: ClientSession, alice: Person) -> None:
    project: dict[str, Any] = await alice.ok("POST", "/projects", {"name": "Month end"})
    script = Script(http, alice, project["id"])
    epoch = ""
    shown, said = [], []

    for step in STEPS:
        await script.before(step.name)
        for sender, text in step.packets:
            if sender == CLIENT:
                sent = text.replace(TOKEN, alice.token).replace(PROJECT, project["id"]).replace(EPOCH, epoch or EPOCH)
                await script.socket.send_str(sent)
            else:
                assert script.wire is not None
                shown.append(text)
                said.append(await script.wire.receive())
                found = re.search(r'"epoch":"(\w+)"', said[-1])
                epoch = found[1] if found else epoch

    assert await script.wire.rest() == []  # closed after the last refusal
    page, wire = Shape(EPOCH), Shape(epoch)
    assert [wire.of(text) for text in said] == [page.of(text) for text in shown]
    assert len(said) >= 8
    assert {'"mode":"live"', '"mode":"replay"', '"mode":"snapshot"'} <= set(re.findall(r'"mode":"\w+"', str(said)))


async def test_the_page_shows_every_packet_and_how_to_resume(http: ClientSession) -> None:
    async with http.get("/docs/events") as response:
        text = (await response.text()).replace("&#34;", '"')

    for step in STEPS:
        for _, packet in step.packets:
            assert packet in text
    for word in ("replay", "snapshot", "more", "stream.reset", "stream.revoked", "epoch"):
        assert f"<code>{word}" in text, word
