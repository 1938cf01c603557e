"""Numbers and times that cannot be stored are refused as invalid input, and a version that no row has is stale."""

import pytest

from tests.conftest import Person

BEYOND = "9999-12-31T23:59:59-01:00"


async def test_times_beyond_the_year_9999_are_refused_and_the_last_second_is_not(
    admin: Person, alice: Person, bob: Person, project: str
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    member, role = f"/projects/{project}/members/{bob.id}", {"role": "viewer"}
    await alice.ok("PUT", member, role)

    for person, method, path, body in (
        (alice, "PUT", member, {**role, "expires_at": BEYOND}),
        (alice, "PUT", f"/vaults/{vault}/members/{bob.id}", {**role, "expires_at": BEYOND}),
        (alice, "POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s", "expires_at": BEYOND}),
        (admin, "PATCH", f"/users/{bob.id}", {"password_expires_at": BEYOND}),
        (admin, "GET", f"/audit?since={BEYOND}", None),
        (admin, "GET", f"/logs?until={BEYOND}", None),
        (admin, "GET", "/logs?until=1774958400", None),
        (alice, "POST", "/logs", {"logs": [{"level": "info", "message": "m", "timestamp": BEYOND}]}),
    ):
        assert await person.refused(method, path, body) == (422, "invalid_field"), (method, path)
    for last in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59+14:00"):
        await alice.ok("PUT", member, {**role, "expires_at": last})
        await alice.ok("PUT", f"/vaults/{vault}/members/{bob.id}", {**role, "expires_at": last})
    assert (await bob.ok("GET", f"/vaults/{vault}"))["my_role"] == "viewer"


@pytest.mark.parametrize("end", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z"])
async def test_the_first_and_the_last_moment_can_be_stored_and_are_read_back(
    admin: Person, alice: Person, bob: Person, project: str, end: str
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    entry = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"})
    path = f"/entries/{entry['id']}"
    if end.startswith("9999"):
        await alice.ok("PATCH", path, {"expires_at": end}, if_match=1)
        for found in (await alice.ok("GET", path), (await alice.ok("GET", f"/vaults/{vault}/entries"))["items"][0]):
            assert found["expires_at"][:16] == end[:16]
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer", "expires_at": end})
    async with await bob.send("GET", f"/streams/project:{project}/events?after=0") as response:
        assert response.status == (200 if end.startswith("9999") else 404)
    await admin.ok("PATCH", f"/users/{bob.id}", {"password_expires_at": end}, if_match=1)
    await alice.ok("POST", "/logs", {"logs": [{"level": "info", "message": "m", "timestamp": end}]})

    members = (await alice.ok("GET", f"/projects/{project}/members"))["items"]
    assert end[:16] in {str(member["expires_at"])[:16] for member in members}
    assert (await admin.ok("GET", f"/users/{bob.id}"))["password_expires_at"][:16] == end[:16]
    await admin.ok("GET", f"/logs?since={end}")


@pytest.mark.parametrize("number", ["18446744073709551616", "2147483648", "9223372036854775808", "1e3", "-1"])
async def test_numbers_that_no_row_can_have_are_refused(alice: Person, project: str, number: str) -> None:
    job = "01890000-0000-7000-8000-000000000000"
    for path in (f"/jobs/{job}/matches?chunk={number}", f"/plans/{job}?version={number}", f"/projects?skip={number}"):
        assert await alice.refused("GET", path) == (422, "invalid_field"), path


@pytest.mark.parametrize("version", ["2", "2147483647", "2147483648", "9999999999", "9" * 30, "9" * 64])
async def test_a_version_of_any_length_is_stale(alice: Person, project: str, version: str) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]

    for method, path, body in (
        ("PATCH", f"/vaults/{vault}", {"name": "w"}),
        ("DELETE", f"/vaults/{vault}", None),
        ("PATCH", f"/projects/{project}", {"name": "w"}),
    ):
        sent = {"If_Match": f'"{version}"'}
        assert await alice.refused(method, path, body, **sent) == (409, "version_conflict"), path


@pytest.mark.parametrize("version", ['"0"', "*", '"abc"', '"-1"', "1", '"01"', '"' + "9" * 65 + '"'])
async def test_anything_but_a_version_is_malformed(alice: Person, project: str, version: str) -> None:
    refused = await alice.refused("PATCH", f"/projects/{project}", {"name": "w"}, If_Match=version)

    assert refused == (422, "invalid_field")
