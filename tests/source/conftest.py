"""Uploads to a real server and waits for a real worker."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import FormData

from tests.conftest import Commits

Upload = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]
Loaded = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def upload(alice: Any, project: str) -> Upload:
    """Uploads a file. Returns: status and JSON."""

    async def send(body: bytes, filename: str = "a.csv", **fields: Any) -> tuple[int, dict[str, Any]]:
        person, to = fields.pop("person", alice), fields.pop("to", project)
        headers = {"Authorization": f"Bearer {person.token}", **fields.pop("headers", {})}
        form = FormData()
        for name, value in fields.items():
            form.add_field(name, json.dumps(value) if isinstance(value, dict) else value)
        form.add_field("file", body, filename=filename)
        async with person.session.post(f"/api/v1/projects/{to}/sources", data=form, headers=headers) as response:
            return response.status, await response.json()

    return send


@pytest.fixture
def settled(alice: Any, commits: Commits) -> Loaded:
    """Waits until loading has ended, with whatever result."""

    async def wait(source_id: str, seconds: float = 100, of: Any = alice) -> dict[str, Any]:
        source: dict[str, Any] = await commits.until(
            lambda: of.ok("GET", f"/sources/{source_id}"),
            lambda found: found["status"] not in ("pending", "loading"),
            seconds,
        )
        return source

    return wait


@pytest.fixture
def load(upload: Upload, settled: Loaded, worker: Any) -> Loaded:
    """Uploads a file and waits until the worker has finished."""

    async def send(body: bytes | str, filename: str = "a.csv", **fields: Any) -> dict[str, Any]:
        raw = body.encode() if isinstance(body, str) else body
        status, source = await upload(raw, filename, **fields)
        assert status == 202, source
        return await settled(source["id"])

    return send


@pytest.fixture
def stored(alice: Any) -> Any:
    """All records and all rejects of a source, read page by page. The counts cover every row of the file."""

    async def read(source: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        found = []
        for noun in ("records", "rejects", "left-out"):
            items, path = [], f"/sources/{source['id']}/{noun}?limit=500"
            cursor = ""
            while True:
                page = await alice.ok("GET", path + cursor)
                items += page["items"]
                if page["next_cursor"] is None:
                    break
                cursor = f"&cursor={page['next_cursor']}"
            found.append(items)
        assert source["rows"] == {
            "read": len(found[0]) + len(found[1]) + len(found[2]),
            "loaded": len(found[0]),
            "rejected": len(found[1]),
            "left_out": len(found[2]),
        }
        assert sum(source["left_out"].values()) == len(found[2])
        return found[0], found[1]

    return read
