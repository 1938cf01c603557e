"""The handshake of a socket that is recognised by its bytes, and that everything else takes the long way."""

from typing import Any

import pytest

from realtime.handshake import recognised
from tests.realtime.test_takeover import HEAD, OPEN, opened, request_of

BROWSER = {
    **HEAD,
    "Pragma": "no-cache",
    "Cache-Control": "no-cache",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Origin": "http://127.0.0.1:2000",
    "Accept-Encoding": "gzip, deflate, br",
    "Accept-Language": "de-DE,de;q=0.9",
    "Cookie": "",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
}
UNUSUAL = {
    "half a head": request_of()[:-2],
    "something after the head": request_of() + b"\x81\x80",
    "another method": request_of().replace(b"GET", b"PUT", 1),
    "an older version": request_of("1.0"),
    "another path": request_of().replace(b"/socket.io/", b"/socket.io", 1),
    "an absolute target": request_of().replace(b"GET ", b"GET http://x", 1),
    "an escape in the query": request_of().replace(b"EIO", b"%45IO", 1),
    "another protocol": request_of().replace(b"EIO=4", b"EIO=3", 1),
    "the protocol twice": request_of().replace(b"EIO=4", b"EIO=4&EIO=4", 1),
    "a session": request_of().replace(b"EIO=4", b"EIO=4&sid=x", 1),
    "a token in the query": request_of().replace(b"EIO=4", b"EIO=4&token=x", 1),
    "no host": request_of(Host=None),
    "a header twice": request_of(host="y"),
    "a folded header": request_of().replace(b"Upgrade: websocket", b"Upgrade:\r\n websocket", 1),
    "a space before a colon": request_of().replace(b"Upgrade: websocket", b"Upgrade : websocket", 1),
    "a line without its return": request_of().replace(b"\r\nUpgrade", b"\nUpgrade", 1),
    "a control character": request_of(X_Note="a\x00b"),
    "other letters": request_of().replace(b"Host: x", b"Host: \xc3\xa4", 1),
    "a body": request_of(Content_Length="5"),
    "chunks": request_of(Transfer_Encoding="chunked"),
    "an expectation": request_of(Expect="100-continue"),
    "an id of its own": request_of(X_Request_ID="abcdefgh"),
    "no upgrade": request_of(Upgrade=None),
    "another upgrade": request_of(Upgrade="h2c"),
    "an upgrade that the connection does not name": request_of(Connection="keep-alive"),
    "another WebSocket": request_of(Sec_WebSocket_Version="12"),
    "a short key": request_of(Sec_WebSocket_Key="c2hvcnQ="),
    "a key that is not Base64": request_of(Sec_WebSocket_Key="!" * 24),
    "a long head": request_of(X_Note="a" * 5000),
}


@pytest.mark.unit
def test_usual_handshakes_are_recognised() -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in BROWSER.items())
    browser = recognised(f"GET {OPEN}&t=PnD1x2y HTTP/1.1\r\n{lines}\r\n".encode(), "192.0.2.1")

    assert recognised(request_of(), None) is not None
    assert browser is not None
    assert (browser.remote, browser.key) == ("192.0.2.1", HEAD["Sec-WebSocket-Key"])
    assert browser.headers["origin"] == BROWSER["Origin"]
    assert browser.headers.getall("X-Forwarded-For", ()) == ()
    assert browser.headers.getall("Host") == ["x"]


@pytest.mark.unit
@pytest.mark.parametrize("what", UNUSUAL)
def test_anything_unusual_takes_the_long_way(what: str) -> None:
    assert recognised(UNUSUAL[what], None) is None


async def test_both_ways_answer_alike(server: Any) -> None:
    heads = []
    for sent in (request_of(), request_of(X_Request_ID="given-id")):
        reader, writer = await opened(server, sent)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert (await reader.readexactly(2))[0] == 0x81  # the greeting follows
        writer.close()
        first, *lines = head.strip().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        heads.append((first, headers))
    (short, mine), (long, theirs) = heads

    assert recognised(request_of(X_Request_ID="given-id"), None) is None
    assert short == long
    assert theirs.pop("X-Request-ID") == "given-id"
    assert len(mine.pop("X-Request-ID")) == 36
    theirs.pop("Date")
    assert mine == theirs
