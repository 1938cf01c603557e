"""The Python client with an API token: nothing to refresh, and one line for whatever its limits refuse."""

from typing import Any

import pytest

from tallyroom_client import Position, Problem
from tests.auth.programs import id_of, program_of
from tests.client.conftest import MakeClient, Road
from tests.client.test_streams import end_of, take


async def test_a_client_with_an_api_token_reads_and_follows_across_cuts(
    alice: Any, project: str, flood: Any, db: Any, road: Road, make_client: MakeClient
) -> None:
    program = await program_of(alice, "read", "events", project_ids=[project])
    await alice.ok("POST", "/projects", {"name": "Other"})
    client = make_client(alice, road.url, token=program.token, email=None, password=None)

    listed = await client.get("/projects")
    follower = client.follow(f"project:{project}", Position(0))
    await flood(3)
    first = await take(follower, 3)
    road.cut()
    await flood(3)
    rest = await take(follower, 6)

    assert [item["id"] for item in listed["items"]] == [project]
    assert first + rest == [1, 2, 3, 4, 5, 6]
    assert await db.fetchval("SELECT count(*) FROM refresh_tokens WHERE used_at IS NOT NULL") == 0


async def test_what_a_token_may_not_do_is_said_once_and_its_end_ends_every_stream(
    alice: Any, project: str, flood: Any, make_client: MakeClient
) -> None:
    program = await program_of(alice, "read", "events")
    deaf = await program_of(alice, "read")
    client = make_client(alice, token=program.token, email=None, password=None)
    with pytest.raises(Problem) as refused:
        await client.post(f"/projects/{project}/sources", {"name": "Bank"})
    unheard = await end_of(make_client(alice, token=deaf.token, email=None, password=None).follow(f"project:{project}"))
    await flood(1)
    follower = client.follow(f"project:{project}", Position(0))
    await take(follower, 1)

    await alice.ok("DELETE", f"/me/api-tokens/{id_of(program)}")
    ended = await end_of(follower)

    assert str(refused.value) == "This API token does not have the scope write. Make a token that has it."
    assert (unheard.code, ended.code) == ("forbidden", "token_revoked")
    assert "scope `events`" in str(unheard)
    assert "use another token" in str(ended)
