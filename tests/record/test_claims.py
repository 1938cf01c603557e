"""Claims: who works on a record, as others see it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from server.app import NAMESPACE
from server.record import claims
from tests.auth.follower import Follower
from tests.realtime.wire import until


@pytest.fixture
async def record(alice: Any, bob: Any, project: str) -> str:
    """A record of a project with two analysts."""
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "analyst"})
    source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "Books"}))["id"]
    made = await alice.ok("POST", f"/sources/{source}/records", {"data": {"no": "1"}, "reference": "R1"})
    return str(made["id"])


async def test_a_claim_is_shown_renewed_and_given_back_and_only_another_claim_is_refused(
    server: Any, alice: Any, bob: Any, project: str, record: str
) -> None:
    follower = await Follower.of(server, bob.token, f"project:{project}")

    claimed = await alice.ok("PUT", f"/records/{record}/claim")
    event = await follower.heard("record.claimed")
    renewed = await alice.ok("PUT", f"/records/{record}/claim")
    refused = await bob.problem("PUT", f"/records/{record}/claim")
    await bob.ok("DELETE", f"/records/{record}/claim")  # it is not his, and stays
    seen = await bob.ok("GET", f"/records/{record}")
    listed = (await bob.ok("GET", f"/sources/{seen['source_id']}/records"))["items"][0]
    changed = await bob.ok("PATCH", f"/records/{record}", {"reference": "R2"}, if_match=seen["version"])
    await alice.ok("DELETE", f"/records/{record}/claim")
    released = await follower.heard("record.released")
    await alice.ok("DELETE", f"/records/{record}/claim")  # there is none
    his = await bob.ok("PUT", f"/records/{record}/claim")
    await until(lambda: len([name for name, _ in follower.events if name.startswith("record.")]) >= 3)
    await follower.leave()

    assert claimed["claim"]["user_id"] == seen["claim"]["user_id"] == listed["claim"]["user_id"] == str(alice.id)
    assert event["data"] == {
        "record_id": record,
        "source_id": seen["source_id"],
        "user_id": str(alice.id),
        "until": claimed["claim"]["until"],
    }
    assert renewed["claim"]["until"] > claimed["claim"]["until"]
    assert (refused["status"], refused["code"], refused["user_id"]) == (409, "claimed", str(alice.id))
    assert refused["until"] == renewed["claim"]["until"]
    assert refused["name"] == "Alice"
    assert refused["detail"].startswith("Alice works on this record, until ")
    assert changed["version"] == seen["version"] + 1  # a claim is advice
    assert released["data"] == {"record_id": record, "source_id": seen["source_id"], "user_id": str(alice.id)}
    assert his["claim"]["user_id"] == str(bob.id)
    names = [name for name, _ in follower.events if name.startswith("record.")]
    assert names == ["record.claimed", "record.released", "record.claimed"]  # none for renewing


async def test_of_two_first_claims_at_once_one_wins(alice: Any, bob: Any, record: str) -> None:
    answers = await asyncio.gather(
        *(person.send("PUT", f"/records/{record}/claim") for person in (alice, bob) for _ in range(3))
    )

    statuses = [answer.status for answer in answers]
    assert sorted(statuses) == [200] * 3 + [409] * 3
    assert len({status for status, person in zip(statuses, "aaabbb", strict=True) if person == "a"}) == 1


async def test_a_claim_ends_by_itself_and_everybody_is_told(
    server: Any, alice: Any, bob: Any, project: str, record: str, db: Any
) -> None:
    follower = await Follower.of(server, bob.token, f"project:{project}")
    await alice.ok("PUT", f"/records/{record}/claim")
    await db.execute("UPDATE record_claims SET until = now() - interval '1 second'")

    seen = await bob.ok("GET", f"/records/{record}")
    swept = await claims.sweep()
    released = await follower.heard("record.released")
    await alice.ok("PUT", f"/records/{record}/claim")
    await db.execute("UPDATE record_claims SET until = now() - interval '1 second'")
    his = await bob.ok("PUT", f"/records/{record}/claim")  # before anybody has swept
    await follower.leave()

    assert seen["claim"] is None
    assert (swept, released["data"]["user_id"]) == (1, str(alice.id))
    assert his["claim"]["user_id"] == str(bob.id)
    assert await claims.sweep() == 0


async def test_a_claim_ends_when_the_last_socket_of_its_holder_has_been_gone_for_a_while(
    server: Any, alice: Any, bob: Any, project: str, record: str, db: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "AWAY", timedelta(seconds=1))
    stream = f"project:{project}"
    follower = await Follower.of(server, bob.token, stream)
    tabs = [await Follower.of(server, alice.token, stream) for _ in range(2)]
    await alice.ok("PUT", f"/records/{record}/claim")
    async with asyncio.timeout(20):  # the web process notes it every few seconds
        while not await db.fetchval("SELECT count(seen_at) FROM record_claims"):
            await asyncio.sleep(0.05)

    await tabs[0].leave()
    await claims.note_seen(server.app[NAMESPACE].guests.people)
    with_a_tab = await claims.sweep()
    refused = await bob.refused("PUT", f"/records/{record}/claim")
    await tabs[1].leave()
    await until(lambda: str(alice.id) not in server.app[NAMESPACE].guests.people())
    async with asyncio.timeout(20):
        while not await claims.sweep():
            await asyncio.sleep(0.05)
    released = await follower.heard("record.released")
    await alice.ok("PUT", f"/records/{record}/claim")  # without a socket it lasts its minute
    await claims.note_seen(server.app[NAMESPACE].guests.people)
    await follower.leave()

    assert (with_a_tab, refused) == (0, (409, "claimed"))
    assert released["data"]["user_id"] == str(alice.id)
    assert await db.fetchval("SELECT count(seen_at) FROM record_claims") == 0
    assert await claims.sweep() == 0


async def test_the_claim_of_a_record_that_is_gone_ends_without_a_word(alice: Any, record: str, db: Any) -> None:
    await alice.ok("PUT", f"/records/{record}/claim")
    seen = await alice.ok("GET", f"/records/{record}")
    await alice.ok("DELETE", f"/records/{record}", if_match=seen["version"])
    await db.execute("UPDATE record_claims SET until = now() - interval '1 second'")

    assert await claims.sweep() == 1
    assert await alice.refused("PUT", f"/records/{record}/claim") == (404, "not_found")
