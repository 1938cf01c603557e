"""Projects over HTTP."""

import json
from pathlib import Path
from uuid import uuid4

LIMITS = Path(__file__).resolve().parents[2] / "docs" / "limits.md"


async def test_who_makes_a_project_owns_it(alice, project):
    view = await alice.ok("GET", f"/projects/{project}")

    assert view["my_role"] == "owner"
    assert view["version"] == 1


async def test_a_user_may_not_make_a_project(bob):
    assert await bob.refused("POST", "/projects", {"name": "Mine"}) == (403, "forbidden")


async def test_stranger_cannot_tell_a_project_exists(charlie, project):
    real = await charlie.send("GET", f"/projects/{project}", X_Request_ID="same-request-id")
    none = await charlie.send("GET", f"/projects/{uuid4()}", X_Request_ID="same-request-id")

    assert real.status == none.status == 404
    assert await real.read() == await none.read()


async def test_stale_version_is_refused_with_who_and_which_fields(alice, project):
    await alice.ok("PATCH", f"/projects/{project}", {"name": "April"}, if_match=1)

    response = await alice.send("PATCH", f"/projects/{project}", {"name": "May"}, if_match=1)
    problem = await response.json()

    assert (response.status, problem["code"]) == (409, "version_conflict")
    assert problem["current_version"] == 2
    assert problem["changed_fields"] == ["name"]
    assert (problem["changed_by"], problem["changed_by_name"]) == (str(alice.id), "Alice")
    assert problem["detail"] == "Alice has changed this meanwhile. Load it again, then decide."


async def test_same_key_and_body_get_the_stored_answer(alice, db):
    first = await alice.send("POST", "/projects", {"name": "Once"}, Idempotency_Key="k1")
    again = await alice.send("POST", "/projects", {"name": "Once"}, Idempotency_Key="k1")
    other = await alice.refused("POST", "/projects", {"name": "Twice"}, Idempotency_Key="k1")

    assert await first.read() == await again.read()
    assert first.headers["ETag"] == again.headers["ETag"]
    assert other == (422, "idempotency_mismatch")
    assert await db.fetchval("SELECT count(*) FROM projects") == 1


async def test_stream_position_is_that_of_the_body(alice, bob, project, db):
    await alice.ok("POST", f"/projects/{project}/members", {"email": bob.email, "role": "analyst"})

    response = await alice.send("GET", f"/projects/{project}/members")

    head, epoch = await db.fetchrow("SELECT head, epoch FROM streams WHERE name = $1", f"project:{project}")
    assert response.headers["Stream-Position"] == str(head) == "1"
    assert response.headers["Stream-Epoch"] == epoch
    assert {m["display_name"] for m in (await response.json())["items"]} == {"Alice", "Bob"}


async def test_the_last_owner_stays(alice, project):
    assert await alice.refused("DELETE", f"/projects/{project}/members/{alice.id}") == (409, "last_manager")


async def test_every_fault_of_a_body_is_named_without_its_value(alice):
    response = await alice.send("POST", "/projects", {"nmae": "x", "description": 5, "timezone": "Mars/Olympus"})
    problem = await response.json()

    assert response.status == 422
    assert {(f["pointer"], f["code"]) for f in problem["errors"]} == {
        ("/name", "missing_field"),
        ("/nmae", "unknown_field"),
        ("/description", "invalid_field"),
        ("/timezone", "invalid_field"),
    }
    assert "Olympus" not in await response.text()


async def test_pages_walk_forth_and_back(alice):
    for number in range(7):
        await alice.ok("POST", "/projects", {"name": f"P{number}"})

    first = await alice.ok("GET", "/projects?sort=name&limit=3")
    second = await alice.ok("GET", f"/projects?sort=name&limit=3&cursor={first['next_cursor']}")
    back = await alice.ok("GET", f"/projects?sort=name&limit=3&cursor={second['prev_cursor']}")

    assert [p["name"] for p in second["items"]] == ["P3", "P4", "P5"]
    assert back["items"] == first["items"]
    assert first["total"] == 7
    assert first["prev_cursor"] is None


async def test_a_cursor_belongs_to_its_sort(alice, project):
    page = await alice.ok("GET", "/projects?limit=1")
    await alice.ok("POST", "/projects", {"name": "Two"})
    page = await alice.ok("GET", "/projects?limit=1")

    refused = await alice.refused("GET", f"/projects?limit=1&sort=name&cursor={page['next_cursor']}")

    assert refused == (422, "invalid_cursor")


async def test_what_the_guide_to_limits_sends_is_kept(alice, project):
    guide = LIMITS.read_text()
    body = json.loads(guide.split("```json")[1].split("```")[0])

    view = await alice.ok("PATCH", f"/projects/{project}", body)

    wanted = {**body, "reason_codes": [{"account": None, **reason} for reason in body["reason_codes"]]}
    assert {name: view[name] for name in body} == wanted
    assert all(f"| `{name}` |" in guide for name in body)
