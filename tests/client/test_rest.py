"""The Python client's session and REST calls, against a real server and over connections that lose answers."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from server.auth import tokens
from tallyroom_client import Client, Problem
from tests.client.conftest import MakeClient, Road, refusal
from tests.client.strangers import ANSWERS, answering, self_signed

SHORT = timedelta(seconds=20)  # less than the client wants a token to last


async def test_a_refused_call_is_repeated_after_the_pause_that_the_server_asks_for(
    alice: Any, road: Road, make_client: MakeClient
) -> None:
    client = make_client(alice, road.url)
    await client.get("/me")

    road.refusals = [refusal("1")]
    began = time.monotonic()
    me = await client.get("/me")
    took_s = time.monotonic() - began
    road.refusals = [refusal("600")]
    with pytest.raises(Problem, match=r"at the moment\. Try again in 600 s\.$") as later:
        await client.get("/me")

    assert (me["email"], took_s >= 1.0) == (alice.email, True)
    assert (later.value.status, later.value.is_temporary, later.value.retry_after_s) == (503, True, 600.0)


async def test_a_post_whose_answer_was_lost_does_its_work_once(alice: Any, road: Road, make_client: MakeClient) -> None:
    client = make_client(alice, road.url)
    await client.get("/me")

    road.lost_answers = 2
    created = await client.post("/projects", {"name": "April"})

    assert [project["id"] async for project in client.all("/projects")] == [created["id"]]
    assert road.lost_answers == 0


async def test_a_change_whose_answer_was_lost_is_left_to_the_program(
    alice: Any, project: str, road: Road, make_client: MakeClient
) -> None:
    client = make_client(alice, road.url)
    version = (await client.get(f"/projects/{project}"))["version"]

    road.lost_answers = 1
    with pytest.raises(Problem, match="was lost") as lost:
        await client.patch(f"/projects/{project}", {"name": "May"})

    after = await client.read(f"/projects/{project}")
    assert lost.value.status == 0
    assert (after.body["version"], after.body["name"]) == (version + 1, "May")  # a repetition would have made it + 2


async def test_many_calls_at_once_refresh_the_token_once(
    alice: Any, db: Any, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(alice)
    monkeypatch.setattr(tokens, "LIFE", SHORT)
    await client.get("/me")
    monkeypatch.undo()

    await asyncio.gather(*(client.get("/me") for _ in range(20)))

    # alice's own, and ours from the sign-in and from one refresh; repetitions with the same key would issue more
    assert await db.fetchval("SELECT count(*) FROM refresh_tokens") == 3


async def test_a_refresh_whose_answer_was_lost_is_not_taken_for_a_theft(
    alice: Any, db: Any, road: Road, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(alice, road.url)
    monkeypatch.setattr(tokens, "LIFE", SHORT)
    await client.get("/me")
    monkeypatch.undo()

    road.lost_answers = 1
    await client.get("/me")

    assert await db.fetchval("SELECT count(*) FROM sessions WHERE revoked_at IS NULL") == 2  # alice's own, and ours


async def test_a_session_that_has_come_to_its_end_is_followed_by_another(
    alice: Any, db: Any, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client(alice)
    monkeypatch.setattr(tokens, "LIFE", SHORT)
    first = (await client.get("/auth/sessions"))["items"]
    monkeypatch.undo()
    await db.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 s'")

    second = (await client.get("/auth/sessions"))["items"]

    current = [next(session["id"] for session in items if session["current"]) for items in (first, second)]
    assert current[0] != current[1]


async def test_closing_the_client_ends_its_session(alice: Any, make_client: MakeClient) -> None:
    client = make_client(alice)
    await client.get("/me")

    await client.close()

    assert len((await alice.ok("GET", "/auth/sessions"))["items"]) == 1


async def test_a_refusal_names_every_fault_in_one_line(alice: Any, make_client: MakeClient) -> None:
    with pytest.raises(Problem) as refused:
        await make_client(alice).post("/projects", {"name": "", "colour": "red"})

    assert (refused.value.status, refused.value.code) == (422, "invalid_field")
    assert {fault["pointer"] for fault in refused.value.errors} == {"/name", "/colour"}
    assert "/name: " in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_wrong_password_is_said_without_it(alice: Any, make_client: MakeClient) -> None:
    client = make_client(alice, password="not the password")

    with pytest.raises(Problem) as refused:
        await client.get("/me")

    assert refused.value.code == "invalid_credentials"
    assert "not the password" not in f"{refused.value} {refused.value!r} {client._session!r}"


@pytest.mark.integration
@pytest.mark.parametrize("what", list(ANSWERS))
@pytest.mark.parametrize("how", ["call", "stream"])
async def test_a_server_that_is_not_ours_is_refused_at_once_and_in_one_line(what: str, how: str) -> None:
    async with answering(ANSWERS[what]) as port, Client(f"http://127.0.0.1:{port}", token="tr_x") as client:
        call = client.get("/me") if how == "call" else anext(client.follow("project:1"))
        if what == "another body" and how == "call":
            assert await call == []  # what a body means is up to the program
            return
        with pytest.raises(Problem) as refused:
            await asyncio.wait_for(call, 30)

    assert refused.value.code == ("x" if (what, how) == ("control characters", "call") else "not_tallyroom")
    assert str(refused.value).isprintable()


@pytest.mark.integration
@pytest.mark.parametrize("how", ["call", "stream"])
async def test_a_certificate_that_is_not_trusted_is_refused_at_once(how: str, tmp_path: Path) -> None:
    async with (
        answering(ANSWERS["a web page"], self_signed(tmp_path)) as port,
        Client(f"https://127.0.0.1:{port}", token="tr_x") as client,
    ):
        call = client.get("/me") if how == "call" else anext(client.follow("project:1"))
        with pytest.raises(Problem, match=r"is not trusted .*SSL_CERT_FILE") as refused:
            await asyncio.wait_for(call, 30)

    assert refused.value.code == "untrusted"


@pytest.mark.unit
@pytest.mark.parametrize(
    "url",
    [
        *("", "localhost:2000", "ftp://a.test", "https://", "https://a.test/tallyroom", "https://a.test/?token=1"),
        *("https://me:secret@a.test", "http://[::1", "http://a.test:99999", "https://a.test#x", "\x1b]0;x\x07"),
    ],
)
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Problem, match="is not like https://") as refused:
        Client(url, token="tr_x")

    assert "secret" not in str(refused.value)


@pytest.mark.unit
@pytest.mark.parametrize("token", ["two words", "line\nbreak", "é", " "])
def test_a_token_that_no_header_can_hold_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(Problem, match="token is not valid") as refused:
        Client("https://a.test", token=token)

    assert token not in str(refused.value) or not token.strip()


@pytest.mark.unit
@pytest.mark.parametrize(
    "host", ["a.test", "10.0.0.1", "127.0.0.1.a.test", "localhost.a.test", "[2001:db8::1]", "0.0.0.0"]
)
@pytest.mark.parametrize("who", [{"token": "tr_x"}, {"email": "a@b.test", "password": "p"}])
def test_no_token_and_no_password_goes_over_http_to_another_machine_unless_that_is_allowed(
    host: str, who: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Problem, match=r"in plain text\. Use https://, or allow http://") as refused:
        Client(f"http://{host}", **who)
    for name, value in who.items():
        monkeypatch.setenv(f"TALLYROOM_{name.upper()}", value)
    monkeypatch.setenv("TALLYROOM_URL", f"http://{host}")
    monkeypatch.setenv("TALLYROOM_ALLOW_HTTP", "1")

    assert refused.value.code == "not_encrypted"
    assert Client.from_environment().url == Client(f"http://{host}", **who, allow_http=True).url == f"http://{host}"
    for near in ("http://localhost:2000", "http://127.0.0.2", "http://[::1]:2000", f"https://{host}"):
        assert Client(near, **who).url == near


@pytest.mark.unit
def test_without_anybody_to_be_the_client_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN", "EMAIL", "PASSWORD"):
        monkeypatch.delenv(f"TALLYROOM_{name}", raising=False)

    with pytest.raises(Problem, match="Set TALLYROOM_TOKEN"):
        Client.from_environment()
