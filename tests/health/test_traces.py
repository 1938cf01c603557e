"""What is recorded about requests: never a secret, always their id, in metrics whose series do not grow."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import ClientSession, FormData

from tests.auth.follower import Follower, refusal_of
from tests.conftest import PASSWORD, Person
from tests.health.conftest import EMAIL, House
from tests.health.test_away import _Server, until_ready

pytestmark = pytest.mark.acceptance

SECRET = "SENTINEL-s3cret-of-an-entry"
NOTES = "SENTINEL-notes-of-an-entry"
GUESS = "SENTINEL-wrong-password"


async def test_no_secret_is_logged_at_any_level(house: House, web: ClientSession, manager: Person) -> None:
    await until_ready(web)
    project = (await manager.ok("POST", "/projects", {"name": "Quiet"}))["id"]
    vault = (await manager.ok("POST", f"/projects/{project}/vaults", {"name": "V"}))["id"]
    entry = await manager.ok("POST", f"/vaults/{vault}/entries", {"name": "E", "secret": SECRET, "notes": NOTES})
    revealed = await manager.ok("POST", f"/entries/{entry['id']}/reveal", {"fields": ["secret", "notes"]})
    follower = await Follower.of(_Server(house), manager.token, f"vault:{vault}", f"user:{manager.id}")
    await follower.call("auth.refresh", {"token": manager.token})
    await follower.call("subscribe", {"stream": SECRET, "after": GUESS})
    await follower.call(SECRET, {"token": manager.token})
    await follower.leave()
    await refusal_of(_Server(house), manager.token + "x")
    for path, body in (
        ("/api/v1/auth/login", {"email": EMAIL, "password": GUESS}),
        ("/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD, GUESS: GUESS}),
        ("/api/v1/auth/refresh", {"refresh_token": manager.refresh_token + "x"}),
        ("/api/v1/auth/refresh", {"refresh_token": [GUESS]}),
        (f"/api/v1/vaults/{vault}/entries", {"name": "E", "secret": SECRET, "expires_at": NOTES}),
        (f"/api/v1/vaults/{vault}/entries", {"name": "E\u0000", "secret": SECRET}),
        (
            "/api/logs",
            {"logs": [{"level": "error", "message": f"Bearer {manager.token}", "metadata": {"secret": SECRET}}]},
        ),
        (f"/api/v1/projects?token={manager.token}&secret={SECRET}", {"name": "Q"}),
        (f"/no/such/path?password={GUESS}", {}),
    ):
        headers = {"Authorization": f"Bearer {manager.token}", "X-Client": "api"}
        async with web.post(path, json=body, headers=headers) as response:
            await response.read()
            assert response.status < 500
    async with web.post("/api/v1/auth/login", data='{"password": "' + GUESS, headers={"X-Client": "api"}) as response:
        assert response.status < 500
    async with web.post(
        "/api/v1/auth/refresh", json={"refresh_token": manager.refresh_token}, headers={"X-Client": "api"}
    ) as response:
        newer = await response.json()
        assert response.status == 200

    written = house.log.read_text()

    assert revealed["fields"] == {"secret": SECRET, "notes": NOTES}
    assert '"path":"/api/v1/auth/login"' in written
    for secret in (
        PASSWORD,
        GUESS,
        SECRET,
        NOTES,
        manager.token,
        manager.token.split(".")[2],
        manager.refresh_token,
        manager.refresh_token.split(".")[2],
        newer["access_token"],
        newer["refresh_token"],
    ):
        assert secret not in written


async def test_the_request_id_reaches_the_log_the_job_and_the_event(
    house: House, web: ClientSession, manager: Person
) -> None:
    await until_ready(web)
    request_id = f"upload-{uuid4()}"
    project = (await manager.ok("POST", "/projects", {"name": "Traced"}))["id"]
    follower = await Follower.of(_Server(house), manager.token, f"project:{project}")
    form = FormData()
    form.add_field("name", "rows")
    form.add_field("file", b"date,amount,reference\n2026-01-02,5.00,A\n2026-01-13,7.00,B\n", filename="rows.csv")
    headers = {"Authorization": f"Bearer {manager.token}", "X-Request-ID": request_id}

    async with web.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
        assert response.headers["X-Request-ID"] == request_id
    created = await follower.heard("source.created")
    loaded = await follower.heard("source.ready", 30)
    await follower.leave()
    lines = [json.loads(line) for line in house.log.read_text().splitlines() if line.startswith("{")]
    mine = [line for line in lines if line.get("request_id") == request_id]

    assert created["request_id"] == loaded["request_id"] == request_id
    assert {"web"} <= {line["process"] for line in mine}
    async with web.get("/api/v1/projects/x", headers={"X-Request-ID": "short"}) as response:
        body = await response.json()
        assert body["request_id"] == response.headers["X-Request-ID"] != "short"


async def test_the_series_of_the_metrics_do_not_grow_with_requests(web: ClientSession, manager: Person) -> None:
    await until_ready(web)

    async def series() -> tuple[set[str], str]:
        async with web.get("/metrics") as response:
            text = await response.text()
            kind = response.headers["Content-Type"]
        return {line.rsplit(" ", 1)[0] for line in text.splitlines() if line.startswith("tallyroom_")}, kind

    async def wander() -> None:
        headers: dict[str, Any] = {"Authorization": f"Bearer {manager.token}"}
        for _ in range(15):
            for path in (f"/{uuid4()}", f"/api/v1/{uuid4()}", f"/api/v1/projects/{uuid4()}", f"/socket.io/{uuid4()}"):
                async with web.get(path, headers=headers):
                    pass
            for method in ("PROPFIND", "PURGE", f"X{uuid4().hex[:5].upper()}"):
                async with web.request(method, "/api/v1/projects", headers=headers):
                    pass

    await series()
    await wander()
    first, kind = await series()
    await wander()
    second, _ = await series()

    assert kind.startswith("text/plain; version=")
    assert {name for name in first if name.startswith("tallyroom_http_request_seconds_count")}
    assert second == first
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-|@", "".join(second))
