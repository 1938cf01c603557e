"""Links with which a browser fetches an export: they work once, for a minute, as long as the session lasts."""

import json
from datetime import timedelta

import pytest

from server.auth import tickets
from tests.auth.programs import program_of
from tests.export.conftest import rows_of


@pytest.fixture
async def path(make_job):
    """The path of an export."""
    job = await make_job([{"id": "a"}], [{"id": "b"}])
    await job.write(0, ([0], [0], "confirmed"))
    return f"/api/v1/jobs/{job.id}/export?format=csv&status=confirmed"


async def fetched(http, link):
    async with http.get(link) as response:
        return response.status, await response.read()


async def test_a_link_answers_with_the_export_once(alice, http, path, export):
    made = await alice.ok("POST", "/downloads", {"path": path})

    status, body = await fetched(http, made["url"])
    again, problem = await fetched(http, made["url"])

    assert made["expires_in"] == 60
    assert (status, len(rows_of(body))) == (200, 2)
    assert body == await export(path.split("/")[4], "?status=confirmed")
    assert (again, json.loads(problem)["code"]) == (410, "gone")


async def test_the_download_is_audited_as_an_export_of_the_person(alice, http, path, project):
    made = await alice.ok("POST", "/downloads", {"path": path})
    await fetched(http, made["url"])

    rows = (await alice.ok("GET", f"/projects/{project}/audit"))["items"]
    assert [row["actor"]["id"] for row in rows if row["action"] == "job.export"] == [str(alice.id)]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/api/v1/users", "https://evil.test/api/v1/jobs/a/export", "//evil.test/api/v1/jobs/a/export"),
        *("/api/v1/jobs/{job}/export?format=pdf", "/api/v1/jobs/{job}/export?format=csv&format=csv"),
        *(
            "/api/v1/jobs/{job}/export#x",
            "/api/v1/jobs/{job}/export?limit=5",
            "/api/v1/jobs/../users/export?",
            "x" * 3000,
        ),
        *("/api/v1/jobs/{job}/export?status=%ff", "/api/v1/jobs/{job}/../{job}/export", "/api/v1/jobs/{job}/matches"),
    ],
)
async def test_a_link_is_for_an_export_and_nothing_else(alice, path):
    job = "01a2268b-df8a-7000-8000-0bd8c37c1cf3"
    async with await alice.send("POST", "/downloads", {"path": path.format(job=job)}) as response:
        problem = await response.json()

    assert (response.status, problem["errors"][0]["pointer"]) == (422, "/path")


async def test_a_stranger_gets_no_link_and_cannot_tell_that_the_job_exists(charlie, path):
    job = path.split("/")[4]
    other = path.replace(job, "01a2268b-df8a-7000-8000-0bd8c37c1cf3")

    real = await charlie.refused("POST", "/downloads", {"path": path})

    assert real == await charlie.refused("POST", "/downloads", {"path": other}) == (404, "not_found")
    assert real == await charlie.refused("POST", "/downloads", {"path": path.replace(job, "malformed")})


async def test_a_program_gets_no_link(alice, path):
    program = await program_of(alice, "read")

    assert (await program.refused("POST", "/downloads", {"path": path}))[0] == 403


async def test_a_link_ends_with_the_right_to_the_export(alice, bob, project, http, path):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    made = await bob.ok("POST", "/downloads", {"path": path})
    await alice.ok("DELETE", f"/projects/{project}/members/{bob.id}")

    assert (await fetched(http, made["url"]))[0] == 404


async def test_a_link_ends_with_the_session(bob, alice, project, http, path):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    made = await bob.ok("POST", "/downloads", {"path": path})
    [session] = (await bob.ok("GET", "/auth/sessions"))["items"]
    await bob.ok("DELETE", f"/auth/sessions/{session['id']}")

    assert (await fetched(http, made["url"]))[0] == 410


async def test_a_link_ends_after_a_minute(alice, http, path, monkeypatch):
    monkeypatch.setattr(tickets, "LIFE", timedelta(seconds=-10))
    made = await alice.ok("POST", "/downloads", {"path": path})

    assert (await fetched(http, made["url"]))[0] == 410


async def test_a_ticket_is_no_access_token_and_an_access_token_is_no_ticket(alice, http, path):
    made = await alice.ok("POST", "/downloads", {"path": path})
    ticket = made["url"].partition("ticket=")[2]

    async with http.get(path, headers={"Authorization": f"Bearer {ticket}"}) as response:
        assert (response.status, (await response.json())["code"]) == (401, "token_invalid")
    assert (await fetched(http, f"/api/v1/downloads?ticket={alice.token}"))[0] == 410
    assert (await fetched(http, f"/api/v1/downloads?ticket={ticket[:-4]}aaaa"))[0] == 410
    assert (await fetched(http, f"/api/v1/downloads?ticket={ticket}"))[0] == 200


async def test_a_ticket_is_neither_stored_nor_logged(alice, http, path, db, capsys):
    made = await alice.ok("POST", "/downloads", {"path": path})
    ticket = made["url"].partition("ticket=")[2]
    assert (await fetched(http, made["url"]))[0] == 200
    assert (await fetched(http, made["url"]))[0] == 410

    secret = ticket.rsplit(".", 1)[1]
    for table in ("idempotency_keys", "audit_log", "refusals", "log_entries", "events"):
        assert not await db.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%' || $1 || '%'", secret)
    shown = capsys.readouterr()
    assert secret not in shown.out + shown.err
