"""A stored answer is repeated only to somebody who would get it by sending the request now."""

import pytest
from aiohttp import FormData

from server.app import endpoints

# Only administrators get a stored answer of the first, and somebody who stops being one loses the session too. The second
# is about nothing but the person's own account, and without the secret.
GUARDED_BEFORE = {"/api/v1/users", "/api/v1/me/api-tokens"}


def test_every_route_that_stores_an_answer_says_which_right_is_needed_to_repeat_it():
    missing = [
        f"{one.method} {one.path}"
        for one in endpoints()
        if one.method == "POST" and one.stores_answer and one.path not in GUARDED_BEFORE
        if any(view is not None for view in one.answers.values()) and one.replay is None
    ]
    assert missing == []


@pytest.fixture
async def team(alice, bob, project):
    """A project with a vault; bob owns both together with alice. Returns: the ids."""
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "owner"})
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "Banks"}))["id"]
    await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {"role": "vault_manager"})
    entry = (await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "SFTP", "secret": "one"}))["id"]
    source = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "Typed"}))["id"]
    return {"project": project, "vault": vault, "entry": entry, "source": source}


REQUESTS = [
    ("/projects/{project}/vaults", {"name": "Mine"}),
    ("/projects/{project}/members", {"email": "charlie@example.test", "role": "viewer"}),
    ("/projects/{project}/sources", {"name": "More"}),
    ("/sources/{source}/records", {"data": {"a": "1"}}),
    ("/vaults/{vault}/entries", {"name": "Second", "secret": "two"}),
    ("/entries/{entry}/rotate", {"secret": "three"}),
]


@pytest.mark.parametrize(("path", "body"), REQUESTS)
async def test_a_stored_answer_is_not_repeated_to_somebody_who_was_removed(alice, bob, charlie, team, path, body):
    asked = path.format(**team)
    version = {"if_match": 1} if "rotate" in path else {}
    first = await bob.ok("POST", asked, body, Idempotency_Key="once", **version)
    assert await bob.ok("POST", asked, body, Idempotency_Key="once", **version) == first
    if path.endswith("/vaults"):  # the last manager of a vault cannot be removed
        await bob.ok("PUT", f"/vaults/{first['id']}/members/{alice.id}", {"role": "vault_manager"})
    await alice.ok("DELETE", f"/projects/{team['project']}/members/{bob.id}")

    assert await bob.refused("POST", asked, body, Idempotency_Key="once", **version) == (404, "not_found")


async def test_a_stored_answer_is_not_repeated_if_the_role_no_longer_allows_the_request(alice, bob, team):
    path, body = f"/vaults/{team['vault']}/entries", {"name": "Second", "secret": "two"}
    await bob.ok("POST", path, body, Idempotency_Key="once")
    await alice.ok("PUT", f"/vaults/{team['vault']}/members/{bob.id}", {"role": "viewer"})

    assert await bob.refused("POST", path, body, Idempotency_Key="once") == (403, "forbidden")


async def test_a_stored_project_is_not_repeated_to_its_creator_who_has_left_it(make_person, alice, bob):
    mia = await make_person("mia", "manager")
    project = await mia.ok("POST", "/projects", {"name": "Handed over"}, Idempotency_Key="once")
    await mia.ok("PUT", f"/projects/{project['id']}/members/{alice.id}", {"role": "owner"})
    await mia.ok("DELETE", f"/projects/{project['id']}/members/{mia.id}")

    assert await mia.refused("POST", "/projects", {"name": "Handed over"}, Idempotency_Key="once") == (404, "not_found")


async def test_a_stored_upload_is_not_repeated_if_the_role_no_longer_allows_it(alice, bob, team):
    async def send():
        form = FormData()
        form.add_field("file", b"id,amount\nA,1\n", filename="a.csv")
        url, headers = f"/api/v1/projects/{team['project']}/sources", {"Authorization": f"Bearer {bob.token}"}
        async with bob.session.post(url, data=form, headers=headers | {"Idempotency-Key": "once"}) as response:
            return response.status

    assert [await send(), await send()] == [202, 202]
    await alice.ok("PUT", f"/projects/{team['project']}/members/{bob.id}", {"role": "viewer"})
    assert await send() == 403
